"""`visnmf.kernels.sampling` compiled; numba is imported with this module, never before."""

from __future__ import annotations

import numba
import numpy as np

__all__ = ["sampled"]


def sampled(
    left: np.ndarray, right: np.ndarray, indptr: np.ndarray, indices: np.ndarray
) -> np.ndarray:
    """Do what `visnmf.kernels.sampling.sampled` does."""
    found = np.empty(len(indices), left.dtype)
    _sampled(left, right, indptr, indices, found)
    return found


def _products(left, right, indptr, indices, found):  # type: ignore[no-untyped-def]
    rank = left.shape[1]
    for j in range(len(indptr) - 1):
        for entry in range(indptr[j], indptr[j + 1]):
            i = indices[entry]
            total = left[i, 0] * right[j, 0]
            for k in range(1, rank):
                total += left[i, k] * right[j, k]
            found[entry] = total


_OPTIONS = {"nogil": True, "fastmath": {"nsz", "arcp", "contract", "reassoc"}}
try:
    _sampled = numba.njit(cache=True, **_OPTIONS)(_products)
except RuntimeError:  # no folder to keep compiled code in
    _sampled = numba.njit(**_OPTIONS)(_products)
