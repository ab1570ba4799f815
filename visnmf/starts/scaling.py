"""The scale of a start."""

from __future__ import annotations

import numpy as np

from visnmf.matrices.protocol import VALUE, Matrix

__all__ = ["scale_to_fit"]


def scale_to_fit(matrix: Matrix, W: np.ndarray, H: np.ndarray) -> None:
    """Scale W' (rank x m) and H (rank x n), both alike and in place, so that WH fits V.

    The square of the factor is <V, WH> / ||WH||^2, which makes WH the multiple of
    itself that is nearest to V (Gillis 2020, Nonnegative Matrix Factorization, 8.6).
    """
    fit = np.einsum("kj,kj->k", matrix.contract(W, None, VALUE), H).sum(dtype=np.float64)
    size = np.einsum("kr,kr->", W @ W.T, H @ H.T, dtype=np.float64)
    scale = np.sqrt(max(fit, 0.0) / size) if size > 0 else 0.0
    W *= W.dtype.type(scale)
    H *= H.dtype.type(scale)
