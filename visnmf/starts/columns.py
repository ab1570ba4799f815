"""Columns of V, dense or sparse: their lengths, their scale, and some of them."""

from __future__ import annotations

from typing import Any

import numpy as np

__all__ = ["dense", "inverse", "rows_of", "scaled", "squared_lengths"]


def squared_lengths(V: Any) -> np.ndarray:
    """Return the squared lengths of the columns, (n,), in float64."""
    if _is_sparse(V):
        return np.asarray(V.multiply(V).sum(axis=0, dtype=np.float64)).ravel()
    return np.einsum("ij,ij->j", V, V, dtype=np.float64)


def scaled(V: Any, factors: np.ndarray) -> Any:
    """Return V with column j times factors[j]."""
    factors = factors.astype(V.dtype)
    return V.multiply(factors).tocsc() if _is_sparse(V) else V * factors


def inverse(numbers: np.ndarray) -> np.ndarray:
    """Return 1 / numbers, and 0 where they are 0."""
    return np.divide(1, numbers, out=np.zeros(len(numbers)), where=numbers > 0)


def rows_of(V: Any, indices: Any) -> np.ndarray:
    """Return some columns of V as the rows of a C-ordered array."""
    return dense(V[:, indices].T)


def dense(A: Any) -> np.ndarray:
    """Return a small matrix as a C-ordered array."""
    return np.ascontiguousarray(A.toarray() if _is_sparse(A) else A)


def _is_sparse(A: Any) -> bool:
    return hasattr(A, "tocsr")
