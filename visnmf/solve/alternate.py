"""The iteration for models that hold at one point only, or with terms beside the loss.

As in `visnmf.solve.iterate`, a step of H and a step of W, extrapolated. But what is known
of a pair comes with the model that is built there: so the pair is W after its step beside
H as extrapolated, W begins its step extrapolated (Hien, Leplat & Gillis 2023, block
majorization-minimization with extrapolation), and the objective is known when the next
model of H is built. When it rises, the last pair takes a plain step, which cannot raise it.
"""

from __future__ import annotations

import contextlib
import math
from dataclasses import dataclass
from typing import Any

import numpy as np

from visnmf.kernels.choose import Kernels
from visnmf.losses.models import Point, pull_of
from visnmf.losses.protocol import Loss
from visnmf.matrices.protocol import Matrix
from visnmf.solve.bold import Bold, bold_steps
from visnmf.solve.extrapolation import Extrapolation
from visnmf.solve.iterate import Pair, reason_kept, scale_of, take_start, tell_start
from visnmf.solve.side import Model, Side
from visnmf.solve.state import State, numbers_of, set_numbers
from visnmf.solve.steps import Course, Steps
from visnmf.solve.stopping import Halted, Rule, Trace, kkt_norm
from visnmf.solve.trials import HeldTrials, Trials

__all__ = ["Composition", "alternate"]

_MEASURE_EVERY = 10  # iterations between two measurements of the projected gradient
_NOISE = 4.0  # rounding of the objective, in units of eps times its largest summand
_IDLE = 50  # iterations without any gain after which only rounding is at work


@dataclass(frozen=True)
class Composition:
    """A problem put together: what is minimized, and by which steps of either factor.

    Parameters
    ----------
    matrix : Matrix
        V.
    loss : Loss
        What it is fitted by.
    W, H : Side
        What is asked of the factors, and their updates.
    kernels : Kernels
        The sums that tell how a pair does.
    mixing : ndarray (rank, rank), optional
        S in V ~ W S H (nsNMF), symmetric.
    bold : bool
        Whether steps that may raise the objective go first, where there are any.
    """

    matrix: Matrix
    loss: Loss
    W: Side
    H: Side
    kernels: Kernels
    mixing: np.ndarray | None = None
    bold: bool = False

    def extrapolation(self) -> Extrapolation:
        """Return the extrapolation that suits the steps."""
        on_logs = self.W.positive and self.H.positive
        return Extrapolation.on_logs() if on_logs else Extrapolation()

    def bold_steps(self, extrapolate: bool) -> Bold | None:
        """Return the scaled Newton steps that go before multiplicative ones, or None."""
        if not (self.bold and self.plain and self.W.positive and self.H.positive):
            return None
        return bold_steps(self.loss, self.matrix, self.kernels, extrapolate=extrapolate)

    @property
    def plain(self) -> bool:
        """Whether parts may be scaled up and their encodings down at no cost."""
        return self.W.plain and self.H.plain and self.mixing is None

    def mixed(self, F: np.ndarray) -> np.ndarray:
        """Return what the other factor is multiplied by."""
        return F if self.mixing is None else self.mixing @ F

    def model_H(self, pair: Pair) -> Model:
        """Return what H is to lower, built at a pair."""
        return self.H.model(self.loss, self.matrix, self.mixed(pair.W), pair.H)

    def model_W(self, pair: Pair) -> Model:
        """Return what W is to lower, built at a pair; a `Split` without its objective."""
        return self.W.model(self.loss, self.matrix.T, self.mixed(pair.H), pair.W, objective=False)

    def objective(self, pair: Pair) -> float:
        """Return loss and penalties, from the entries outright."""
        loss = self.loss.value(self.matrix, self.mixed(pair.W), pair.H)
        return loss + self.W.value(pair.W) + self.H.value(pair.H)

    def measure(self, pair: Pair, model_H: Model) -> tuple[Point, Point, float]:
        """Return the KKT residuals of H and of W, and the size of the gradient's halves.

        Costs a model of W.
        """
        model_W = self.model_W(pair)
        of_H = self.H.point(pair.H, model_H, self.kernels)
        of_W = self.W.point(pair.W, model_W, self.kernels)
        return of_H, of_W, math.hypot(pull_of(model_H), pull_of(model_W))


