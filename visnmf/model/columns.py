"""Whatever a user calls pictures, as columns that fit a model's layout."""

from __future__ import annotations

from collections.abc import Iterator
from typing import NoReturn

import numpy as np

from visnmf.errors import InvalidInputError
from visnmf.images.imageset import ImageSet
from visnmf.images.layout import ImageLayout
from visnmf.images.lazy import LazyImages
from visnmf.matrices.chunked import read_ahead

__all__ = ["Images", "column_blocks", "column_errors"]

Images = ImageSet | LazyImages | np.ndarray
"""Whatever a user calls pictures."""

_BLOCK_VALUES = 2**24  # a block is about 64 MB of float32


def column_blocks(images: Images, layout: ImageLayout) -> Iterator[np.ndarray]:
    """Yield the columns of pictures, block after block, each (m, some of n) float32.

    Parameters
    ----------
    images : ImageSet, LazyImages or ndarray
        A set, in memory or not; a stack of picture arrays (n, h, w[, c]), or columns (m, n).
    layout : ImageLayout
        What they must fit.

    Raises
    ------
    InvalidInputError
        They do not fit; the message says what differs and what to do.
    """
    if isinstance(images, ImageSet | LazyImages):
        _check_geometry(images.layout, layout)
        if isinstance(images, ImageSet):
            yield from _blocks_of_columns(images.V, layout)
        else:
            yield from _blocks_read(images)
        return
    array = np.asarray(images)
    if array.dtype.kind not in "fiub":
        raise InvalidInputError(f"pictures must hold real numbers; got dtype {array.dtype}")
    if array.ndim == 2 and array.shape[0] == layout.m:
        yield from _blocks_of_columns(array, layout)
    elif array.ndim > 2 and array.shape[1:] == layout.shape:
        for block in _slices(len(array), layout.m):
            yield layout.to_columns(_as_floats(array[block], layout))
    else:
        _refuse_shape(array.shape, layout)


def column_errors(
    V: np.ndarray, rebuilt: np.ndarray, known: np.ndarray | None = None
) -> np.ndarray:
    """Return ``||v - r|| / ||v||`` of each column v and what was rebuilt of it, 0 where v is 0.

    Parameters
    ----------
    V, rebuilt : ndarray, shape (m, n)
        Columns, and the same columns rebuilt.
    known : ndarray of bool, shape (m, n), optional
        The entries that count; all of them by default.

    Returns
    -------
    ndarray, shape (n,), float64
    """
    if known is not None:
        V, rebuilt = (np.where(known, X, 0) for X in (V, rebuilt))
    rest = np.linalg.norm(V - rebuilt, axis=0).astype(np.float64)
    whole = np.linalg.norm(V, axis=0).astype(np.float64)
    return np.divide(rest, whole, out=np.zeros_like(rest), where=whole > 0)


def _blocks_of_columns(V: np.ndarray, layout: ImageLayout) -> Iterator[np.ndarray]:
    """Yield float32 blocks of V."""
    for block in _slices(V.shape[1], layout.m):
        yield np.asarray(V[:, block], dtype=np.float32)


def _blocks_read(images: LazyImages) -> Iterator[np.ndarray]:
    """Yield columns as they are read, the next ones meanwhile."""

    def read(block: tuple[int, int]) -> np.ndarray:
        return images.columns.read(*block)

    for _, values in read_ahead(images.ranges(None), read):
        yield values


def _as_floats(pictures: np.ndarray, layout: ImageLayout) -> np.ndarray:
    """Map pictures of original whole numbers to [0, 1]; floats are there already."""
    if pictures.dtype.kind == "f":
        return pictures.astype(np.float32, copy=False)
    if np.dtype(layout.dtype).kind == "f":
        raise InvalidInputError(
            f"pictures are {pictures.dtype}, the model's were {layout.dtype}, so that their range "
            "is not known; give floats in [0, 1]"
        )
    return layout.from_original(pictures)


def _check_geometry(given: ImageLayout, layout: ImageLayout) -> None:
    """Refuse an ImageSet whose columns mean other pixels than the model's."""
    if given.channels != layout.channels:
        mode = {1: "gray", 3: "rgb"}.get(layout.channels, "keep")
        raise InvalidInputError(
            f"the pictures have {_channels(given)}, the model's parts {_channels(layout)}; "
            f'load them alike, as in load_images(..., mode="{mode}")'
        )
    if (given.height, given.width) != (layout.height, layout.width):
        raise InvalidInputError(
            f"the pictures are {given.height} x {given.width} pixels, the model's parts "
            f"{layout.height} x {layout.width}; load them in that size: "
            f"load_images(..., size=({layout.height}, {layout.width}))"
        )
    if not _same_mask(given.mask, layout.mask):
        raise InvalidInputError(
            "the pictures and the model keep other pixels: "
            "load them with the mask of the model: load_images(..., mask=model.layout.mask)"
        )


def _same_mask(a: np.ndarray | None, b: np.ndarray | None) -> bool:
    """Tell whether two masks keep the same pixels; None keeps all."""
    if a is None or b is None:
        return all(mask is None or mask.all() for mask in (a, b))
    return bool(np.array_equal(a, b))


def _channels(layout: ImageLayout) -> str:
    return "1 channel (gray)" if layout.channels == 1 else f"{layout.channels} channels"


def _refuse_shape(shape: tuple[int, ...], layout: ImageLayout) -> NoReturn:
    """Say what shape of array would fit."""
    stack = f"(n, {', '.join(map(str, layout.shape))})"
    hint = "; for a single picture give picture[None]" if shape == layout.shape else ""
    raise InvalidInputError(
        f"an array of shape {shape} does not fit the model: it needs pictures of shape {stack} "
        f"or columns V of shape ({layout.m}, n){hint}"
    )


def _slices(n: int, m: int) -> Iterator[slice]:
    """Cut n pictures into blocks; no picture at all is one empty block."""
    width = max(64, _BLOCK_VALUES // m)
    for start in range(0, max(n, 1), width):
        yield slice(start, start + width)
