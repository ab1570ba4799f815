"""A run whose models hold for every F: Frobenius, every entry of V known, no terms."""

from __future__ import annotations

from typing import Any

import numpy as np

from visnmf.losses.frobenius import Frobenius
from visnmf.solve.alternate import Composition
from visnmf.solve.begin import begin
from visnmf.solve.closing import close, order_parts
from visnmf.solve.extrapolation import Extrapolation
from visnmf.solve.iterate import Pair, Problem, iterate
from visnmf.solve.plan import Plan
from visnmf.solve.result import Factorization
from visnmf.solve.stopping import Trace
from visnmf.solve.warmup import StandIns, choose_stand_ins, warm_up

__all__ = ["run_exact"]

_PROBED = 256  # columns that tell whether a given pair fits
_FITTING = 0.02  # projected gradient of a pair that fits, over the gradient at zero


def run_exact(
    composition: Composition,
    plan: Plan,
    trace: Trace,
    rng: np.random.Generator,
    settings: dict[str, Any],
) -> Factorization:
    """Carry a plan out with stand-ins for V while far from the end."""
    matrix, loss, kernels = composition.matrix, composition.loss, composition.kernels
    assert isinstance(loss, Frobenius)
    problem = Problem(matrix, loss, composition.H.update, kernels)
    wanted = plan.warmup
    if plan.given is not None and wanted == "auto" and _fits(problem, plan.given):
        wanted = "none"
    lowered = None
    if trace.resumed("V"):
        stand_ins = StandIns()
        W, H = (np.zeros((plan.rank, length), matrix.dtype) for length in matrix.shape)
        pair = Pair(W, H)
    else:
        stand_ins = choose_stand_ins(
            matrix.shape, plan.rank, wanted, kernels.SWEEP_COST, matrix.work
        )
        pair, lowered = begin(matrix, plan, stand_ins, rng)
    cold = plan.given is not None or plan.init_for(matrix.shape) == "random"
    try:
        reason = warm_up(
            problem, pair, stand_ins, lowered=lowered, trace=trace, rng=rng,
            extrapolation=plan.extrapolate, cold=cold, max_iter=plan.stand_in_iter,
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
        reason = trace.interrupt()
    try:
        objective, kkt = close(problem, pair)
        trace.add("closing", 1, objective, kkt)
    except KeyboardInterrupt:
        reason = trace.interrupt()
        objective, kkt = close(problem, pair)
    if plan.given is None:
        order_parts(pair)  # once the encodings are final: they are half of the energy
    n_iter = sum(record.phase == "V" for record in trace.history)
    return Factorization(pair.W.T, pair.H, objective, kkt, trace.history, reason, n_iter, settings)


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
