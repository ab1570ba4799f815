"""Sums over the stored places of a sparse matrix only, in NumPy."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Protocol, cast

import numpy as np

__all__ = ["Sampling", "choose_sampling", "contract", "fitted", "squares"]

_WORTH_LOADING = 500_000
"""The least multiply-adds of one call for compiled code."""

_CHUNK = 1 << 19  # numbers that are gathered at a time


class Sampling(Protocol):
    """A module of sums; this one tells what each does."""

    def fitted(  # noqa: D102
        self, A: np.ndarray, F: np.ndarray, indptr: np.ndarray, indices: np.ndarray
    ) -> np.ndarray: ...

    def contract(  # noqa: D102
        self,
        A: np.ndarray,
        indptr: np.ndarray,
        indices: np.ndarray,
        data: np.ndarray,
        out: np.ndarray | None = None,
    ) -> np.ndarray: ...

    def squares(  # noqa: D102
        self,
        A: np.ndarray,
        F: np.ndarray,
        places: tuple[np.ndarray, np.ndarray],
        data: np.ndarray,
        weights: np.ndarray,
    ) -> float: ...


def fitted(A: np.ndarray, F: np.ndarray, indptr: np.ndarray, indices: np.ndarray) -> np.ndarray:
    """Return A'F at the stored places.

    Parameters
    ----------
    A, F : ndarray (rank, m), (rank, n)
        The factors.
    indptr, indices : ndarray (n + 1,), (nnz,)
        The places, column after column.

    Returns
    -------
    ndarray (nnz,)
    """
    left, right = (np.ascontiguousarray(X.T) for X in (A, F))
    columns = np.repeat(np.arange(len(right)), np.diff(indptr))
    found = np.empty(len(indices), left.dtype)
    size = max(1, _CHUNK // max(left.shape[1], 1))
    for start in range(0, len(indices), size):
        part = slice(start, start + size)
        np.einsum("ek,ek->e", left[indices[part]], right[columns[part]], out=found[part])
    return found


def contract(
    A: np.ndarray,
    indptr: np.ndarray,
    indices: np.ndarray,
    data: np.ndarray,
    out: np.ndarray | None = None,
) -> np.ndarray:
    """Return A @ V, (rank x n), of a V that is `data` at the stored places and 0 elsewhere."""
    from scipy import sparse

    V = sparse.csc_array((data, indices, indptr), shape=(A.shape[1], len(indptr) - 1))
    found = (V.T @ np.ascontiguousarray(A.T)).T
    if out is None:
        return np.ascontiguousarray(found)
    out[...] = found
    return out


def squares(
    A: np.ndarray,
    F: np.ndarray,
    places: tuple[np.ndarray, np.ndarray],
    data: np.ndarray,
    weights: np.ndarray,
) -> float:
    """Return the sum of weights * (data - A'F)^2 over the stored places, in float64."""
    residual = data - fitted(A, F, *places)
    return float(np.sum(residual * residual * weights, dtype=np.float64))


def choose_sampling(rank: int, entries: int) -> Sampling:
    """Return the compiled sums where numba is installed and the work worth their loading."""
    name = "sampling"
    if rank * entries >= _WORTH_LOADING and importlib.util.find_spec("numba") is not None:
        name = "compiled_sampling"
    try:
        return cast(Sampling, importlib.import_module(f"visnmf.kernels.{name}"))
    except ImportError:  # numba refuses a NumPy that is newer than it knows
        return cast(Sampling, importlib.import_module("visnmf.kernels.sampling"))
