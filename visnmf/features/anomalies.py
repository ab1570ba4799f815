"""How unusual the places of a picture are, by what parts of patches make of them."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from visnmf.features.patch_code import PatchCode, Pictures
from visnmf.features.windows import Windows
from visnmf.kernels.greedy import Greedy, choose_greedy

__all__ = ["Usual", "distance_maps", "usual"]

_BAND = 8192
"""Patches looked at at a time, about."""

_ENOUGH = 200_000
"""Patches that tell what is usual."""

_NUMBERS = 5

_BOUND = 1e-3
"""A deviation that is always there, so that what hardly varies does not count without bound."""

_DEARER = 3
"""How much dearer parts are the second time: then few of them are taken."""

_LEAST = 1e-3
"""Added to what is left over and to contrast, whose logarithms would have no end at 0."""

_Array = NDArray[np.float32]


class Usual(NamedTuple):
    """The mean (5,) of what is told of normal patches, and the inverse of its covariance."""

    mean: NDArray[np.float64]
    precision: NDArray[np.float64]


def usual(code: PatchCode, pictures: Pictures, stride: int) -> Usual:
    """Learn what is usual in normal pictures.

    Parameters
    ----------
    code : PatchCode
        The parts.
    pictures : sequence of ndarray (h, w, channels)
        Normal ones.
    stride : int
        Pixels from one patch to the next; a multiple of it where there are very many.

    Returns
    -------
    Usual
    """
    windows = [code.windows(picture, stride) for picture in pictures]
    count = sum(len(places) for places in windows)
    coarser = stride * max(round(np.sqrt(count / _ENOUGH)), 1)
    kernels = choose_greedy(count * code.rank)
    told = np.concatenate([_told(code, p, code.windows(p, coarser), kernels) for p in pictures])
    told = told.astype(np.float64)
    covariance = np.cov(told.T) if len(told) > 1 else np.zeros((_NUMBERS, _NUMBERS))
    covariance[np.diag_indices(_NUMBERS)] += _BOUND**2
    return Usual(told.mean(axis=0), np.linalg.inv(covariance).astype(np.float64))


def distance_maps(
    code: PatchCode, pictures: Pictures, stride: int, normal: Usual
) -> list[NDArray[np.float32]]:
    """Return how far each pixel of each picture is from what is usual, (h, w) each."""
    from scipy.ndimage import gaussian_filter

    stride = min(stride, *code.size)
    maps = []
    for picture in pictures:
        places = code.windows(picture, stride)
        kernels = choose_greedy(len(places) * code.rank)
        told = _told(code, picture, places, kernels).reshape(*places.grid, _NUMBERS)
        width = min(code.size) / 4 / stride  # what is nearer than that is one thing
        told = gaussian_filter(told, (width, width, 0), mode="nearest")
        maps.append(_laid(told, Windows((*picture.shape[:2], 1), code.size, stride), normal))
    return maps


def _laid(told: _Array, places: Windows, normal: Usual) -> _Array:
    """Lay over each pixel the mean distance of the patches on it, (h, w)."""
    h, w, _ = places.shape
    total, counts = np.zeros((h, w, 1), np.float32), np.zeros((h, w, 1), np.float32)
    few = max(_BAND // places.grid[1], 1)  # all patches of a photo would take gigabytes
    for row in range(0, len(told), few):
        band = slice(row, min(row + few, len(told)))
        away = told[band].reshape(-1, _NUMBERS) - normal.mean
        squares = np.einsum("ni,ij,nj->n", away, normal.precision, away)
        distances = np.sqrt(np.maximum(squares, 0)).astype(np.float32)
        patches = np.repeat(distances[:, None], places.size[0] * places.size[1], axis=1)
        values, count = places.sums(patches, rows=band)
        top = places.rows[band.start]
        total[top : top + len(values)] += values
        counts[top : top + len(values)] += count
    laid: _Array = (total / counts)[:, :, 0]
    return laid


def _told(code: PatchCode, picture: _Array, places: Windows, kernels: Greedy) -> _Array:
    """Tell five numbers of each patch, (count, 5).

    The logarithms of what parts leave over, and of what few of them do; the sum of its encoding;
    the logarithm of its contrast; its mean.
    """
    down, across = places.grid
    few = max(_BAND // across, 1)
    rows = []
    for row in range(0, down, few):
        patches = places.cut(picture, slice(row, row + few))
        seen = code.contrast.see(patches)
        H = code.encode(seen.values, kernels=kernels)
        fewer = code.encode(seen.values, sparsity=_DEARER * code.sparsity, kernels=kernels)
        contrast = seen.scale[:, 0] / np.sqrt(np.float32(patches.shape[1]))
        told = [
            np.log(_left(code, seen.values, H) + _LEAST),
            np.log(_left(code, seen.values, fewer) + _LEAST),
            H.sum(axis=1),
            np.log(contrast + _LEAST),
            patches.mean(axis=1),
        ]
        rows.append(np.stack(told, axis=1))
    return np.concatenate(rows)


def _left(code: PatchCode, values: _Array, H: _Array) -> _Array:
    """Return the squared length of what encodings leave over of each patch."""
    rest = values - H @ code.W.T
    left: _Array = np.einsum("nd,nd->n", rest, rest)
    return left
