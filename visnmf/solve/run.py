"""A whole run: start, warm-up, iterations on V, closing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from visnmf.kernels.choose import Kernels, choose_kernels
from visnmf.losses.frobenius import Frobenius
from visnmf.matrices.protocol import Matrix
from visnmf.solve.alternate import Composition
from visnmf.solve.compose import compose_side, make_loss
from visnmf.solve.composed import run_composed
from visnmf.solve.exact import run_exact
from visnmf.solve.openings import opening
from visnmf.solve.plan import INITS, Plan
from visnmf.solve.result import Factorization
from visnmf.solve.stopping import Trace

__all__ = ["INITS", "Plan", "compose", "run"]


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
    begun = opening(problem, plan, trace, rng, run)
    if begun is not None:
        plan = replace(plan, given=begun)
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
