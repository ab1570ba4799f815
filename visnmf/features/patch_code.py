"""PatchCode: parts of patches, and the encodings of patches by them."""

from __future__ import annotations

from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, NamedTuple, TypeVar

import numpy as np
from numpy.typing import NDArray

from visnmf.features.contrast import Contrast
from visnmf.features.windows import Windows
from visnmf.kernels.choose import choose_kernels
from visnmf.kernels.greedy import Greedy, choose_greedy
from visnmf.kernels.threads import jobs, spread
from visnmf.solve.least_squares import near_inverse, solve_clipped
from visnmf.solve.sparse_coding import GOAL, gram_of_units, sparse_encode

__all__ = ["Group", "PatchCode", "encode_all"]

_BLOCK = 2048
"""Patches taken at a time, about: they and their encodings stay in cache."""

_SWEEPS = 50
"""The most sweeps of plain least squares: more parts than values are never quite settled."""

Pictures = Sequence[NDArray[np.float32]]
_R = TypeVar("_R")


@dataclass(frozen=True, eq=False)
class PatchCode:
    r"""Parts of unit length, and sparse encodings by them.

    A patch x, as its contrast is seen, is encoded as

    .. math:: \arg\min_{h \ge 0} \tfrac12 \|x - W h\|^2 + \lambda \sum_k h_k

    (non-negative sparse coding, Hoyer 2002), by greedy coordinate descent from h = 0, or by
    sweeps over all parts where lambda is 0.

    Parameters
    ----------
    W : ndarray (length, rank), float32
        Parts; each of unit length or all zeros.
    size : (height, width)
        Of a patch.
    contrast : Contrast
        How parts see a patch.
    sparsity : float
        Lambda.
    """

    W: NDArray[np.float32]
    size: tuple[int, int]
    contrast: Contrast
    sparsity: float

    @property
    def rank(self) -> int:
        """How many parts there are."""
        return self.W.shape[1]

    @cached_property
    def gram(self) -> NDArray[np.float32]:
        """W'W, its diagonal 1."""
        return gram_of_units(self.W)

    def encode(
        self,
        values: NDArray[np.float32],
        *,
        sparsity: float | NDArray[np.float32] | None = None,
        limit: int | None = None,
        goal: float = GOAL,
        kernels: Greedy | None = None,
    ) -> NDArray[np.float32]:
        """Encode patches as parts see them.

        Parameters
        ----------
        values : ndarray (count, length)
            A row a patch.
        sparsity : float or ndarray (count, 1), optional
            Another lambda, of each patch its own perhaps.
        limit, goal, kernels
            As of `visnmf.solve.sparse_coding.sparse_encode`.

        Returns
        -------
        ndarray (count, rank), float32
        """
        cost = self.sparsity if sparsity is None else sparsity
        if np.ndim(cost) == 0 and cost == 0:
            B = np.ascontiguousarray((values @ self.W).T)
            H = solve_clipped(near_inverse(self.gram), B)
            choose_kernels("auto", self.rank, 10**6).nnls(H, self.gram, B, _SWEEPS, goal)
            return np.ascontiguousarray(H.T)
        return sparse_encode(
            values, self.W, self.gram, cost, limit=limit, goal=goal, kernels=kernels
        )

    def windows(self, picture: NDArray[np.float32], stride: int) -> Windows:
        """Return where the patches of a picture lie."""
        h, w, channels = picture.shape
        return Windows((h, w, channels), self.size, stride)


class Group(NamedTuple):
    """Places encoded at a time: whole pictures of one size, or some rows of a large one."""

    pictures: slice
    rows: slice
    windows: Windows


def encode_all(
    code: PatchCode,
    pictures: Pictures,
    stride: int,
    take: Callable[[Group, NDArray[np.float32]], _R],
) -> list[tuple[Group, _R]]:
    """Encode pictures at all places, a few thousand at a time.

    Parameters
    ----------
    code : PatchCode
        The parts.
    pictures : sequence of ndarray (h, w, channels)
        Of any sizes, none smaller than a patch.
    stride : int
        Pixels from one place to the next.
    take : callable
        Called as ``take(group, H)`` with encodings of shape (pictures, rows, across, rank), in any
        order and from several threads at a time; what it returns is kept.

    Returns
    -------
    list of (Group, what take returned)
        In the order of the pictures, and of the rows in a picture.
    """
    groups = list(_groups(code, pictures, stride))
    places = [_count(group) for group in groups]
    kernels = choose_greedy(sum(places) * code.rank)
    _ = code.gram
    results: list[Any] = [None] * len(groups)

    def share(first: int, last: int) -> None:
        with jobs(1):
            for i in range(first, last):
                chosen, rows, windows = groups[i]
                patches = [windows.cut(picture, rows) for picture in pictures[chosen]]
                seen = code.contrast.see(np.concatenate(patches))
                H = code.encode(seen.values, kernels=kernels)
                shape = (len(patches), -1, windows.grid[1], code.rank)
                results[i] = take(groups[i], H.reshape(shape))

    spread(share, len(groups), sum(places) * float(code.W.size))
    return list(zip(groups, results, strict=True))


def _count(group: Group) -> int:
    """Return how many patches a group has."""
    down, across = group.windows.grid
    return (group.pictures.stop - group.pictures.start) * len(range(down)[group.rows]) * across


def _groups(code: PatchCode, pictures: Pictures, stride: int) -> Iterator[Group]:
    """Yield about a block of patches after the other."""
    start = 0
    while start < len(pictures):
        windows = code.windows(pictures[start], stride)
        down, across = windows.grid
        stop = start + 1
        if down * across > 2 * _BLOCK:
            few = max(_BLOCK // across, 1)
            for row in range(0, down, few):
                yield Group(slice(start, stop), slice(row, min(row + few, down)), windows)
        else:
            end = min(len(pictures), start + max(_BLOCK // (down * across), 1))
            while stop < end and pictures[stop].shape == pictures[start].shape:
                stop += 1
            yield Group(slice(start, stop), slice(0, down), windows)
        start = stop
