"""A whole run: start, warm-up, iterations on V, closing."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from visnmf.errors import InvalidInputError
from visnmf.kernels.choose import choose_kernels
from visnmf.losses.frobenius import Frobenius
from visnmf.matrices.lowrank import LowRank
from visnmf.matrices.protocol import VALUE, Matrix
from visnmf.solve.closing import close, order_parts
from visnmf.solve.extrapolation import Extrapolation
from visnmf.solve.iterate import Pair, Problem, iterate
from visnmf.solve.result import Factorization
from visnmf.solve.stopping import Rule, Trace
from visnmf.solve.warmup import StandIns, choose_stand_ins, stand_in_of_low_rank, warm_up
from visnmf.starts.nndsvd import VARIANTS, nndsvd
from visnmf.starts.random import random_start
from visnmf.starts.scaling import scale_to_fit
from visnmf.updates.hals import Hals

__all__ = ["INITS", "Plan", "run"]

INITS = ("auto", "random", *VARIANTS)

_PROBED = 256  # columns that tell whether a given pair fits
_FITTING = 0.02  # projected gradient of a pair that fits, over the gradient at zero
_OVERSAMPLED = 10  # directions beyond the rank in the range finder of an SVD start


@dataclass(frozen=True)
class Plan:
    """What a run does, checked already.

    Parameters
    ----------
    rank : int
        How many parts.
    rule : Rule
        When the phase on V ends.
    init : str
        One of `INITS`; "auto" and the SVD starts as `factorize` tells.
    given : tuple of ndarray, optional
        W' (rank x m) and H (rank x n) to start from, in V's dtype; copied.
    warmup, sweeps, ratio, extrapolate, kernels
        As `factorize` tells; `ratio` as `Hals` does.
    """

    rank: int
    rule: Rule
    init: str = "auto"
    given: tuple[np.ndarray, np.ndarray] | None = None
    warmup: str = "auto"
    sweeps: int = 8
    ratio: float = 0.05
    extrapolate: bool = True
    kernels: str = "auto"

    def init_for(self, shape: tuple[int, int]) -> str:
        """Return the start that "auto" is for V of a shape, or the one that is asked for."""
        if self.init == "auto":
            return "nndsvda" if self.rank <= min(shape) else "random"
        return self.init


def run(
    matrix: Matrix, plan: Plan, trace: Trace, rng: np.random.Generator, settings: dict[str, Any]
) -> Factorization:
    """Carry a plan out and return what came of it; settings are only handed on."""
    m, n = matrix.shape
    kernels = choose_kernels(plan.kernels, plan.rank, m + n)
    update = Hals(kernels, plan.sweeps, plan.ratio)
    problem = Problem(matrix, Frobenius(matrix), update, kernels)
    stand_ins = choose_stand_ins((m, n), plan.rank, plan.warmup, kernels.SWEEP_COST)
    if plan.given is not None and plan.warmup == "auto" and _fits(problem, plan.given):
        stand_ins = choose_stand_ins((m, n), plan.rank, "none")
    pair, lowered = _start(matrix, plan, stand_ins, rng)
    cold = plan.given is not None or plan.init_for((m, n)) == "random"
    try:
        reason = warm_up(
            problem, pair, stand_ins, lowered=lowered, trace=trace, rng=rng,
            extrapolation=plan.extrapolate, cold=cold,
        )  # fmt: skip
        del lowered
        reason = reason or iterate(
            problem,
            pair,
            phase="V",
            rule=plan.rule,
            trace=trace,
            extrapolation=Extrapolation() if plan.extrapolate else None,
            cold=cold and not trace.history,
        )
    except KeyboardInterrupt:
        reason = "interrupted"
    try:
        objective, kkt = close(problem, pair)
        trace.add("closing", 1, objective, kkt)
    except KeyboardInterrupt:
        reason = "interrupted"
        objective, kkt = close(problem, pair)
    if plan.given is None:
        order_parts(pair)  # once the encodings are final: they are half of the energy
    n_iter = sum(record.phase == "V" for record in trace.history)
    return Factorization(pair.W.T, pair.H, objective, kkt, trace.history, reason, n_iter, settings)


def _start(
    matrix: Matrix, plan: Plan, stand_ins: StandIns, rng: np.random.Generator
) -> tuple[Pair, LowRank | None]:
    """Return the pair to start from, and V of low rank where both need it."""
    m, n = matrix.shape
    rank = plan.rank
    if plan.given is not None:
        W, H = plan.given
        return Pair(np.array(W, order="C"), np.array(H, order="C")), None
    init = plan.init_for((m, n))
    if init == "random":
        W, H = random_start(matrix, rank, rng)
        scale_to_fit(matrix, W, H)
        return Pair(W, H), None
    if rank > min(m, n):
        raise InvalidInputError(
            f"init={init!r} needs rank <= min(m, n), but the rank is {rank} and V is "
            f"{m} x {n}; use init='random'"
        )
    shared = stand_ins.rank > 0 and not stand_ins.sample
    size = stand_ins.rank if shared else min(rank + _OVERSAMPLED, m, n)
    lowered = stand_in_of_low_rank(matrix, size, rng)
    triplets = _leading(lowered, rank)
    mean = matrix.total(None, None, VALUE) / (m * n)
    W, H = nndsvd(triplets, init, mean, rng)
    scale_to_fit(lowered, W, H)
    return Pair(W, H), lowered if shared else None


def _fits(problem: Problem, given: tuple[np.ndarray, np.ndarray]) -> bool:
    """Tell, from some columns, whether H is nearly the best for W, as of a run to be resumed.

    Such a pair has nothing to gain on a stand-in, and would be lost there.
    """
    W, H = (np.ascontiguousarray(F) for F in given)
    n = H.shape[1]
    some = np.unique(np.linspace(0, n - 1, min(n, _PROBED)).astype(int))
    part, F = problem.matrix.take(some), np.ascontiguousarray(H[:, some])
    model = problem.loss.model(part, W, out=np.empty_like(F))
    slope = model.at(F, problem.kernels).square
    return bool(np.sqrt(slope) <= _FITTING * np.linalg.norm(model.B))


def _leading(lowered: LowRank, rank: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the leading singular triplets of a stand-in of any shape."""
    m, n = lowered.shape
    if m <= n:
        return lowered.leading(rank)
    Z, S, U = lowered.T.leading(rank)
    return U.T, S, Z.T
