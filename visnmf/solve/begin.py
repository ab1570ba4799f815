"""The pair that a run starts from."""

from __future__ import annotations

import numpy as np

from visnmf.errors import InvalidInputError
from visnmf.matrices.dense import Dense
from visnmf.matrices.lowrank import LowRank
from visnmf.matrices.masked import Masked
from visnmf.matrices.protocol import ONE, VALUE, Matrix
from visnmf.matrices.sparse import Sparse
from visnmf.solve.iterate import Pair
from visnmf.solve.plan import Plan
from visnmf.solve.warmup import StandIns, stand_in_of_low_rank
from visnmf.starts.kmeans import kmeans_start
from visnmf.starts.nndsvd import VARIANTS, nndsvd
from visnmf.starts.random import random_start
from visnmf.starts.scaling import scale_to_fit
from visnmf.starts.separable import separable_start

__all__ = ["OVERSAMPLED", "begin", "fill_in", "put_known"]

OVERSAMPLED = 10  # directions beyond the rank in the range finder of an SVD start


def begin(
    matrix: Matrix, plan: Plan, stand_ins: StandIns, rng: np.random.Generator
) -> tuple[Pair, LowRank | None]:
    """Return the pair to start from, and V of low rank where a warm-up needs it too."""
    m, n = matrix.shape
    rank = plan.rank
    if plan.given is not None:
        W, H = plan.given
        return Pair(np.array(W, order="C"), np.array(H, order="C")), None
    init = plan.init_for((m, n))
    matrix = fill_in(matrix)
    if init == "random" or matrix.weighted:
        W, H = random_start(matrix, rank, rng)
        scale_to_fit(matrix, W, H)
        return Pair(W, H), None
    if init not in VARIANTS:
        V = _array_of(matrix)
        if init in ("spa", "snpa"):
            W, H = separable_start(V, rank, method=init)
        else:
            W, H = kmeans_start(V, rank, rng, spherical=init == "spherical kmeans")
        W, H = (np.ascontiguousarray(F, matrix.dtype) for F in (W, H))
        scale_to_fit(matrix, W, H)
        return Pair(W, H), None
    if rank > min(m, n):
        raise InvalidInputError(
            f"init={init!r} needs rank <= min(m, n), but the rank is {rank} and V is "
            f"{m} x {n}; use init='random'"
        )
    shared = stand_ins.rank > 0 and not stand_ins.sample
    size = stand_ins.rank if shared else min(rank + OVERSAMPLED, m, n)
    lowered = stand_in_of_low_rank(matrix, size, rng)
    triplets = _leading(lowered, rank)
    mean = matrix.total(None, None, VALUE) / (m * n)
    W, H = nndsvd(triplets, init, mean, rng)
    scale_to_fit(lowered, W, H)
    return Pair(W, H), lowered if shared else None


def fill_in(matrix: Matrix) -> Matrix:
    """Return a masked V with each missing entry at the mean of what is known of its row.

    Starts that look at V as a whole look at this; a matrix without missing entries, or with
    few known ones, is returned as it is.
    """
    if not isinstance(matrix, Masked):
        return matrix
    one = np.ones((1, matrix.shape[1]), matrix.dtype)
    known = matrix.T.contract(one, None, ONE)[0]
    sums = matrix.T.contract(one, None, VALUE)[0]
    whole = float(sums.sum(dtype=np.float64)) / float(known.sum(dtype=np.float64))
    means = np.where(known > 0, sums / np.where(known > 0, known, 1), whole)
    means = means.astype(matrix.dtype)[:, None]
    return Dense(np.where(matrix.weights > 0, matrix.values, means))


def put_known(plan: Plan, pair: Pair) -> None:
    """Put what is known of W and H in its place, in that of the parts most like it."""
    rows_W, rows_H = plan.known_rows()
    for F, G, known, rows in (
        (pair.W, pair.H, plan.known_W, rows_W),
        (pair.H, pair.W, plan.known_H, rows_H),
    ):
        if known is None:
            continue
        for row, part in zip(rows, known, strict=True):
            later = np.arange(row, len(F))
            lengths = np.linalg.norm(F[later], axis=1)
            alike = (F[later] @ part) / np.where(lengths > 0, lengths, 1)
            best = later[int(np.argmax(alike))]
            F[[row, best]] = F[[best, row]]
            G[[row, best]] = G[[best, row]]
            length = np.linalg.norm(part)
            if length > 0:
                G[row] *= np.linalg.norm(F[row]) / length
            F[row] = part


def _array_of(matrix: Matrix) -> object:
    """Return V as starts that look at single columns take it."""
    if isinstance(matrix, Dense):
        return matrix.values
    assert isinstance(matrix, Sparse)
    return matrix.columns.matrix()


def _leading(lowered: LowRank, rank: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the leading singular triplets of a stand-in of any shape."""
    m, n = lowered.shape
    if m <= n:
        return lowered.leading(rank)
    Z, S, U = lowered.T.leading(rank)
    return U.T, S, Z.T
