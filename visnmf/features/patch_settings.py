"""What a PatchEncoder is given, checked: sizes, grids, pictures no smaller than a patch."""

from __future__ import annotations

from typing import Any

import numpy as np

from visnmf.errors import InvalidInputError
from visnmf.images.pictures import Pictures

__all__ = ["checked_levels", "checked_patch_size", "count_cells", "refuse_small"]


def checked_patch_size(patch_size: Any) -> tuple[int, int]:
    """Return the size of a patch as (height, width)."""
    size = np.asarray(patch_size)
    if size.shape not in {(), (2,)} or size.dtype.kind not in "iu" or size.min() < 1:
        raise InvalidInputError(
            f"patch_size must be a whole number of pixels or (height, width), got {patch_size!r}"
        )
    height, width = np.broadcast_to(size, 2).tolist()
    return height, width


def checked_levels(grid: Any) -> tuple[int, ...]:
    """Return how many cells there are to a side, at each level."""
    levels = np.atleast_1d(np.asarray(grid))
    whole = levels.ndim == 1 and levels.size and levels.dtype.kind in "iu"
    if not whole or levels.min() < 1:
        raise InvalidInputError(
            f"grid must be a whole number or several, such as (1, 2, 4); got {grid!r}"
        )
    return tuple(levels.tolist())


def count_cells(levels: tuple[int, ...]) -> int:
    """Return how many cells there are at all levels."""
    return sum(level * level for level in levels)


def refuse_small(pictures: Pictures, size: tuple[int, int]) -> None:
    """Refuse pictures smaller than a patch."""
    small = [
        f"{name} ({h} x {w})"
        for name, (h, w) in zip(pictures.names, pictures.sizes, strict=True)
        if h < size[0] or w < size[1]
    ]
    if small:
        more = f" and {len(small) - 3} more" if len(small) > 3 else ""
        raise InvalidInputError(
            f"{len(small)} picture(s) are smaller than a patch of {size[0]} x {size[1]} pixels: "
            f"{', '.join(small[:3])}{more}; leave them out, or take a smaller patch_size"
        )
