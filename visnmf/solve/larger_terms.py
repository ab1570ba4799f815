"""A run of a composition on a V that is never whole in memory: any loss, terms, missing entries.

It begins as `visnmf.solve.larger` does. Where what is asked of H couples images (a graph, the
length of a row), a step of H needs all of them: then V is gone through for each sum that is
taken of it, and H lies in memory.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from visnmf.kernels.products import gram_of
from visnmf.losses.beta import Beta
from visnmf.matrices.chunked import Chunked
from visnmf.matrices.protocol import VALUE, Matrix
from visnmf.solve.alternate import Composition, alternate
from visnmf.solve.composed import admit, closing_steps, run_composed
from visnmf.solve.encode import goal_of
from visnmf.solve.iterate import Pair
from visnmf.solve.larger import draw, rooms_for
from visnmf.solve.least_squares import near_inverse, solve_clipped
from visnmf.solve.plan import Plan
from visnmf.solve.result import Factorization
from visnmf.solve.stopping import Rule, Trace, kkt_norm
from visnmf.solve.streamed_trials import StreamedTrials
from visnmf.updates.multiplicative import lift

__all__ = ["run_larger_terms"]

Fit = Callable[[Matrix, Plan, Trace, np.random.Generator, dict[str, Any]], Factorization]

_SAMPLE = Rule(200, change=1e-3)  # of the fit to the sample
_FIRST = 5  # steps of the first encodings, beyond their least squares
_SWEEPS = 20  # of these
_WORTH = 1e-6  # relative gain of a step that is worth another
_FLOOR = 1e-4  # the least entry that multiplicative steps begin at, over the mean


def run_larger_terms(
    problem: Composition,
    plan: Plan,
    trace: Trace,
    rng: np.random.Generator,
    settings: dict[str, Any],
    fit: Fit,
) -> Factorization:
    """Carry a plan out in passes over V.

    Parameters
    ----------
    problem : Composition
        What the plan is of.
    plan, trace, rng, settings
        As of `visnmf.solve.run.run`.
    fit : callable
        `visnmf.solve.run.run` itself, for the sample.
    """
    matrix = problem.matrix
    assert isinstance(matrix, Chunked)
    trace.passes = matrix.passes
    known = sum(len(rows) for rows in plan.known_rows())
    ordered = plan.given is None
    trials = StreamedTrials(problem, rooms_for(plan, matrix))
    trials.halted = lambda: trace.stopping
    pair = Pair(np.zeros((plan.rank, matrix.shape[0]), matrix.dtype), trials.H)
    reason, goal = "", goal_of(matrix.dtype)
    try:
        if plan.given is not None:
            _given(problem, plan, pair, matrix.ranges())
        elif not trace.resumed("V"):
            pair.W = _sample_fit(problem, plan, trace, rng, fit)
            reason = trace.ended

            def begin(columns: Any, block: Matrix) -> np.ndarray:
                return _begin(problem, plan, pair.W, columns, block)

            if problem.H.separable:
                first = trials.fit(pair.W, limit=_FIRST, goal=goal, change=_WORTH, begin=begin)
                trace.add("first", 1, first.objective, kkt_norm(first.of_H, first.of_W))
            else:
                for columns, block in matrix.tiles():
                    pair.H[:, columns] = begin(columns, block)
        if not problem.H.separable:
            return _in_passes(problem, plan, pair, trace, rng, settings, ordered=ordered)
        if not reason or trace.stopping:  # which the iteration keeps, and ends at once
            reason = alternate(
                problem, pair, phase="V", rule=plan.rule, trace=trace,
                extrapolation=problem.extrapolation() if plan.extrapolate else None,
                cold=not ordered or known > 0, trials=trials,
            )  # fmt: skip
    except KeyboardInterrupt:
        reason = trace.interrupt()
    last = trace.history[-1] if trace.history else None
    if trace.stopping and last is not None and last.phase in ("first", "V"):
        objective, kkt = last.objective, math.nan
    else:
        steps = closing_steps(len(trace.history))
        fitted = trials.fit(pair.W, limit=steps, goal=goal, change=_WORTH)
        objective, kkt = fitted.objective, kkt_norm(fitted.of_H, fitted.of_W)
        trace.add("closing", 1, objective, kkt)
    if ordered and not problem.W.penalties and not problem.H.penalties:
        _order(pair, trials, known)
    n_iter = sum(record.phase == "V" for record in trace.history)
    settings["passes"] = matrix.passes()
    H = problem.mixed(trials.H)
    return Factorization(
        pair.W.T, H, objective, kkt, trace.history, reason, n_iter, settings,
        dict(matrix.lost),
    )  # fmt: skip


def _in_passes(
    problem: Composition,
    plan: Plan,
    pair: Pair,
    trace: Trace,
    rng: np.random.Generator,
    settings: dict[str, Any],
    *,
    ordered: bool,
) -> Factorization:
    """Go through V for each sum that is taken of it, H being in memory."""
    own = replace(plan, given=(pair.W, np.ascontiguousarray(pair.H)))
    found = run_composed(problem, own, trace, rng, settings, ordered=ordered)
    matrix = problem.matrix
    assert isinstance(matrix, Chunked)
    settings["passes"] = matrix.passes()
    return replace(found, skipped=dict(matrix.lost))


def _given(problem: Composition, plan: Plan, pair: Pair, ranges: list[slice]) -> None:
    """Begin at a pair that was given, where the sides may begin."""
    assert plan.given is not None
    W, H = (np.array(F, order="C") for F in plan.given)
    begun = Pair(W, H)
    for F, rows, values in zip(
        (begun.W, begun.H), plan.known_rows(), (plan.known_W, plan.known_H), strict=True
    ):
        if values is not None:
            F[rows] = values
    admit(problem, begun)
    pair.W = begun.W
    for columns in ranges:
        pair.H[:, columns] = begun.H[:, columns]


def _sample_fit(
    problem: Composition, plan: Plan, trace: Trace, rng: np.random.Generator, fit: Fit
) -> np.ndarray:
    """Return W' of a fit to a sample in memory; what couples images waits for all of them."""
    matrix = problem.matrix
    assert isinstance(matrix, Chunked)
    columns, sample = draw(matrix, plan.rank, rng)
    share = len(columns) / matrix.shape[1]
    own = replace(
        plan,
        rule=replace(_SAMPLE, max_iter=min(_SAMPLE.max_iter, plan.rule.max_iter)),
        W=replace(plan.W, penalties=tuple(each.scaled(share) for each in plan.W.penalties)),
        H=plan.H if problem.H.separable else replace(plan.H, penalties=(), constraint=None),
        known_H=None if plan.known_H is None else plan.known_H[:, columns],
        scratch=None,
    )
    found = fit(sample, own, trace.inner("sample"), rng, {})
    W = np.ascontiguousarray(found.W.T)
    if isinstance(problem.loss, Beta):
        lift(W, _FLOOR)
        if plan.known_W is not None:
            W[plan.known_rows()[0]] = plan.known_W
    problem.W.admit(W)
    return W


def _begin(
    problem: Composition, plan: Plan, W: np.ndarray, columns: Any, block: Matrix
) -> np.ndarray:
    """Return encodings of a block by least squares, where the side may begin."""
    A = problem.mixed(W)
    G, B = gram_of(A), block.contract(A, None, VALUE)
    codes = solve_clipped(near_inverse(G), B)
    problem.kernels.nnls(codes, G, B, _SWEEPS, goal_of(codes.dtype))
    if problem.H.positive:
        lift(codes, _FLOOR)
    rows = plan.known_rows()[1]
    if plan.known_H is not None:
        codes[rows] = plan.known_H[:, columns]
    if problem.H.separable:
        problem.H.admit(codes)
    return codes


def _order(pair: Pair, trials: StreamedTrials, known: int) -> None:
    """Put the parts that are not known in order of the energy that they explain."""
    trials.tried = trials.H
    energy = np.square(pair.W, dtype=np.float64).sum(axis=1) * trials.lengths() ** 2
    energy[:known] = np.inf
    order = np.argsort(-energy, kind="stable")
    pair.W = pair.W[order]
    trials.permute(order)
