"""A'F at the stored places of a sparse matrix only."""

from __future__ import annotations

import importlib
import importlib.util
from collections.abc import Callable
from typing import cast

import numpy as np

__all__ = ["choose_sampled", "sampled"]

_WORTH_LOADING = 2_000_000
"""The least multiply-adds of one call for compiled code."""

_CHUNK = 1 << 19  # numbers that are gathered at a time

Sampled = Callable[[np.ndarray, np.ndarray, np.ndarray, np.ndarray], np.ndarray]


def sampled(
    left: np.ndarray, right: np.ndarray, indptr: np.ndarray, indices: np.ndarray
) -> np.ndarray:
    """Return the products of rows of `left` and of `right` at the stored places.

    Parameters
    ----------
    left, right : ndarray (m, rank), (n, rank)
        A' and F', C-ordered.
    indptr, indices : ndarray (n + 1,), (nnz,)
        The places, column after column.

    Returns
    -------
    ndarray (nnz,)
    """
    columns = np.repeat(np.arange(len(right)), np.diff(indptr))
    found = np.empty(len(indices), left.dtype)
    size = max(1, _CHUNK // max(left.shape[1], 1))
    for start in range(0, len(indices), size):
        part = slice(start, start + size)
        np.einsum("ek,ek->e", left[indices[part]], right[columns[part]], out=found[part])
    return found


def choose_sampled(rank: int, entries: int) -> Sampled:
    """Return the compiled kernel where numba is installed and the work worth its loading."""
    if rank * entries >= _WORTH_LOADING and importlib.util.find_spec("numba") is not None:
        try:
            module = importlib.import_module("visnmf.kernels.compiled_sampling")
        except ImportError:  # numba refuses a NumPy that is newer than it knows
            return sampled
        return cast(Sampled, module.sampled)
    return sampled
