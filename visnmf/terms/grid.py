"""Where the pixels of a picture lie in a column of V."""

from __future__ import annotations

from typing import Any

import numpy as np

from visnmf.errors import InvalidInputError

__all__ = ["kept_values"]


def kept_values(shape: Any, mask: Any) -> np.ndarray:
    """Return which values of a picture a column holds, as bool (height, width, channels).

    Parameters
    ----------
    shape : tuple of int
        (height, width) or (height, width, channels).
    mask : array of bool (height, width), or None
        True where a pixel is kept in V.
    """
    sizes = tuple(shape) if isinstance(shape, tuple | list) else ()
    whole = all(isinstance(size, int | np.integer) and size > 0 for size in sizes)
    if len(sizes) not in (2, 3) or not whole:
        raise InvalidInputError(
            "the shape of a picture must be (height, width) or (height, width, channels), "
            f"not {shape!r}"
        )
    height, width, channels = (*sizes, 1)[:3]
    keep = np.ones((height, width), bool) if mask is None else np.asarray(mask)
    if keep.shape != (height, width) or keep.dtype != bool or not keep.any():
        raise InvalidInputError(
            f"the mask must hold bools, one a pixel, some of them True: of shape "
            f"{(height, width)}, not {keep.dtype} of shape {keep.shape}"
        )
    return np.repeat(keep[:, :, None], channels, axis=2)
