"""What a composition begins with: a run of a simpler problem, from which its own goes on."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from visnmf.kernels.choose import Kernels
from visnmf.losses.absolute import Absolute
from visnmf.losses.beta import Beta
from visnmf.losses.frobenius import Frobenius
from visnmf.losses.models import pull_of
from visnmf.matrices.protocol import ONE, VALUE, Matrix
from visnmf.solve.alternate import Composition
from visnmf.solve.begin import begin, put_known
from visnmf.solve.compose import Asked
from visnmf.solve.extrapolation import Extrapolation
from visnmf.solve.iterate import Pair, Problem, iterate
from visnmf.solve.plan import Plan
from visnmf.solve.result import Factorization
from visnmf.solve.stopping import Rule, Trace
from visnmf.solve.warmup import choose_stand_ins, warm_up
from visnmf.terms.hoyer import Sparseness
from visnmf.updates.hals import Hals

__all__ = ["opening"]

Fit = Callable[[Matrix, Plan, Trace, np.random.Generator, dict[str, Any]], Factorization]

_SIMPLER = ("auto", "frobenius", "random frobenius")
_START = Rule(max_iter=12, change=2e-2, patience=1)  # of the fit that other losses start from
_STAND_IN = 12  # iterations of that fit on a stand-in: its own loss is not what is wanted
_EVEN = 0.1  # the least root of a row's or column's mean, over the largest, for scaling to pay
_NEAR = Rule(max_iter=60, change=3e-4)  # of the Huber fit that an L1 fit starts from
_FREE = Rule(max_iter=100, change=1e-4)  # of the fit in which known parts take a place
_LOOSE = Rule(max_iter=40, change=1e-3)  # of the fit whose factors are then made sparse
_STAGE = Rule(max_iter=8)  # of each stage on the way there
_STAGES = (0.3, 0.5, 0.7, 0.85, 1.0)  # shares of the way
_FAR = 0.02  # projected gradient of a given H, over its half that pulls up
_FLOOR = 1e-4  # the least entry of that start, over the mean of its factor


def opening(
    problem: Composition, plan: Plan, trace: Trace, rng: np.random.Generator, fit: Fit
) -> tuple[np.ndarray, np.ndarray] | None:
    """Return W' and H to go on from, or None where nothing simpler comes first.

    Parameters
    ----------
    problem : Composition
        What the plan is of.
    plan, trace, rng
        As of `visnmf.solve.run.run`.
    fit : callable
        `visnmf.solve.run.run` itself, for the simpler problem.
    """
    if plan.given is not None:
        far = _far(problem, plan)
        return _frobenius_start(problem, plan, trace, rng, fit) if far else None
    if plan.known_W is not None or plan.known_H is not None:
        return _matched_start(problem, plan, trace, rng, fit)
    if plan.init not in _SIMPLER:
        return None
    if _sparse(plan.W) or _sparse(plan.H):
        return _eased_start(problem, plan, trace, rng, fit)
    if isinstance(problem.loss, Beta):
        return _frobenius_start(problem, plan, trace, rng, fit)
    if isinstance(problem.loss, Absolute) and plan.init == "auto":
        return _simpler_start(problem, replace(plan, loss="huber"), _NEAR, trace, rng, fit)
    if not isinstance(problem.loss, Frobenius) and plan.init != "auto":
        return _simpler_start(problem, replace(plan, loss="frobenius"), _START, trace, rng, fit)
    return None


def _far(problem: Composition, plan: Plan) -> bool:
    """Tell whether a Frobenius fit should bring a given pair nearer first.

    As with stand-ins, that is left to "auto", and done where the pair is no end of a run.
    """
    if not isinstance(problem.loss, Beta) or plan.given is None:
        return False
    if not plan.warmup == plan.update == plan.init == "auto" or plan.mixing is not None:
        return False
    if not problem.plain:
        return False
    W, H = (np.array(F, order="C") for F in plan.given)
    _lift(W, H)
    model = problem.model_H(Pair(W, H))
    return math.sqrt(problem.H.point(H, model, problem.kernels).square) > _FAR * pull_of(model)


def _frobenius_start(
    problem: Composition, plan: Plan, trace: Trace, rng: np.random.Generator, fit: Fit
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
        plan,
        rule=_START,
        stand_in_iter=_STAND_IN,
        loss="frobenius",
        update="auto",
        W=Asked(),
        H=Asked(),
        mixing=None,
    )
    fits = []
    ones = np.ones((1, m), matrix.dtype), np.ones((1, n), matrix.dtype)
    rows, columns = (_roots(side, one) for side, one in ((matrix.T, ones[1]), (matrix, ones[0])))
    even = min(scale.min() / scale.max() for scale in (rows, columns)) > _EVEN
    for scaled in (True,) if even else (True, False):
        part, own = matrix, plain
        if scaled:
            part = matrix.scaled(1 / rows, 1 / columns)
            if plan.given is not None:
                given = plan.given[0] / rows, plan.given[1] / columns
                own = replace(plain, given=given)
        inner = trace.inner("start")
        W, H = _frobenius_pair(part, own, problem.kernels, inner, rng, fit)
        if scaled:
            W, H = W * rows, H * columns
        _lift(W, H)
        fits.append((W, H))
        if inner.ended:
            break
    if len(fits) == 1:
        return fits[0]
    return min(fits, key=lambda each: problem.loss.value(matrix, problem.mixed(each[0]), each[1]))


def _simpler_start(
    problem: Composition, plan: Plan, rule: Rule, trace: Trace, rng: np.random.Generator, fit: Fit
) -> tuple[np.ndarray, np.ndarray]:
    """Return a fit of V by the loss of a plan as a start for a robust one that is near it.

    L1 alone ends in poor places: on planted parts under salt it then misses one in two of three
    fits, and none after a fit by the Huber loss, from which it gains little.
    """
    own = replace(plan, rule=rule, update="auto", W=Asked(), H=Asked(), mixing=None)
    found = fit(problem.matrix, own, trace.inner("start"), rng, {})
    pair = np.ascontiguousarray(found.W.T), found.H
    if problem.W.positive or problem.H.positive:
        _lift(*pair)
    return pair


def _frobenius_pair(
    matrix: Matrix,
    plan: Plan,
    kernels: Kernels,
    trace: Trace,
    rng: np.random.Generator,
    fit: Fit,
) -> tuple[np.ndarray, np.ndarray]:
    """Return a short Frobenius fit; its encodings need not be the best ones for its parts."""
    if matrix.weighted:
        found = fit(matrix, plan, trace, rng, {})
        return np.ascontiguousarray(found.W.T), found.H
    loss = Frobenius(matrix)
    problem = Problem(matrix, loss, Hals(kernels, plan.sweeps, plan.ratio), kernels)
    stand_ins = choose_stand_ins(
        matrix.shape, plan.rank, plan.warmup, kernels.SWEEP_COST, matrix.work
    )
    pair, lowered = begin(matrix, plan, stand_ins, rng)
    cold = plan.given is not None or plan.init_for(matrix.shape) == "random"
    try:
        reason = warm_up(
            problem, pair, stand_ins, lowered=lowered, trace=trace, rng=rng,
            extrapolation=plan.extrapolate, cold=cold, max_iter=plan.stand_in_iter,
        )  # fmt: skip
        if not reason:
            iterate(
                problem, pair, phase="V", rule=plan.rule, trace=trace,
                extrapolation=Extrapolation() if plan.extrapolate else None,
                cold=cold and not trace.history,
            )  # fmt: skip
    except KeyboardInterrupt:
        trace.interrupt()
    return pair.W, pair.H


def _matched_start(
    problem: Composition, plan: Plan, trace: Trace, rng: np.random.Generator, fit: Fit
) -> tuple[np.ndarray, np.ndarray]:
    """Return a fit without known parts in which those most like them gave way to them.

    Parts learned beside known ones from the beginning end in worse places: on planted
    mixtures they come out nearer to the truth this way in three of four.
    """
    own = replace(
        plan, rule=_FREE, loss="frobenius", update="auto", known_W=None, known_H=None,
        W=Asked(), H=Asked(), mixing=None,
    )  # fmt: skip
    found = fit(problem.matrix, own, trace.inner("start"), rng, {})
    pair = Pair(np.ascontiguousarray(found.W.T), found.H)
    put_known(plan, pair)
    if problem.W.positive or problem.H.positive:
        _lift(pair.W, pair.H)
        put_known(plan, pair)
    return pair.W, pair.H


def _lift(*factors: np.ndarray) -> None:
    """Lift zeros, from which multiplicative steps would not come back."""
    for F in factors:
        least = max(_FLOOR * float(F.mean(dtype=np.float64)), 1e-30)
        np.maximum(F, F.dtype.type(least), out=F)


def _sparse(asked: Asked) -> bool:
    return isinstance(asked.constraint, Sparseness)


def _eased_start(
    problem: Composition, plan: Plan, trace: Trace, rng: np.random.Generator, fit: Fit
) -> tuple[np.ndarray, np.ndarray]:
    """Return a fit without sparseness whose factors were then made sparse by and by.

    Held to it at once, parts freeze in the pixels that happen to be theirs: on faces they
    come out speckled, and the fit is worse by some percent.
    """
    pair, reached = None, (0.0, 0.0)
    for share in (0.0, *_STAGES):
        W, H = (
            _eased(asked, start, share)
            for asked, start in zip((plan.W, plan.H), reached, strict=True)
        )
        rule = _STAGE if share else _LOOSE
        inner = trace.inner("start")
        own = replace(plan, rule=rule, mixing=None, given=pair, W=W, H=H)
        found = fit(problem.matrix, own, inner, rng, {})
        pair = np.ascontiguousarray(found.W.T), found.H
        if not share:
            reached = _sparseness(pair[0]), _sparseness(pair[1])
        if inner.ended:
            break
    assert pair is not None
    return pair


def _eased(asked: Asked, start: float, share: float) -> Asked:
    """Return the terms with sparseness only a share of the way from where it started."""
    if not isinstance(asked.constraint, Sparseness):
        return asked
    constraint = asked.constraint.nearer(start, share) if share else None
    return replace(asked, constraint=constraint)


def _sparseness(F: np.ndarray) -> float:
    """Return the mean of Hoyer's sparseness of the rows that are not zero."""
    if F.shape[1] < 2:
        return 0.0
    root = np.sqrt(F.shape[1])
    lengths = np.linalg.norm(F.astype(np.float64), axis=1)
    alive = lengths > 0
    ratio = F.sum(axis=1, dtype=np.float64)[alive] / lengths[alive]
    return float(((root - ratio) / (root - 1)).mean()) if alive.any() else 0.0


def _roots(matrix: Matrix, one: np.ndarray) -> np.ndarray:
    """Return the roots of the mean of each column, 1 where that is zero or nothing is known."""
    sums = matrix.contract(one, None, VALUE)[0].astype(np.float64)
    known = matrix.contract(one, None, ONE)[0].astype(np.float64)
    means = np.sqrt(np.maximum(sums, 0) / np.where(known > 0, known, 1))
    least = 1e-3 * float(means.max(initial=0))
    return np.where(means > least, means, max(least, 1e-12)).astype(matrix.dtype)
