"""Matrix products of BLAS, the large ones divided among the threads of a fit."""

from __future__ import annotations

import numpy as np

from visnmf.kernels.threads import spread

__all__ = ["gram_of", "product"]

_STEP = 64
"""Shares begin at multiples of so many columns, which BLAS adds up in the same way."""

_WIDE = 512
"""The most columns of a block of a product that is turned."""

_LONG = 8192
"""Columns of a factor whose products are added up at once."""


def product(A: np.ndarray, V: np.ndarray, out: np.ndarray | None = None) -> np.ndarray:
    """Return A @ V, a range of V's columns a thread."""
    n = V.shape[1]
    if out is None:
        out = np.empty((len(A), n), np.result_type(A, V))

    lying = out.dtype == np.float32 and V.flags.f_contiguous and not V.flags.c_contiguous
    if lying:
        return _turned(A, V, out)

    count = max(1, n // _STEP)  # the last range takes the rest: BLAS has ways of its own for few

    def share(first: int, last: int) -> None:
        columns = slice(first * _STEP, n if last == count else last * _STEP)
        np.matmul(A, V[:, columns], out=out[:, columns])

    spread(share, count, float(A.size) * n)
    return out


def _turned(A: np.ndarray, V: np.ndarray, out: np.ndarray) -> np.ndarray:
    """Return A @ V as (V' A')', by blocks of columns that stay in cache, the same on any threads.

    OpenBLAS takes up to a sixth longer for a float32 product A V where the columns of V lie
    contiguous than for V' A' (the other way round in float64).
    """
    n = V.shape[1]
    wide = min(_WIDE, -(-n // (4 * _STEP)) * _STEP)

    def share(first: int, last: int) -> None:
        room = np.empty((min(wide, n), len(A)), out.dtype)
        for start in range(first * wide, min(last * wide, n), wide):
            columns = slice(start, min(start + wide, n))
            found = room[: columns.stop - start]
            np.matmul(V.T[columns], A.T, out=found)
            np.copyto(out[:, columns], found.T)

    spread(share, -(-n // wide), float(A.size) * n)
    return out


def gram_of(A: np.ndarray) -> np.ndarray:
    """Return A A' of a factor (rank x q), a long one added up by ranges of its columns."""
    q = A.shape[1]
    if q <= _LONG:
        return A @ A.T
    count = -(-q // _LONG)
    parts = np.empty((count, len(A), len(A)), A.dtype)

    def share(first: int, last: int) -> None:
        for i in range(first, last):
            part = A[:, i * _LONG : (i + 1) * _LONG]
            np.matmul(part, part.T, out=parts[i])

    spread(share, count, 0.5 * len(A) * A.size)
    return parts.sum(axis=0)
