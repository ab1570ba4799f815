"""A run of a composition: any loss, terms, weights, known parts."""

from __future__ import annotations

from typing import Any

import numpy as np

from visnmf.solve.alternate import Composition, alternate
from visnmf.solve.begin import begin
from visnmf.solve.closing import order_parts
from visnmf.solve.encode import goal_of
from visnmf.solve.iterate import Pair
from visnmf.solve.onesided import fit_one
from visnmf.solve.plan import Plan
from visnmf.solve.result import Factorization
from visnmf.solve.side import Side
from visnmf.solve.stopping import Trace, kkt_norm
from visnmf.solve.warmup import choose_stand_ins

__all__ = ["admit", "closing_steps", "run_composed"]

_CLOSING = 20  # the most steps of H alone at the end
_WORTH = 1e-6  # relative gain of such a step that is worth another


def run_composed(
    problem: Composition,
    plan: Plan,
    trace: Trace,
    rng: np.random.Generator,
    settings: dict[str, Any],
    *,
    ordered: bool,
) -> Factorization:
    """Carry a plan out on V itself.

    Parameters
    ----------
    problem : Composition
        What the plan is of.
    plan, trace, rng, settings
        As of `visnmf.solve.run.run`.
    ordered : bool
        Whether to order the parts that are not known by what they explain.
    """
    matrix = problem.matrix
    rows_W, rows_H = plan.known_rows()
    known = len(rows_W) + len(rows_H)
    if trace.resumed("V"):
        W, H = (np.zeros((plan.rank, length), matrix.dtype) for length in matrix.shape)
        pair = Pair(W, H)
    else:
        pair, _ = begin(matrix, plan, choose_stand_ins(matrix.shape, plan.rank, "none"), rng)
        for F, rows, values in (
            (pair.W, rows_W, plan.known_W),
            (pair.H, rows_H, plan.known_H),
        ):
            if values is not None:
                F[rows] = values
        admit(problem, pair)
    drawn = plan.given is None and plan.init_for(matrix.shape) == "random"
    cold = drawn or not ordered or known > 0  # parts that gave way leave the others unfitted
    try:
        reason = ("" if trace.resumed("V") else trace.ended) or alternate(
            problem,
            pair,
            phase="V",
            rule=plan.rule,
            trace=trace,
            extrapolation=problem.extrapolation() if plan.extrapolate else None,
            cold=cold,
        )
    except KeyboardInterrupt:
        reason = trace.interrupt()
    try:
        objective, kkt = _close(problem, pair, closing_steps(len(trace.history)))
        trace.add("closing", 1, objective, kkt)
    except KeyboardInterrupt:
        reason = trace.interrupt()
        objective, kkt = _measure(problem, pair)
    if ordered and not problem.W.penalties and not problem.H.penalties:
        order_parts(pair, first=known)
    H = problem.mixed(pair.H)
    n_iter = sum(record.phase == "V" for record in trace.history)
    return Factorization(pair.W.T, H, objective, kkt, trace.history, reason, n_iter, settings)


def closing_steps(iterations: int) -> int:
    """Return the most steps of H alone after so many iterations."""
    return min(_CLOSING, max(3, iterations // 4))


def admit(problem: Composition, pair: Pair) -> None:
    """Bring a pair to where its sides may begin, W H staying near what it was."""
    sides = (problem.W, pair.W, problem.H, pair.H)
    for side, F, far, other in (sides, (*sides[2:], *sides[:2])):
        lengths = _lengths(side, F)
        if lengths is None:
            continue
        if far.free is not None:  # what is known does not change
            lengths[~np.isin(np.arange(len(F)), far.free)] = 1
        F /= lengths
        other *= lengths
    before = _size(problem, pair)
    for side, F in ((problem.W, pair.W), (problem.H, pair.H)):
        side.admit(F)
    after = _size(problem, pair)
    for side, F in ((problem.H, pair.H), (problem.W, pair.W)):
        if side.constraint is None and side.free is None and before > 0 and after > 0:
            F *= F.dtype.type(before / after)
            side.admit(F)
            break


def _lengths(side: Side, F: np.ndarray) -> np.ndarray | None:
    """Return what free parts are to be divided by, so that a constraint on their length holds."""
    constraint = side.constraint
    if constraint is None or constraint.couples != "part":
        return None
    unit = getattr(constraint, "unit", False)
    if constraint.total is None and not unit:
        return None
    degree = 2 if unit else constraint.degree
    sums = (F.astype(np.float64) ** degree).sum(axis=1, keepdims=True)
    lengths = (sums / (1.0 if unit else constraint.total)) ** (1 / degree)
    if not unit and not constraint.exact:
        lengths = np.maximum(lengths, 1)
    lengths = np.where(lengths > 0, lengths, 1).astype(F.dtype)
    if side.free is not None:
        lengths[~np.isin(np.arange(len(F)), side.free)] = 1
    return lengths


def _size(problem: Composition, pair: Pair) -> float:
    W, H = problem.mixed(pair.W), pair.H
    return float(np.sqrt(np.einsum("kr,kr->", W @ W.T, H @ H.T, dtype=np.float64)))


def _close(problem: Composition, pair: Pair, steps: int) -> tuple[float, float]:
    """Fit H once more to the last W; return the objective and the KKT norm of the pair."""
    fit_one(
        problem.H,
        problem.loss,
        problem.matrix,
        problem.mixed(pair.W),
        pair.H,
        problem.kernels,
        limit=steps,
        goal=goal_of(pair.H.dtype),
        change=_WORTH,
    )
    return _measure(problem, pair)


def _measure(problem: Composition, pair: Pair) -> tuple[float, float]:
    of_H, of_W, _ = problem.measure(pair, problem.model_H(pair))
    return problem.objective(pair), kkt_norm(of_H, of_W)
