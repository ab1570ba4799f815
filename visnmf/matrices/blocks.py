"""Sums over A'F that is formed in blocks of columns, which stay in cache."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from visnmf.kernels.threads import spread

__all__ = [
    "BLOCK",
    "add_up",
    "column_blocks",
    "dot",
    "fitted",
    "fitted_total",
    "ones_contracted",
    "room_for",
]

BLOCK = 1 << 17
"""Entries of A'F that are formed at a time."""

_LEAST = 32  # columns of a block: a product of fewer is slow
_SHORT = 1 << 14  # products that are added up in the type of the entries


def column_blocks(shape: tuple[int, int], size: int = BLOCK) -> Iterator[slice]:
    """Yield ranges of columns that hold about `size` entries each."""
    m, n = shape
    width = max(_LEAST, size // max(m, 1))
    for start in range(0, n, width):
        yield slice(start, min(start + width, n))


def fitted(
    A: np.ndarray,
    F: np.ndarray,
    columns: slice,
    like: np.ndarray,
    room: np.ndarray | None = None,
) -> np.ndarray:
    """Return some columns of A'F in the memory order of the block of V beside them.

    Where there is room of an earlier block, it is used: fresh memory costs a page fault for
    each 4 kB.
    """
    part = F[:, columns]
    m, width = A.shape[1], part.shape[1]
    if like.flags.f_contiguous:
        out = None if room is None else room[: m * width].reshape(width, m)
        return np.matmul(part.T, A, out=out).T
    out = None if room is None else room[: m * width].reshape(m, width)
    return np.matmul(A.T, part, out=out)


def room_for(shape: tuple[int, int], dtype: np.dtype[Any]) -> np.ndarray:
    """Return room for any block of A'F that `column_blocks` makes of this shape."""
    widest = next(column_blocks(shape), slice(0, 0))
    return np.empty(shape[0] * (widest.stop - widest.start), dtype)


def add_up(
    shape: tuple[int, int],
    dtype: np.dtype[Any],
    work: float,
    task: Callable[[slice, np.ndarray], float],
) -> float:
    """Return the sum of task(columns, room) over all blocks, which threads take shares of.

    Parameters
    ----------
    shape, dtype
        Of V.
    work : float
        Multiply-adds of all tasks.
    task : callable
        Takes a range of columns, and room for that block of A'F.
    """
    blocks = list(column_blocks(shape))
    parts = np.zeros(len(blocks))

    def share(first: int, last: int) -> None:
        room = room_for(shape, dtype)
        for i in range(first, last):
            parts[i] = task(blocks[i], room)

    spread(share, len(blocks), work)
    return float(parts.sum())


def dot(a: np.ndarray, b: np.ndarray) -> float:
    """Return the sum of a * b: short sums in their own type, the rest in float64."""
    if a.ndim == 1:
        a, b = a[None], b[None]
    elif a.flags.f_contiguous and not a.flags.c_contiguous:
        a, b = a.T, b.T
    return float(
        sum(
            np.einsum("ij,ij->i", a[:, i : i + _SHORT], b[:, i : i + _SHORT]).sum(dtype=np.float64)
            for i in range(0, a.shape[1], _SHORT)
        )
    )


def ones_contracted(A: np.ndarray, n: int, dtype: np.dtype[Any]) -> np.ndarray:
    """Return A @ 1 for a matrix of ones with n columns, as a view of one column."""
    sums = A.sum(axis=1, dtype=np.float64).astype(dtype)
    return np.broadcast_to(sums[:, None], (len(A), n))


def fitted_total(A: np.ndarray, F: np.ndarray) -> float:
    """Return the sum of all entries of A'F."""
    return float(A.sum(axis=1, dtype=np.float64) @ F.sum(axis=1, dtype=np.float64))
