"""V of low rank, made in passes over blocks of its columns.

Where V is read block by block, the product V (V'Q) with a Q (m x q) on the side of the pixels
is one pass: a power step of the randomized range finder (Halko, Martinsson & Tropp 2011) that
costs one reading of V and not two. R = Q'V falls off on the way, and so the last of p steps
gives V R', from which follows V as it is seen from the rows of R:

    V ~ V R' (R R')^-1 R

with no further pass. One pass is the plain range finder, the second a power step on it.
"""

from __future__ import annotations

from collections.abc import Callable, Iterable

import numpy as np

from visnmf.matrices.lowrank import LowRank
from visnmf.matrices.protocol import SQUARED_VALUE, VALUE, Matrix

__all__ = ["compress"]

Tiles = Callable[[], Iterable[tuple[slice, Matrix]]]


def compress(
    tiles: Tiles, shape: tuple[int, int], size: int, passes: int, rng: np.random.Generator
) -> LowRank:
    """Return a stand-in of V of rank `size`, made in so many passes.

    Parameters
    ----------
    tiles : callable
        Begins a pass: yields ranges of columns, and V there.
    shape : tuple of int
        Of V, (m, n).
    size : int
        The rank q, at most min(m, n).
    passes : int
        Passes over V, at least 1.
    rng : Generator
        Where the first directions come from.

    Returns
    -------
    LowRank
        With R of orthonormal rows, and L = R V'. It costs 4 q m n multiply-adds a pass.
    """
    m, n = shape
    Q = rng.standard_normal((size, m), np.float32)
    for step in range(passes):
        R, Y, square = _power(tiles, Q, n)
        if step < passes - 1:
            Q = np.ascontiguousarray(np.linalg.qr(Y.T.astype(np.float64))[0].T.astype(Y.dtype))
    # The roots of R R' in float64: its smallest directions are far below the largest
    values, vectors = np.linalg.eigh(np.einsum("kj,lj->kl", R, R, dtype=np.float64, optimize=True))
    kept = values > values[-1] * len(R) * np.finfo(R.dtype).eps
    inverse = (vectors[:, kept] / np.sqrt(values[kept])).T
    L, R = (np.ascontiguousarray((inverse @ X).astype(X.dtype)) for X in (Y, R))
    return LowRank(L, R, max(square - float(np.square(L, dtype=np.float64).sum()), 0.0))


def _power(tiles: Tiles, Q: np.ndarray, n: int) -> tuple[np.ndarray, np.ndarray, float]:
    """Return Q V, its product with V', and the squared length of V, from one pass."""
    R = Y = None
    square = 0.0
    for columns, block in tiles():
        if R is None or Y is None:
            Q = Q.astype(block.dtype, copy=False)
            R, Y = np.empty((len(Q), n), Q.dtype), np.zeros(Q.shape, np.float64)
        part = np.ascontiguousarray(block.contract(Q, None, VALUE))
        Y += block.T.contract(part, None, VALUE)
        square += block.total(None, None, SQUARED_VALUE)
        R[:, columns] = part
    assert R is not None
    assert Y is not None
    return R, Y.astype(R.dtype), square
