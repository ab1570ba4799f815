"""Non-negative double singular value decomposition (Boutsidis & Gallopoulos 2008)."""

from __future__ import annotations

import numpy as np

__all__ = ["VARIANTS", "nndsvd"]

VARIANTS = ("nndsvd", "nndsvda", "nndsvdar")


def nndsvd(
    triplets: tuple[np.ndarray, np.ndarray, np.ndarray],
    variant: str,
    mean: float,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray]:
    """Return W' (rank x m) and H (rank x n) from leading singular triplets of V.

    Each pair of singular vectors is split into its positive and its negative half;
    the heavier half becomes a part and its encodings. A V of lower rank has no pair for some of
    the parts: these are small random numbers, since parts that begin alike stay alike or die.

    Parameters
    ----------
    triplets : tuple of ndarray
        U (m, rank), S (rank,) and Z (rank, n).
    variant : {"nndsvd", "nndsvda", "nndsvdar"}
        Leave the zeros, fill them with V's mean, or with small random numbers.
    mean : float
        The mean of V.
    rng : Generator
        For the last variant, and for parts without singular vectors.
    """
    U, S, Z = triplets
    left, right = U.T, Z
    W, H = np.zeros(left.shape, left.dtype), np.zeros(right.shape, right.dtype)
    for k, sigma in enumerate(S):
        # The first pair has one sign: V is non-negative (Perron and Frobenius)
        halves = [(np.abs(left[0]), np.abs(right[0]))] if k == 0 else _halves(left[k], right[k])
        weights = [float(np.linalg.norm(a) * np.linalg.norm(b)) for a, b in halves]
        best = int(np.argmax(weights))
        if weights[best] > 0:
            a, b = halves[best]
            size = np.sqrt(sigma * weights[best])
            W[k] = a * (size / np.linalg.norm(a))
            H[k] = b * (size / np.linalg.norm(b))
    without = np.flatnonzero(~np.any(W, axis=1))
    for F in (W, H):
        F[F < np.sqrt(np.finfo(F.dtype).eps) * 1e-2 * F.max(initial=0)] = 0
        if variant == "nndsvda":
            F[F == 0] = mean
        elif variant == "nndsvdar":
            empty = F == 0
            F[empty] = _small(int(empty.sum()), mean, rng)
    for F in (W, H) if len(without) else ():
        F[without] = _small((len(without), F.shape[1]), mean, rng)
    return W, H


def _small(shape: int | tuple[int, int], mean: float, rng: np.random.Generator) -> np.ndarray:
    return np.abs(rng.standard_normal(shape)) * (mean / 100)


def _halves(left: np.ndarray, right: np.ndarray) -> list[tuple[np.ndarray, np.ndarray]]:
    return [
        (np.maximum(left, 0), np.maximum(right, 0)),
        (np.maximum(-left, 0), np.maximum(-right, 0)),
    ]
