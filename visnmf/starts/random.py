"""A random start."""

from __future__ import annotations

import numpy as np

from visnmf.matrices.protocol import Matrix

__all__ = ["random_start"]


def random_start(
    matrix: Matrix, rank: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return W' (rank x m) and H (rank x n) of absolute normal numbers."""
    m, n = matrix.shape
    W = np.abs(rng.standard_normal((rank, m), np.float32)).astype(matrix.dtype, copy=False)
    H = np.abs(rng.standard_normal((rank, n), np.float32)).astype(matrix.dtype, copy=False)
    return W, H
