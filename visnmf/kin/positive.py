"""Where multiplicative rules for local parts begin: clusters of pixels."""

from __future__ import annotations

import numpy as np

from visnmf.starts.kmeans import cluster

__all__ = ["positive_start"]

_FLOOR = 1e-2  # over the mean: a rule that multiplies cannot raise a zero


def positive_start(
    V: np.ndarray, rank: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return positive W' (rank x m), of rows of unit length, and H (rank x n).

    Pixels that are bright in the same images begin as one part. From random numbers the rules
    take hundreds of iterations before parts differ at all, and leave more parts merged.
    """
    m, n = V.shape
    if rank > m:
        W, H = (rng.uniform(0.1, 1.0, (rank, q)).astype(V.dtype) for q in (m, n))
    else:
        H, labels = cluster(V.T, rank, rng)
        W = np.zeros((rank, m), V.dtype)
        W[labels, np.arange(m)] = 1
        for F in (W, H):
            F += F.dtype.type(_FLOOR * float(F.mean(dtype=np.float64)))
    lengths = np.linalg.norm(W, axis=1, keepdims=True)
    return W / lengths, H * lengths
