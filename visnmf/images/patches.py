"""Patches: small pictures cut out of pictures, and pictures put together from patches."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from visnmf.arguments import check_generator, check_instance, check_integer
from visnmf.errors import InvalidInputError
from visnmf.images.imageset import ImageSet
from visnmf.images.layout import ImageLayout

__all__ = ["extract_patches", "merge_patches", "starts"]


def extract_patches(
    images: ImageSet,
    size: tuple[int, int],
    *,
    stride: int | tuple[int, int] | None = None,
    count: int | None = None,
    seed: int = 0,
) -> ImageSet:
    """Cut pictures into patches, each a column.

    Parameters
    ----------
    images : ImageSet
        Pixels outside a mask count as 0.
    size : (height, width)
        Of a patch. HEIGHT FIRST.
    stride : int or (down, right), optional
        Pixels from one patch to the next; by default `size`, without overlap. The last
        patch of a row or column is moved back to end at the edge, so that all is covered.
    count : int, optional
        Take so many patches at random places instead, of any picture, repetition possible.
    seed : int
        The same seed gives the same places.

    Returns
    -------
    patches : ImageSet
        Its V (m, number of patches) and layout; picture after picture, row after row, if
        not at random. Named "picture[row,column]" of the upper left pixel; labels go along.

    Raises
    ------
    InvalidInputError
        If patches are larger than the pictures, or `stride` and `count` are both given.

    Examples
    --------
    >>> import numpy as np
    >>> layout = ImageLayout(6, 6)
    >>> images = ImageSet(np.random.default_rng(0).random((36, 2)), layout)
    >>> patches = extract_patches(images, (4, 4), stride=2)
    >>> patches.V.shape
    (16, 8)
    >>> np.allclose(merge_patches(patches, layout, stride=2).V, images.V)
    True
    """
    check_instance(
        images, "images", ImageSet, "visnmf.load_images makes one of files and of arrays"
    )
    layout = images.layout
    height, width = _pair(size, "size")
    rows, columns = _grid(layout, (height, width), stride)
    pictures = images.to_images().reshape(-1, layout.height, layout.width, layout.channels)
    windows = sliding_window_view(pictures, (height, width), axis=(1, 2))
    if count is None:
        places = np.indices((len(images), len(rows), len(columns))).reshape(3, -1)
        which, top, left = places[0], rows[places[1]], columns[places[2]]
    else:
        if stride is not None:
            raise InvalidInputError("give stride (a grid) or count (random places), not both")
        count = check_integer(count, "count", 1)
        rng = check_generator(seed)
        which, top, left = (rng.integers(end, size=count) for end in windows.shape[:3])
    cut = np.moveaxis(windows[which, top, left], 1, -1)
    patch = ImageLayout(
        height, width, layout.channels, low=layout.low, high=layout.high, dtype=layout.dtype
    )
    return ImageSet(
        patch.to_columns(cut),
        patch,
        [f"{images.names[i]}[{y},{x}]" for i, y, x in zip(which, top, left, strict=True)],
        None if images.labels is None else images.labels[which],
        source=images.source,
        preparation=[*images.preparation, {"step": "patches", "size": [height, width]}],
    )


def merge_patches(
    patches: ImageSet, layout: ImageLayout, *, stride: int | tuple[int, int] | None = None
) -> ImageSet:
    """Put patches from a grid together into pictures; where they overlap, their mean counts.

    Parameters
    ----------
    patches : ImageSet
        All patches of some pictures, in the order in which `extract_patches` gives them.
    layout : ImageLayout
        Of the pictures.
    stride : int or (down, right), optional
        As given to `extract_patches`.

    Returns
    -------
    images : ImageSet

    Raises
    ------
    InvalidInputError
        If their number or shape does not fit the pictures.
    """
    check_instance(patches, "patches", ImageSet, "visnmf.extract_patches gives one")
    check_instance(layout, "layout", ImageLayout, "that of the pictures: images.layout")
    size = (patches.layout.height, patches.layout.width)
    rows, columns = _grid(layout, size, stride)
    each = len(rows) * len(columns)
    if patches.layout.channels != layout.channels or len(patches) % each:
        raise InvalidInputError(
            f"{len(patches)} patches of {size[0]} x {size[1]} x {patches.layout.channels} do not "
            f"make pictures of {layout.height} x {layout.width} x {layout.channels}, which need "
            f"{each} each at this stride"
        )
    n = len(patches) // each
    grid = patches.to_images().reshape(n, len(rows), len(columns), *size, layout.channels)
    total = np.zeros((n, layout.height, layout.width, layout.channels))
    counts = np.zeros((layout.height, layout.width, 1))
    for i, top in enumerate(rows):
        for j, left in enumerate(columns):
            window = (slice(top, top + size[0]), slice(left, left + size[1]))
            total[:, *window] += grid[:, i, j]
            counts[window] += 1
    # A stride longer than a patch leaves gaps, which stay 0.
    merged = (total / np.maximum(counts, 1)).astype(np.float32)
    labels = None if patches.labels is None else patches.labels[::each]
    names = [name.rsplit("[", 1)[0] for name in patches.names[::each]]
    return ImageSet(layout.to_columns(merged), layout, names, labels, source=patches.source)


def _grid(
    layout: ImageLayout, size: tuple[int, int], stride: int | tuple[int, int] | None
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Return the rows and the columns at which patches start."""
    if size[0] > layout.height or size[1] > layout.width:
        raise InvalidInputError(
            f"patches of {size[0]} x {size[1]} do not fit in pictures of "
            f"{layout.height} x {layout.width}"
        )
    steps = size if stride is None else _pair(stride, "stride")
    ends = (layout.height - size[0], layout.width - size[1])
    return starts(ends[0], steps[0]), starts(ends[1], steps[1])


def starts(end: int, step: int) -> NDArray[np.intp]:
    """Return every step-th place from 0 on, and the last one, `end`."""
    return np.unique(np.append(np.arange(0, end + 1, step), end))


def _pair(value: Any, name: str) -> tuple[int, int]:
    array = np.asarray(value)
    if array.shape not in {(), (2,)} or array.dtype.kind not in "iu" or array.min() < 1:
        raise InvalidInputError(
            f"{name} must be one or two positive whole numbers, (down, right); got {value!r}"
        )
    pair = np.broadcast_to(array, 2)
    return int(pair[0]), int(pair[1])
