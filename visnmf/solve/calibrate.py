"""How fast this machine is: a short run on a piece of V, stage by stage, against the cost model."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from scipy import sparse

from visnmf.kernels.choose import Kernels
from visnmf.matrices.dense import Dense
from visnmf.matrices.masked import Masked
from visnmf.matrices.protocol import Matrix
from visnmf.matrices.sparse import Sparse
from visnmf.solve.alternate import Composition
from visnmf.solve.cost import Rates, Size
from visnmf.solve.plan import Plan
from visnmf.solve.run import compose, run
from visnmf.solve.stages import Kind, stages_of
from visnmf.solve.stopping import Rule, Trace
from visnmf.solve.warmup import StandIns

__all__ = ["Factors", "Subject", "measure", "probe"]

_SECONDS = 0.08  # that a run on the piece should take on a usual machine
_ITERATIONS = 4
_LEAST = 64  # columns, or rows, of the piece
_REPEATS = 2
SPARSE_COST = 4.0  # as in matrices/sparse.py
_BELIEVED = 1 / 50, 50.0  # factors that a clock may tell


@dataclass(frozen=True)
class Factors:
    """Seconds measured over seconds counted, for each stage of a run.

    Parameters
    ----------
    start, warm, iteration, closing : float
        As of `visnmf.solve.stages.Stages`.
    """

    start: float = 1.0
    warm: float = 1.0
    iteration: float = 1.0
    closing: float = 1.0


@dataclass(frozen=True)
class Subject:
    """What is to be factorized, as far as it is known.

    Parameters
    ----------
    size : Size
        Of the problem.
    dtype : dtype
        Of V.
    sparse : bool
        Whether V is sparse.
    observed : float
        The share of entries that are known.
    matrix : Matrix, optional
        V itself.
    """

    size: Size
    dtype: np.dtype[Any]
    sparse: bool = False
    observed: float = 1.0
    matrix: Matrix | None = None

    @classmethod
    def of(cls, matrix: Matrix, rank: int, observed: float = 1.0) -> Subject:
        """Return what a matrix is, of which only a share may be known."""
        m, n = matrix.shape
        if not isinstance(matrix, Sparse):
            size = Size.dense(m, n, rank)
            return cls(size, matrix.dtype, observed=observed, matrix=matrix)
        size = Size(m, n, rank, matrix.work, float(len(matrix.columns.data)))
        return cls(size, matrix.dtype, sparse=True, matrix=matrix)

    @classmethod
    def unseen(
        cls,
        shape: tuple[int, int],
        rank: int,
        dtype: np.dtype[Any],
        density: float,
        observed: float,
    ) -> Subject:
        """Return what is known of a matrix that is not at hand; a density below 1 means sparse."""
        size, sparse = Size.dense(*shape, rank), density < 1
        if sparse:
            stored = max(1.0, density * size.entries)
            size = replace(size, work=SPARSE_COST * stored, entries=stored)
        return cls(size, dtype, sparse, observed)

    def piece(self, count: int) -> Matrix:
        """Return so many columns of V, or rows if they are more: random ones if it is not at hand.

        Parameters
        ----------
        count : int
            How many.
        """
        m, n = self.size.m, self.size.n
        if self.matrix is None:
            shape = (m, count) if n >= m else (count, n)
            share = self.size.entries / (float(m) * n) if self.sparse else 1.0
            return _hidden(_random(shape, share, self.sparse, self.dtype), self.observed)
        if count < self.size.long:
            some = np.sort(np.random.default_rng(0).choice(self.size.long, count, replace=False))
            matrix = self.matrix.take(some) if n >= m else self.matrix.T.take(some).T
        else:
            matrix = self.matrix
        return _hidden(matrix, self.observed)


def probe(subject: Subject, plan: Plan, kernels: Kernels) -> Composition:
    """Return a tiny problem of the same kind, or refuse what does not go together."""
    matrix = _random((8, 9), 0.5 if subject.sparse else 1.0, subject.sparse, subject.dtype)
    return compose(_hidden(matrix, min(subject.observed, 1.0)), plan, kernels)


def measure(subject: Subject, plan: Plan, kind: Kind, stand_ins: StandIns, rates: Rates) -> Factors:
    """Run a few iterations on a piece of V and return how its times compare with those counted.

    Parameters
    ----------
    subject : Subject
        What is to be factorized.
    plan : Plan
        How, with the kernels that it will have.
    kind : Kind
        Which stages there are.
    stand_ins : StandIns
        Those of the run on all of V; the low-rank one is tried on the piece.
    rates : Rates
        What the counted seconds are of.
    """
    short = replace(plan, rule=Rule(_ITERATIONS), stand_in_iter=_ITERATIONS)
    count = _length(subject.size, kind, stand_ins, short, rates)
    matrix = subject.piece(count)
    low = min(stand_ins.rank, *matrix.shape)
    short = replace(short, warmup="low rank" if low else "none")
    size = Subject.of(matrix, plan.rank).size
    stages = stages_of(size, kind, StandIns(rank=low), short)
    counted = [rates.seconds(work) for work in stages.works()]
    found = [_seconds_of(matrix, short) for _ in range(_REPEATS)]
    least = [min(times) for times in zip(*found, strict=True)]
    return Factors(*(_ratio(a, b) for a, b in zip(least, counted, strict=True)))


def _ratio(measured: float, counted: float) -> float:
    if not (math.isfinite(measured) and counted > 0):
        return 1.0
    return min(max(measured / counted, _BELIEVED[0]), _BELIEVED[1])


def _length(size: Size, kind: Kind, stand_ins: StandIns, plan: Plan, rates: Rates) -> int:
    """Return how much of V's longer side makes a piece that is run through soon enough."""
    stages = stages_of(size, kind, StandIns(rank=stand_ins.rank), plan)
    counts = (1, _ITERATIONS, _ITERATIONS, 1)
    whole = sum(
        count * rates.seconds(work) for count, work in zip(counts, stages.works(), strict=True)
    )
    least = max(_LEAST, 2 * size.rank, stand_ins.rank)
    return min(size.long, max(least, int(size.long * _SECONDS / max(whole, 1e-9))))


