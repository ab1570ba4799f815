"""`visnmf.kernels.sampling` compiled; numba is imported with this module, never before.

Of A what an entry needs lies together: a row of A', padded with zeros to whole vectors.
"""

from __future__ import annotations

import numpy as np

from visnmf.kernels.columns import LANES
from visnmf.kernels.compiling import compiler
from visnmf.kernels.lanes import add_rows, row_dot
from visnmf.kernels.threads import spread

__all__ = ["aligned", "contract", "fitted", "padded", "squares"]

_REACH = 4.0  # what reaching for a row costs, in multiply-adds with each of its entries

_compile = compiler("columns.py", "lanes.py")


def fitted(A: np.ndarray, F: np.ndarray, indptr: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """Do what `visnmf.kernels.sampling.fitted` does."""
    left, right = padded(A), padded(F)
    found = np.empty(len(indices), A.dtype)

    def share(first: int, last: int) -> None:
        _fitted(left, right, indptr, indices, found, first, last)

    spread(share, F.shape[1], _REACH * len(A) * len(indices))
    return found


def contract(
    A: np.ndarray,
    indptr: np.ndarray,
    indices: np.ndarray,
    data: np.ndarray,
    out: np.ndarray | None = None,
) -> np.ndarray:
    """Do what `visnmf.kernels.sampling.contract` does."""
    n = len(indptr) - 1
    rows = padded(A)
    found = np.empty((len(A), n), A.dtype) if out is None else out
    data = np.ascontiguousarray(data, A.dtype)

    def share(first: int, last: int) -> None:
        total = aligned((LANES, rows.shape[1]), A.dtype)
        _contract(rows, indptr, indices, data, found, total, first * LANES, min(last * LANES, n))

    spread(share, -(-n // LANES), _REACH * len(A) * len(indices))
    return found


def squares(
    A: np.ndarray,
    F: np.ndarray,
    places: tuple[np.ndarray, np.ndarray],
    data: np.ndarray,
    weights: np.ndarray,
) -> float:
    """Do what `visnmf.kernels.sampling.squares` does."""
    left, right = padded(A), padded(F)
    sums = np.empty(F.shape[1])

    def share(first: int, last: int) -> None:
        _squares(left, right, *places, data, weights, sums, first, last)

    spread(share, len(sums), _REACH * len(A) * len(data))
    return float(sums.sum())


def aligned(shape: tuple[int, ...], dtype: np.dtype) -> np.ndarray:
    """Return an array of zeros that begins on a cache line."""
    size, itemsize = int(np.prod(shape)), np.dtype(dtype).itemsize
    raw = np.zeros(size + 64 // itemsize, dtype)
    skip = -raw.ctypes.data % 64 // itemsize
    return raw[skip : skip + size].reshape(shape)


def padded(A: np.ndarray, beside: int = 0) -> np.ndarray:
    """Return A', its rows padded with at least `beside` zeros to whole vectors."""
    rank, m = A.shape
    rows = aligned((m, -(-(rank + beside) // LANES) * LANES), A.dtype)
    rows[:, :rank] = A.T
    return rows


@_compile
def _fitted(left, right, indptr, indices, found, first, last):  # type: ignore[no-untyped-def]
    for j in range(first, last):
        for e in range(indptr[j], indptr[j + 1]):
            found[e] = row_dot(left, np.intp(indices[e]), right, j)


@_compile
def _contract(rows, indptr, indices, data, out, total, first, last):  # type: ignore[no-untyped-def]
    for start in range(first, last, LANES):
        stop = min(start + LANES, last)
        for j in range(start, stop):  # by and by, so that whole lines of out are written
            total[j - start] = 0
            add_rows(
                total, j - start, rows, indices, data, np.intp(indptr[j]), np.intp(indptr[j + 1])
            )
        for k in range(out.shape[0]):
            for j in range(start, stop):
                out[k, j] = total[j - start, k]


@_compile
def _squares(left, right, indptr, indices, data, weights, sums, first, last):  # type: ignore[no-untyped-def]
    for j in range(first, last):
        found = 0.0
        for e in range(indptr[j], indptr[j + 1]):
            residual = data[e] - row_dot(left, np.intp(indices[e]), right, j)
            found += residual * residual * weights[e]
        sums[j] = found
