"""Planted parts, three fifths of whose entries are zero, under noise of a twentieth of V."""

import numpy as np

RANK = 30


def load(size="1000x3000", rank=RANK):
    """Return X for a size, PIXELSxIMAGES, and a rank."""
    m, n = map(int, size.split("x"))
    return make(m, n, int(rank))


def make(m, n, rank, noise=0.05, seed=0):
    """Return X (n x m) = H'W' + noise of that share of its deviation, cut off at 0."""
    rng = np.random.default_rng(seed)
    W, H = (rng.random((rank, length), np.float32) ** 2 for length in (m, n))
    for F in (W, H):
        F[rng.random(F.shape, np.float32) < 0.6] = 0
    X = H.T @ W
    deviation = float(X.std())
    for row in X:
        row += rng.standard_normal(m, np.float32) * (noise * deviation)
    return np.maximum(X, 0, out=X) / X.max()