def _seconds_of(matrix: Matrix, plan: Plan) -> tuple[float, float, float, float]:
    """Return the seconds of the start, an iteration on a stand-in, one on V, and the end."""
    trace = Trace()
    if run(matrix, plan, trace, np.random.default_rng(0), {}).reason == "interrupted":
        raise KeyboardInterrupt
    records = trace.history
    warm = _step([each.seconds for each in records if each.phase in ("low rank", "sample")])
    on_V = [each.seconds for each in records if each.phase == "V"]
    step = _step(on_V)
    begun = records[0].phase in ("V", "start")
    start = on_V[0] - step if begun else records[0].seconds - warm
    return max(start, 0.0), warm, step, records[-1].seconds - on_V[-1]


def _step(times: list[float]) -> float:
    return float(np.median(np.diff(times))) if len(times) > 1 else math.nan


def _random(shape: tuple[int, int], density: float, sparsely: bool, dtype: np.dtype[Any]) -> Matrix:
    """Return a matrix of random entries."""
    rng = np.random.default_rng(0)
    m, n = shape
    if sparsely:
        count = max(1, round(density * m * n))
        places = rng.integers(m, size=count), rng.integers(n, size=count)
        values = (rng.random(count) + 0.1).astype(dtype)
        return Sparse.of(sparse.csc_array((values, places), shape=shape))
    kind: Any = np.float64 if dtype == np.float64 else np.float32
    return Dense(rng.random((n, m), kind).T)


def _hidden(matrix: Matrix, observed: float) -> Matrix:
    """Return a dense matrix of whose entries only a share is known."""
    if observed >= 1 or not isinstance(matrix, Dense):
        return matrix
    known = np.random.default_rng(1).random(matrix.shape, np.float32) < observed
    known[0, 0] = True
    weights = known.astype(matrix.dtype)
    return Masked(matrix.values * weights, weights)
