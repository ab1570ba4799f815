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

from visnmf.matrices.chunked import Chunked
from visnmf.matrices.protocol import Matrix
from visnmf.solve.afar import Afar
from visnmf.solve.alternate import Composition, alternate
from visnmf.solve.composed import admit, closing_steps, run_composed
from visnmf.solve.encode import goal_of
from visnmf.solve.iterate import Pair
from visnmf.solve.larger import draw, rooms_for
from visnmf.solve.plan import Plan
from visnmf.solve.result import Factorization
from visnmf.solve.scattered_trials import ScatteredTrials
from visnmf.solve.stopping import Rule, Trace, kkt_norm
from visnmf.solve.streamed_trials import StreamedTrials
from visnmf.solve.trial_blocks import FLOOR, begin_block
from visnmf.updates.multiplicative import lift

__all__ = ["run_larger_terms"]

Fit = Callable[[Matrix, Plan, Trace, np.random.Generator, dict[str, Any]], Factorization]

_SAMPLE = Rule(200, change=1e-3)  # of the fit to the sample
_FIRST = 5  # steps of the first encodings, beyond their least squares
_WORTH = 1e-6  # relative gain of a step that is worth another


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
    if not problem.H.separable:
        return _in_passes(problem, plan, trace, rng, settings, fit)
    trials = _images(problem, plan)
    trials.halted = lambda: trace.stopping
    pair = Pair(
        np.zeros((plan.rank, matrix.shape[0]), matrix.dtype), np.zeros((plan.rank, 0), matrix.dtype)
    )
    reason, goal = "", goal_of(matrix.dtype)
    try:
        if plan.given is not None:
            pair.W, H = _given(problem, plan)
            trials.begin(H)
        elif not trace.resumed("V"):
            pair.W = _sample_fit(problem, plan, trace, rng, fit)
            reason = trace.ended
            if plan.known_H is not None:
                trials.begin(plan.known_H, plan.known_rows()[1])
            first = trials.fit(pair.W, limit=_FIRST, goal=goal, change=_WORTH, afresh=True)
            trace.add("first", 1, first.objective, kkt_norm(first.of_H, first.of_W))
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


def _images(problem: Composition, plan: Plan) -> StreamedTrials | ScatteredTrials:
    """Return the encodings: here, or with the workers where V is."""
    matrix = problem.matrix
    assert isinstance(matrix, Chunked)
    rooms = rooms_for(plan, matrix)
    if isinstance(matrix, Afar):
        return ScatteredTrials(problem, rooms, plan.scratch)
    return StreamedTrials(problem, rooms)


def _in_passes(
    problem: Composition,
    plan: Plan,
    trace: Trace,
    rng: np.random.Generator,
    settings: dict[str, Any],
    fit: Fit,
) -> Factorization:
    """Go through V for each sum that is taken of it, H being in memory."""
    matrix = problem.matrix
    assert isinstance(matrix, Chunked)
    ordered = plan.given is None
    if not ordered:
        W, H = _given(problem, plan)
    else:
        W, H = (np.zeros((plan.rank, length), matrix.dtype) for length in matrix.shape)
        if not trace.resumed("V"):
            W = _sample_fit(problem, plan, trace, rng, fit)
            if plan.known_H is not None:
                H[plan.known_rows()[1]] = plan.known_H
            for columns, block in matrix.tiles():
                H[:, columns] = begin_block(problem, W, block, H[:, columns])
    own = replace(plan, given=(W, H))
    found = run_composed(problem, own, trace, rng, settings, ordered=ordered)
    settings["passes"] = matrix.passes()
    return replace(found, skipped=dict(matrix.lost))


def _given(problem: Composition, plan: Plan) -> tuple[np.ndarray, np.ndarray]:
    """Return the pair that was given, where the sides may begin."""
    assert plan.given is not None
    W, H = (np.array(F, order="C") for F in plan.given)
    pair = Pair(W, H)
    for F, rows, values in zip(
        (pair.W, pair.H), plan.known_rows(), (plan.known_W, plan.known_H), strict=True
    ):
        if values is not None:
            F[rows] = values
    admit(problem, pair)
    return pair.W, pair.H


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
        rule=_SAMPLE,
        W=replace(plan.W, penalties=tuple(each.scaled(share) for each in plan.W.penalties)),
        H=plan.H if problem.H.separable else replace(plan.H, penalties=(), constraint=None),
        known_H=None if plan.known_H is None else plan.known_H[:, columns],
        scratch=None,
    )
    found = fit(sample, own, trace.inner("sample"), rng, {})
    W = np.ascontiguousarray(found.W.T)
    if problem.W.positive:
        lift(W, FLOOR)
        if plan.known_W is not None:
            W[plan.known_rows()[0]] = plan.known_W
    problem.W.admit(W)
    return W


def _order(pair: Pair, trials: StreamedTrials | ScatteredTrials, known: int) -> None:
    """Put the parts that are not known in order of the energy that they explain."""
    energy = np.square(pair.W, dtype=np.float64).sum(axis=1) * trials.squares()
    energy[:known] = np.inf
    order = np.argsort(-energy, kind="stable")
    pair.W = pair.W[order]
    trials.permute(order)
