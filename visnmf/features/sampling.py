"""Patches sampled from pictures of any sizes: to learn parts from, not to cover pictures with."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from visnmf.arguments import check_generator, check_integer
from visnmf.errors import InvalidInputError
from visnmf.features.keypoints import gray_bytes, strongest_places, value_range
from visnmf.images.imageset import ImageSet
from visnmf.images.layout import ImageLayout
from visnmf.images.pictures import Pictures, as_pictures
from visnmf.images.settings import check_choice, checked_size

__all__ = ["sample_patches"]

Places = tuple[NDArray[np.intp], NDArray[np.intp], NDArray[np.intp]]


def sample_patches(
    pictures: Any,
    size: int | tuple[int, int],
    *,
    count: int,
    at: str = "random",
    seed: int = 0,
) -> ImageSet:
    """Cut patches out of pictures of any sizes, each a column.

    Parameters
    ----------
    pictures : Pictures, ImageSet, stack (n, h, w[, channels]) or list of arrays
        Those smaller than a patch give none.
    size : int or (height, width)
        Of a patch. HEIGHT FIRST.
    count : int
        How many patches.
    at : {"random", "keypoints"}
        "random": each place of each picture is as likely as any other, so that a large
        picture gives more patches; repetition is possible. "keypoints": patches are centered
        at what OpenCV's SIFT detects (blobs and corners), the strongest of each picture first,
        as many from each as can be; fewer than `count` where there are not so many.
    seed : int
        The same seed gives the same patches.

    Returns
    -------
    patches : ImageSet
        Its V is (height * width * channels, number of patches), in random order, float32. Named
        "picture[row,column]" of the upper left pixel; labels go along.

    Raises
    ------
    InvalidInputError
        If all pictures are smaller than a patch, no keypoint is found, or an option is
        out of range.

    Examples
    --------
    >>> import numpy as np
    >>> rng = np.random.default_rng(0)
    >>> patches = sample_patches([rng.random((20, 30)), rng.random((9, 8))], (6, 6), count=50)
    >>> patches.V.shape
    (36, 50)
    """
    given = as_pictures(pictures)
    height, width = checked_size((size, size) if isinstance(size, (int, np.integer)) else size)
    check_choice("at", at, ("random", "keypoints"))
    count = check_integer(count, "count", 1)
    places = np.array(
        [max(h - height + 1, 0) * max(w - width + 1, 0) for h, w in given.sizes], np.int64
    )
    if not places.any():
        largest = max(given.sizes, default=(0, 0), key=lambda s: s[0] * s[1])
        raise InvalidInputError(
            f"patches of {height} x {width} do not fit in any of the {len(given)} pictures, the "
            f"largest of which is {largest[0]} x {largest[1]}"
        )
    rng = check_generator(seed)
    if at == "random":
        which, top, left = _random_places(given, places, width, int(count), rng)
    else:
        which, top, left = _keypoint_places(given, (height, width), int(count), rng)
    cut = np.empty((len(which), height, width, given.channels), np.float32)
    # Plain slices: quicker than fancy indices, and no copy of all pictures is stacked.
    for target, i, y, x in zip(cut, which.tolist(), top.tolist(), left.tolist(), strict=True):
        target[:] = given.pictures[i][y : y + height, x : x + width]
    layout = ImageLayout(height, width, given.channels, low=0.0, high=255.0, dtype="uint8")
    return ImageSet(
        layout.to_columns(cut),
        layout,
        [
            f"{given.names[i]}[{y},{x}]"
            for i, y, x in zip(which.tolist(), top.tolist(), left.tolist(), strict=True)
        ],
        None if given.labels is None else given.labels[which],
        source=given.source,
        preparation=[{"step": "patches", "size": [height, width]}],
    )


def _random_places(
    pictures: Pictures,
    places: NDArray[np.int64],
    width: int,
    count: int,
    rng: np.random.Generator,
) -> Places:
    """Draw from all places of all pictures, numbered one after another."""
    ends = np.cumsum(places)
    drawn = rng.integers(ends[-1], size=count)
    which = np.searchsorted(ends, drawn, side="right")
    across = np.array([w for _, w in pictures.sizes], np.int64)[which] - width + 1
    top, left = np.divmod(drawn - (ends - places)[which], across)
    return which, top.astype(np.intp), left.astype(np.intp)


def _keypoint_places(
    pictures: Pictures, size: tuple[int, int], count: int, rng: np.random.Generator
) -> Places:
    """Take an equal share of each picture, in random order; where that is short, what is left."""
    share = -(-count // len(pictures))
    low, high = value_range(pictures)
    taken: list[tuple[int, int, int]] = []
    spare: list[tuple[int, int, int, int]] = []
    for i in rng.permutation(len(pictures)).tolist():
        corners = strongest_places(gray_bytes(pictures.pictures[i], low, high), size)
        for rank, (top, left) in enumerate(corners[:count].tolist()):
            if rank < share:
                taken.append((i, top, left))
            else:
                spare.append((rank, i, top, left))
        if len(taken) >= count:
            break
    taken += [each[1:] for each in sorted(spare)[: max(count - len(taken), 0)]]
    if not taken:
        raise InvalidInputError(
            f"no keypoint whose patch of {size[0]} x {size[1]} lies inside was found in "
            f'{len(pictures)} picture(s): they are flat or small; at="random" needs none'
        )
    chosen = np.array(taken[:count], np.intp)[rng.permutation(min(count, len(taken)))]
    return chosen[:, 0], chosen[:, 1], chosen[:, 2]
