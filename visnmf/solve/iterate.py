"""The one iteration: a step of H, a step of W, each extrapolated.

The W-step is the H-step of the transposed problem, so both are the same calls with
the factors changed over. The pair whose objective is known without another product
is W after its step beside H as extrapolated; it is the pair that is kept.

What happens to the encodings, and where they and V lie, is the business of `Encodings`:
in memory, in blocks that are read one after the other, or on several machines. Whatever they
are, an iteration asks them once for the model of W that their step leaves.
"""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass, field, replace
from typing import Any, Protocol

import numpy as np

from visnmf.kernels.choose import Kernels
from visnmf.losses.frobenius import Frobenius
from visnmf.losses.models import Point, Quadratic
from visnmf.matrices.protocol import Matrix
from visnmf.solve.encodings import Encodings, Held
from visnmf.solve.extrapolation import Extrapolation
from visnmf.solve.state import State, numbers_of, set_numbers
from visnmf.solve.stopping import Halted, Rule, Trace, kkt_norm

__all__ = [
    "Pair",
    "Problem",
    "effort_of",
    "iterate",
    "reason_kept",
    "scale_of",
    "take_start",
    "tell_start",
]

_MEASURE_EVERY = 10  # iterations between two measurements of the projected gradient
_FIRST_LOOK = 3  # and when it is measured first: a stand-in may have brought the pair near
_SHORT = 3  # how often the effort doubles after a cold start, every second iteration
_NOISE = 2.0  # rounding of the objective, in units of the dtype's eps times 1/2 ||V||^2
_IDLE = 100  # iterations without any gain after which only rounding is at work
_NEARER = 0.98  # a projected gradient over the least one so far that is a gain, too
_STALLED = 1e-3  # a beta below which a rise of the objective can only be rounding


class Step(Protocol):
    """What lowers a quadratic model over one factor, in place."""

    def step(self, F: np.ndarray, model: Quadratic, effort: float = 1.0) -> None: ...  # noqa: D102


@dataclass(frozen=True)
class Problem:
    """What is minimized, and by which steps."""

    matrix: Matrix
    loss: Frobenius
    update: Step
    kernels: Kernels


@dataclass
class Pair:
    """The best factors so far, W' (rank x m) and H (rank x n), C-ordered.

    The arrays are handed on from iteration to iteration and written over.
    """

    W: np.ndarray
    H: np.ndarray
    start: tuple[Point, Point] | None = None
    """What the models of H and of W told at the start of the run."""


@dataclass
class _Course:
    """How far an iteration has come, but for the factors."""

    iteration: int = 0
    best: float = math.inf
    nearest: float = math.inf
    slow: int = 0
    idle: int = 0
    look: int = 0
    cold: bool = False
    extrapolation: Extrapolation | None = field(default=None, repr=False)

    def note(self, gain: float, kkt: float, rule: Rule) -> str:
        """Note what an iteration brought, NaN where it was taken back; return a reason to end."""
        # What float32 cannot tell of the objective the projected gradient still does
        nearer = kkt < _NEARER * self.nearest
        self.nearest = min(self.nearest, kkt) if nearer else self.nearest
        self.idle = 0 if gain > 0 or nearer else self.idle + 1
        self.slow = self.slow + 1 if gain < rule.change * self.best else 0
        if rule.change and self.slow == rule.patience:
            return "change"
        return ""


