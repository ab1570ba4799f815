"""Which pixels of pictures are known: masks in whatever form a user has them, as columns."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from visnmf.errors import InvalidInputError
from visnmf.images.imageset import ImageSet
from visnmf.images.layout import ImageLayout
from visnmf.images.lazy import LazyImages
from visnmf.model.columns import Images, column_blocks

__all__ = ["known_blocks", "known_columns"]


def known_blocks(
    images: Images, observed: Any, layout: ImageLayout
) -> Iterator[tuple[np.ndarray, np.ndarray | None]]:
    """Yield the columns of pictures and what is known of them, block after block.

    Parameters
    ----------
    images, layout
        As of `visnmf.model.columns.column_blocks`.
    observed : ImageSet or array_like of bool, optional
        As of `known_columns`; None says that all is known.

    Raises
    ------
    InvalidInputError
        Pictures do not fit the layout, or masks do not fit the pictures.
    """
    known, start = None, 0
    for V in column_blocks(images, layout):
        if observed is None:
            yield V, None
            continue
        if known is None:  # the pictures are checked by now
            known = known_columns(observed, _count(images, layout), layout)
        yield V, known[:, start : start + V.shape[1]]
        start += V.shape[1]


def known_columns(observed: Any, n: int, layout: ImageLayout) -> np.ndarray:
    """Return which values of each column are known.

    Parameters
    ----------
    observed : ImageSet or array_like of bool
        True where a pixel is known: one mask (h, w) for all pictures, one each (n, h, w) or
        (n, h, w, c), or columns (m, n). Of an ImageSet, what is brighter than half.
    n : int
        How many pictures there are.
    layout : ImageLayout
        Of the pictures.

    Returns
    -------
    ndarray of bool, shape (m, n)
        Not to be written to: all columns may be one.

    Raises
    ------
    InvalidInputError
        The masks are no booleans, have another shape, or leave nothing of a picture.
    """
    size = (layout.height, layout.width)
    if isinstance(observed, ImageSet):
        # Dark pixels of a mask are hidden ones, whether its own layout leaves them out or not
        bright = observed.to_images() > 0.5
        if bright.ndim == 4 and layout.channels == 1:
            bright = np.all(bright, axis=-1, keepdims=True)[..., 0]
        observed = bright[0] if len(bright) == 1 else bright
    masks = _booleans(observed)
    alike = masks.shape in {size, layout.shape}
    if alike:
        columns = _flat(masks[None], layout)
    elif masks.shape in {(n, *size), (n, *layout.shape)}:
        columns = _flat(masks, layout)
    elif masks.shape == (layout.m, n):
        columns = masks
    else:
        raise InvalidInputError(
            f"observed has shape {masks.shape}; {n} pictures {layout.height} x {layout.width} need "
            f"one mask {size} for all, one each {(n, *size)}, or columns {(layout.m, n)}"
        )
    blind = np.flatnonzero(~columns.any(axis=0))
    if len(blind):
        more = f" and {len(blind) - 1} more" if len(blind) > 1 else ""
        which = "any picture" if alike else f"picture {blind[0]}{more}"
        raise InvalidInputError(
            f"observed leaves nothing of {which}; True marks the pixels that are known"
        )
    return np.broadcast_to(columns, (layout.m, n))


def _booleans(observed: Any) -> np.ndarray:
    """Return masks as an array, if they are booleans."""
    try:
        masks = np.asarray(observed)
    except ValueError as error:
        raise InvalidInputError(f"observed is no array of booleans: {error}") from error
    if masks.dtype != bool:
        raise InvalidInputError(
            f"observed must hold booleans, True where a pixel is known, but its dtype is "
            f"{masks.dtype}; of a picture that is white there, give picture > 127"
        )
    return masks


def _flat(masks: np.ndarray, layout: ImageLayout) -> np.ndarray:
    """Return masks as columns; one of pixels holds for all their channels."""
    if layout.channels > 1 and masks.ndim == 3:
        masks = np.broadcast_to(masks[..., None], (*masks.shape, layout.channels))
    return layout.to_columns(masks)


def _count(images: Images, layout: ImageLayout) -> int:
    """Return how many pictures there are, once they are known to fit."""
    if isinstance(images, ImageSet | LazyImages):
        return len(images)
    shape = np.shape(images)
    return shape[1] if len(shape) == 2 and shape[0] == layout.m else shape[0]
