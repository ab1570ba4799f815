"""Encodings of parts of either sign: where they begin and how they are renewed."""

from __future__ import annotations

import numpy as np

from visnmf.kernels.choose import Kernels
from visnmf.starts.kmeans import kmeans_start

__all__ = ["RATIO", "SWEEPS", "UPDATES", "multiply", "renew", "start_encodings"]

UPDATES = ("descent", "multiplicative")
SWEEPS, RATIO = 8, 0.05  # of coordinate descent for each product with V, as in `Hals`


def start_encodings(V: np.ndarray, rank: int, rng: np.random.Generator) -> np.ndarray:
    """Return H (rank x n), positive: of clusters, or random where the rank exceeds n."""
    if rank > V.shape[1]:
        return rng.uniform(0.2, 1.2, (rank, V.shape[1])).astype(V.dtype)
    return kmeans_start(V, rank, rng)[1]


def renew(H: np.ndarray, W: np.ndarray, V: np.ndarray, update: str, kernels: Kernels) -> None:
    """Lower 1/2 ||V - W H||^2 over H >= 0, in place, for W' (rank x m) and V of either sign.

    The multiplicative rule is that of Ding, Li & Jordan (2010), equation 10.
    """
    G, B = W @ W.T, W @ V
    if update == "descent":
        kernels.hals(H, G, B, SWEEPS, RATIO)
        return
    plus, minus = np.maximum(G, 0), np.maximum(-G, 0)
    multiply(H, np.maximum(B, 0) + minus @ H, np.maximum(-B, 0) + plus @ H)


def multiply(F: np.ndarray, numerator: np.ndarray, denominator: np.ndarray) -> None:
    """Multiply F, in place, by the root of a ratio; entries that nothing bears on become 0."""
    ratio = np.divide(numerator, denominator, out=np.zeros_like(F), where=denominator > 0)
    F *= np.sqrt(ratio)