def alternate(
    problem: Composition,
    pair: Pair,
    *,
    phase: str,
    rule: Rule,
    trace: Trace,
    extrapolation: Extrapolation | None,
    cold: bool = False,
    trials: Trials | None = None,
) -> str:
    """Iterate on a pair until a rule ends it; return which.

    Parameters
    ----------
    problem : Composition
        What is minimized.
    pair : Pair
        Where to start, admitted by both sides; holds the best pair at all times, also when
        interrupted.
    phase, rule, trace, extrapolation, cold
        As of `visnmf.solve.iterate.iterate`.
    trials : Trials, optional
        Where the encodings are and V is; in memory, if not given.
    """
    images = trials or HeldTrials(problem, pair)
    steps = Steps(problem, extrapolation)
    course = Course(cold=cold)
    before = pair.W.copy()  # where the step that led to the best W began
    reason = "interrupted" if trace.stopping else ""
    resumed = trace.resume(phase)
    if resumed is not None:
        reason = _restore(resumed, course, rule, steps, pair, before, images) or reason
    if reason:
        return reason
    try:
        built = images.look(pair.W, before, steps.coming(course), measured=rule.absolute)
    except Halted:
        return "interrupted"
    images.accept()
    if resumed is None:
        course.best = built + problem.W.value(pair.W)
        if pair.start is None and rule.absolute:
            pair.start = images.measure(pair.W)[:2]
        # So that what came before is not lost
        trace.keep(phase, "", lambda: _state(course, steps, pair, before, images))
    eps = _NOISE * float(np.finfo(pair.W.dtype).eps)
    while course.iteration < rule.max_iter:
        course.iteration += 1
        measured = course.iteration % _MEASURE_EVERY == 0 or course.iteration == rule.max_iter
        steps.begin(course)
        try:
            W, model = images.advance(before, pair.W, steps)
            steps.step("W", W, images.tried, model)
            if measured and problem.plain:
                _balance(W, pair.W, images)
                steps.forget()
            built = images.look(W, pair.W, steps.following(course), measured=measured)
        except Halted:  # the best pair is as it was
            course.iteration -= 1
            state = _state(course, steps, pair, before, images)
            trace.keep(phase, "interrupted", lambda: state)  # noqa: B023
            return "interrupted"
        objective = built + problem.W.value(W)

        best = course.best
        fell = objective <= best + eps * max(abs(best), abs(problem.loss.const))
        gain = best - objective
        before = pair.W
        if fell:
            pair.W = W
            images.accept()
            course.best = min(best, objective)
        else:
            images.take_back(pair.W, scaled=measured and problem.plain)
        kkt = violation = math.nan
        if measured:
            with contextlib.suppress(Halted):  # the run ends with this iteration anyway
                of_H, of_W, size = images.measure(pair.W)
                kkt = kkt_norm(of_H, of_W)
                now = of_H, of_W
                violation = rule.violation(pair.start or now, now, size)
        told = trace.add(phase, course.iteration, course.best, kkt)
        reason = "kkt" if rule.tol and violation <= rule.tol else ""
        course.idle = 0 if fell and gain > 0 else course.idle + 1
        if fell:
            course.slow = course.slow + 1 if gain < rule.change * abs(course.best) else 0
        if not reason and rule.change and course.slow == rule.patience:
            reason = "change" if not steps.leave_bold() else ""
            course.slow = 0  # whether multiplicative steps gain more is still to be seen
        reason = reason or told
        if not reason and (course.idle == _IDLE or (not fell and steps.safe)):
            reason = "precision"
        if not reason and course.iteration == rule.max_iter:
            reason = "max_iter"
        course.plain = not fell
        steps.note(fell)
        trace.keep(phase, reason, lambda: _state(course, steps, pair, before, images))  # noqa: B023
        if reason:
            return reason
    return "max_iter"


def _balance(W: np.ndarray, best: np.ndarray, images: Trials) -> None:
    """Give each part and its encodings one length, as the pair that is tried has them."""
    lengths = np.sqrt(np.einsum("kj,kj->k", W, W))
    scale = scale_of(lengths, images.lengths()).astype(W.dtype)[:, None]
    W *= scale
    best *= scale
    images.scale(1 / scale[:, 0])


def _state(course: Course, steps: Steps, pair: Pair, before: np.ndarray, images: Trials) -> State:
    """Return all that the iteration goes on from."""
    numbers: dict[str, Any] = {"course": numbers_of(course), "steps": steps.state()}
    tell_start(pair, numbers)
    arrays = {"W": pair.W, "W_before": before, **images.arrays(), **steps.arrays()}
    return State(arrays, numbers)


def _restore(
    state: State,
    course: Course,
    rule: Rule,
    steps: Steps,
    pair: Pair,
    before: np.ndarray,
    images: Trials,
) -> str:
    """Go on from a state; return the reason to end that it had already."""
    numbers = state.numbers
    with state.taken():
        set_numbers(course, numbers["course"])
        steps.restore(numbers["steps"], state.arrays)
        take_start(pair, numbers)
        pair.W[...] = state.arrays["W"]
        before[...] = state.arrays["W_before"]
        images.restore(state.arrays)
    return reason_kept(numbers, course, rule)
