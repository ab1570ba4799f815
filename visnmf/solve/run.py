"""A whole run: start, warm-up, iterations on V, closing."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

import numpy as np

from visnmf.errors import InvalidInputError
from visnmf.kernels.choose import Kernels, choose_kernels
from visnmf.losses.beta import Beta
from visnmf.losses.frobenius import Frobenius
from visnmf.matrices.chunked import Chunked
from visnmf.matrices.protocol import ONE, VALUE, Matrix
from visnmf.solve.alternate import Composition
from visnmf.solve.compose import compose_side
from visnmf.solve.composed import run_composed
from visnmf.solve.exact import run_exact
from visnmf.solve.larger import run_larger
from visnmf.solve.larger_terms import run_larger_terms
from visnmf.solve.naming import make_loss
from visnmf.solve.openings import opening
from visnmf.solve.plan import Plan
from visnmf.solve.residual_scale import settled
from visnmf.solve.result import Factorization
from visnmf.solve.stopping import Trace

__all__ = ["compose", "run"]

_PLAIN = (1e-4, 1e4)  # means of V that other losses than Frobenius take in float32


def run(
    matrix: Matrix, plan: Plan, trace: Trace, rng: np.random.Generator, settings: dict[str, Any]
) -> Factorization:
    """Carry a plan out and return what came of it; settings are only handed on."""
    m, n = matrix.shape
    kernels = choose_kernels(plan.kernels, plan.rank, m + n)
    if (own := settled(matrix, plan, trace, run)) is not plan:
        plan, settings = own, {**settings, "loss": own.loss}
    problem = compose(matrix, plan, kernels)
    if isinstance(problem.loss, Beta) and _strains_float32(matrix):
        return _in_float64(matrix, plan, trace, rng, settings)
    if _exact(problem):
        if isinstance(matrix, Chunked):
            return run_larger(problem, plan, trace, rng, settings)
        return run_exact(problem, plan, trace, rng, settings)
    if isinstance(matrix, Chunked):
        return run_larger_terms(problem, plan, trace, rng, settings, run)
    ordered = plan.given is None
    begun = None if trace.resumed("V") else opening(problem, plan, trace, rng, run)
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
    if isinstance(loss, Beta) and loss.beta <= 1:
        _check_reach(matrix, plan.known_W, plan.rank, "W")
        _check_reach(matrix.T, plan.known_H, plan.rank, "H")
    return Composition(
        matrix, loss, sides["W"], sides["H"], kernels, plan.mixing, bold=plan.update == "auto"
    )


def _check_reach(matrix: Matrix, known: np.ndarray | None, rank: int, name: str) -> None:
    """Refuse a factor that is known whole and leaves an entry of V out of reach."""
    if known is None or len(known) < rank:
        return
    one = np.ones((1, matrix.shape[1]), matrix.dtype)
    wanted = matrix.T.contract(one, None, VALUE)[0] > 0
    lost = int((wanted & ~(known > 0).any(axis=0)).sum())
    if lost:
        raise InvalidInputError(
            f"all of {name} is known, and it is zero where V is not, in {lost} places, from which "
            "the divergence is infinite; use loss='frobenius', or raise the rank"
        )


def _strains_float32(matrix: Matrix) -> bool:
    """Tell whether logarithms and powers of entries so far from 1 need float64."""
    if matrix.dtype != np.float32:
        return False
    mean = matrix.total(None, None, VALUE) / max(matrix.total(None, None, ONE), 1e-30)
    return 0 < mean and not _PLAIN[0] <= mean <= _PLAIN[1]


def _in_float64(
    matrix: Matrix, plan: Plan, trace: Trace, rng: np.random.Generator, settings: dict[str, Any]
) -> Factorization:
    """Carry a plan out in float64, and return its factors in float32."""
    wide, narrow = np.dtype(np.float64), np.dtype(np.float32)

    def cast(F: np.ndarray | None) -> np.ndarray | None:
        return None if F is None else F.astype(wide)

    given = None if plan.given is None else (plan.given[0].astype(wide), plan.given[1].astype(wide))
    plan = replace(
        plan,
        given=given,
        known_W=cast(plan.known_W),
        known_H=cast(plan.known_H),
        mixing=cast(plan.mixing),
    )
    found = run(matrix.astype(wide), plan, trace, rng, settings)
    return replace(found, W=found.W.astype(narrow), H=found.H.astype(narrow))


def _exact(problem: Composition) -> bool:
    """Tell whether each model is a quadratic that holds for every F, and nothing is asked."""
    return (
        isinstance(problem.loss, Frobenius)
        and not problem.matrix.weighted
        and problem.plain
        and problem.W.kind == problem.H.kind == "quadratic"
    )
