"""A whole run: start, warm-up, iterations on V, closing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from visnmf.kernels.choose import Kernels, choose_kernels
from visnmf.losses.beta import Beta
from visnmf.losses.frobenius import Frobenius
from visnmf.matrices.protocol import ONE, VALUE, Matrix
from visnmf.solve.alternate import Composition
from visnmf.solve.compose import Asked, compose_side, make_loss
from visnmf.solve.composed import run_composed
from visnmf.solve.exact import run_exact
from visnmf.solve.plan import INITS, Plan
from visnmf.solve.result import Factorization
from visnmf.solve.stopping import Rule, Trace

__all__ = ["INITS", "Plan", "compose", "run"]

_START = Rule(max_iter=25, change=1e-2)  # of the Frobenius fit that other losses start from
_EVEN = 0.1  # the least root of a row's or column's mean, over the largest, for scaling to pay
_FLOOR = 1e-4  # the least entry of that start, over the mean of its factor


def run(
    matrix: Matrix, plan: Plan, trace: Trace, rng: np.random.Generator, settings: dict[str, Any]
) -> Factorization:
    """Carry a plan out and return what came of it; settings are only handed on."""
    m, n = matrix.shape
    kernels = choose_kernels(plan.kernels, plan.rank, m + n)
    problem = compose(matrix, plan, kernels)
    if _exact(problem):
        return run_exact(problem, plan, trace, rng, settings)
    ordered = plan.given is None
    if ordered and plan.init in ("auto", "frobenius") and isinstance(problem.loss, Beta):
        plan = replace(plan, given=_frobenius_start(problem, plan, trace, rng))
    return run_composed(problem, plan, trace, rng, settings, ordered=ordered)


def compose(matrix: Matrix, plan: Plan, kernels: Kernels) -> Composition:
    """Return the problem that a plan is of, or refuse what does not go together."""
    loss = make_loss(plan.loss, matrix)
    m, n = matrix.shape
    sides = {}
    for (factor, asked, other), length, rows in zip(
        (("W", plan.W, plan.H), ("H", plan.H, plan.W)), (m, n), plan.known_rows(), strict=True
    ):
        free = np.setdiff1d(np.arange(plan.rank), rows) if len(rows) else None
        sides[factor] = compose_side(
            factor,
            asked,
            other,
            hold=plan.bounded,
            loss=loss,
            matrix=matrix,
            shape=(plan.rank, length),
            free=free,
            update=plan.update,
            kernels=kernels,
            sweeps=plan.sweeps,
            ratio=plan.ratio,
        )
    return Composition(matrix, loss, sides["W"], sides["H"], kernels, plan.mixing)


def _exact(problem: Composition) -> bool:
    """Tell whether each model is a quadratic that holds for every F, and nothing is asked."""
    return (
        isinstance(problem.loss, Frobenius)
        and not problem.matrix.weighted
        and problem.plain
        and problem.W.kind == problem.H.kind == "quadratic"
    )


def _frobenius_start(
    problem: Composition, plan: Plan, trace: Trace, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return a Frobenius fit as a start for another loss.

    It is of V over the roots of its row and column sums: near V the Kullback-Leibler loss is
    a Frobenius loss with weights 1 / V, for which those of its best fit of rank one stand
    in. Where some rows are almost empty that can be worse than a fit of V itself: then
    both are made, and the better one is kept.
    """
    matrix = problem.matrix
    m, n = matrix.shape
    plain = replace(
        plan, rule=_START, loss="frobenius", update="auto", W=Asked(), H=Asked(), mixing=None
    )
    found = []
    ones = np.ones((1, m), matrix.dtype), np.ones((1, n), matrix.dtype)
    rows, columns = (_roots(side, one) for side, one in ((matrix.T, ones[1]), (matrix, ones[0])))
    even = min(scale.min() / scale.max() for scale in (rows, columns)) > _EVEN
    for scaled in (True,) if even else (True, False):
        part, own = matrix, plain
        if scaled:
            part = matrix.scaled(1 / rows, 1 / columns)
            known_W, known_H = (
                None if X is None else (X / scale).astype(matrix.dtype)
                for X, scale in ((plan.known_W, rows), (plan.known_H, columns))
            )
            own = replace(plain, known_W=known_W, known_H=known_H)
        inner = trace.inner("start")
        fit = run(part, own, inner, rng, {})
        W, H = np.ascontiguousarray(fit.W.T), fit.H
        if scaled:
            W, H = W * rows, H * columns
        for F in (W, H):
            least = max(_FLOOR * float(F.mean(dtype=np.float64)), 1e-30)
            np.maximum(F, F.dtype.type(least), out=F)
        found.append((problem.loss.value(matrix, problem.mixed(W), H), W, H))
        if inner.ended:
            break
    _, W, H = min(found, key=lambda each: each[0])
    return W, H


def _roots(matrix: Matrix, one: np.ndarray) -> np.ndarray:
    """Return the roots of the mean of each column, 1 where that is zero or nothing is known."""
    sums = matrix.contract(one, None, VALUE)[0].astype(np.float64)
    known = matrix.contract(one, None, ONE)[0].astype(np.float64)
    means = np.sqrt(np.maximum(sums, 0) / np.where(known > 0, known, 1))
    least = 1e-3 * float(means.max(initial=0))
    return np.where(means > least, means, max(least, 1e-12)).astype(matrix.dtype)