def iterate(
    problem: Problem,
    pair: Pair,
    *,
    phase: str,
    rule: Rule,
    trace: Trace,
    extrapolation: Extrapolation | None,
    cold: bool = False,
    encodings: Encodings | None = None,
) -> str:
    """Iterate on a pair until a rule ends it; return which.

    Parameters
    ----------
    problem : Problem
        What is minimized.
    pair : Pair
        Where to start; holds the best pair at all times, also when interrupted.
    phase : str
        The name in the history.
    rule : Rule
        When to stop.
    trace : Trace
        Clock, history and callback; and where to go on from, if that is somewhere on the way.
    extrapolation : Extrapolation or None
        None leaves the steps plain.
    cold : bool
        The pair is a start that nothing has improved yet: the first steps are short. A
        factor fitted closely to a poor one loses entries that it does not get back.
    encodings : Encodings, optional
        Where the encodings are and V is; in memory, if not given.
    """
    update, kernels = problem.update, problem.kernels
    images = encodings or Held(problem.matrix, problem.loss, update, kernels, pair)
    look = _FIRST_LOOK if trace.history else 0
    course = _Course(look=look, cold=cold, extrapolation=extrapolation)
    resumed = trace.resume(phase)
    W = pair.W.copy()  # where the step of W begins and ends
    reason = "interrupted" if trace.stopping else ""
    if resumed is not None:
        reason = _restore(resumed, course, rule, pair, W, images) or reason
    else:  # so that what came before is not lost
        trace.keep(phase, reason, lambda: _state(course, pair, W, images))
    if reason:
        return reason
    cold = course.cold
    try:
        if pair.start is None:
            first = images.look(W, effort_of(1) if cold else 1.0, _beta(extrapolation)).point
    except Halted:
        return "interrupted"
    const = problem.loss.const
    noise = _NOISE * float(np.finfo(pair.W.dtype).eps) * const

    while course.iteration < rule.max_iter:
        course.iteration += 1
        iteration = course.iteration
        effort = effort_of(iteration) if cold else 1.0
        beta = _beta(extrapolation)
        measured = iteration % _MEASURE_EVERY == 0 or iteration in (course.look, rule.max_iter)
        try:
            model = images.step(W, effort, beta)
        except Halted:  # nothing has changed yet
            course.iteration -= 1
            trace.keep(phase, "interrupted", lambda: _state(course, pair, W, images))  # noqa: B023
            return "interrupted"
        if measured and iteration > 1:
            model = _balance(W, pair.W, model, images)
        if pair.start is None:
            pair.start = first, model.at(pair.W, kernels)
        update.step(W, model, effort)
        of_W = model.at(W, kernels)

        fell = of_W.objective <= course.best + noise
        gain = course.best - of_W.objective if fell else math.nan
        stalled = extrapolation is not None and not fell and extrapolation.beta < _STALLED
        if fell:
            course.best = min(course.best, of_W.objective)
            free, pair.W = pair.W, W
            images.accept()
            # A measurement wants the next model at W itself
            W = kernels.push(free, pair.W, 0.0 if measured else beta)
        else:
            np.copyto(W, pair.W)
            images.take_back()
        if extrapolation and fell:
            extrapolation.grow()
        elif extrapolation and not stalled:
            extrapolation.back()

        kkt = violation = math.nan
        if measured and fell:
            following = effort_of(iteration + 1) if cold else 1.0
            with contextlib.suppress(Halted):  # the run ends with this iteration anyway
                seen = images.look(W, following, _beta(extrapolation))
                kkt = kkt_norm(seen.point, of_W)
                at_zero = math.hypot(np.linalg.norm(model.B), seen.pull)
                violation = rule.violation(pair.start, (seen.point, of_W), at_zero)
        # Near an exact fit rounding makes a difference of large numbers negative
        told = trace.add(phase, iteration, max(course.best, 0.0), kkt)
        reason = course.note(gain, kkt, rule)
        if rule.tol and violation <= rule.tol:
            reason = "kkt"
        reason = reason or told
        if not reason and (course.idle == _IDLE or stalled):
            reason = "precision"
        if not reason and iteration == rule.max_iter:
            reason = "max_iter"
        trace.keep(phase, reason, lambda: _state(course, pair, W, images))  # noqa: B023
        if reason:
            return reason
    return "max_iter"


def effort_of(iteration: int) -> float:
    """Return the share of the sweeps to do after a start that nothing has improved yet."""
    return min(1.0, 2.0 ** ((iteration - 1) // 2 - _SHORT))


def _beta(extrapolation: Extrapolation | None) -> float:
    return extrapolation.beta if extrapolation else 0.0


def _state(course: _Course, pair: Pair, W: np.ndarray, images: Encodings) -> State:
    """Return all that the iteration goes on from."""
    numbers = numbers_of(course)
    if course.extrapolation is not None:
        numbers["extrapolation"] = numbers_of(course.extrapolation)
    tell_start(pair, numbers)
    return State({"W": pair.W, "W_ahead": W, **images.arrays()}, numbers)


def _restore(
    state: State, course: _Course, rule: Rule, pair: Pair, W: np.ndarray, images: Encodings
) -> str:
    """Go on from a state; return the reason to end that it had already."""
    numbers = state.numbers
    with state.taken():
        set_numbers(course, numbers)
        if course.extrapolation is not None:
            set_numbers(course.extrapolation, numbers["extrapolation"])
        take_start(pair, numbers)
        pair.W[...] = state.arrays["W"]
        W[...] = state.arrays["W_ahead"]
        images.restore(state.arrays)
    return reason_kept(numbers, course, rule)


def tell_start(pair: Pair, numbers: dict[str, Any]) -> None:
    """Add what the models told at the start of a run to the numbers of its state."""
    if pair.start is not None:
        numbers["start"] = [list(vars(point).values()) for point in pair.start]


def take_start(pair: Pair, numbers: dict[str, Any]) -> None:
    """Take back what `tell_start` told."""
    if (start := numbers.get("start")) is not None:
        of_H, of_W = (Point(*map(float, point)) for point in start)
        pair.start = of_H, of_W


def reason_kept(numbers: dict[str, Any], course: Any, rule: Rule) -> str:
    """Return why a run had ended that is gone on with, or an empty string."""
    reason = str(numbers.get("reason", ""))
    if not reason and course.slow >= rule.patience:  # it ended by a rule that is another one now
        course.slow = 0
    return reason


def _balance(W: np.ndarray, best: np.ndarray, model: Quadratic, images: Encodings) -> Quadratic:
    """Give each part and its encodings one length, in all copies alike; return the model of W.

    W H stays, and so does the course of the iteration. But the projected gradient depends
    on that scale, and a part that dwindles while its encodings grow would pass for a
    violation of the KKT conditions, and would leave the range of the floats in the end.
    """
    scale = scale_of(_lengths(W), np.sqrt(np.diagonal(model.G))).astype(W.dtype)
    for F in (W, best):
        F *= scale[:, None]
    images.scale(1 / scale)
    G = model.G / scale[:, None] / scale
    return replace(model, G=G, B=np.divide(model.B, scale[:, None], out=model.B))


def _lengths(F: np.ndarray) -> np.ndarray:
    return np.sqrt(np.einsum("kj,kj->k", F, F))


def scale_of(of_W: np.ndarray, of_H: np.ndarray) -> np.ndarray:
    """Return what parts are to be multiplied by, and their encodings divided by."""
    alive = (of_W > 0) & (of_H > 0)
    return np.sqrt(np.where(alive, of_H / np.where(alive, of_W, 1), 1))
