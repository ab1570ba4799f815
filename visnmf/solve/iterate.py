"""The one iteration: a step of H, a step of W, each extrapolated.

The W-step is the H-step of the transposed problem, so both are the same calls with
the factors changed over. The pair whose objective is known without another product
is W after its step beside H as extrapolated; it is the pair that is kept.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Protocol

import numpy as np

from visnmf.kernels.choose import Kernels
from visnmf.losses.frobenius import Frobenius
from visnmf.losses.models import Point, Quadratic
from visnmf.matrices.protocol import Matrix
from visnmf.solve.extrapolation import Extrapolation
from visnmf.solve.stopping import Rule, Trace, kkt_norm

__all__ = ["Pair", "Problem", "balance", "effort_of", "iterate"]

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


def iterate(
    problem: Problem,
    pair: Pair,
    *,
    phase: str,
    rule: Rule,
    trace: Trace,
    extrapolation: Extrapolation | None,
    cold: bool = False,
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
        Clock, history and callback.
    extrapolation : Extrapolation or None
        None leaves the steps plain.
    cold : bool
        The pair is a start that nothing has improved yet: the first steps are short. A
        factor fitted closely to a poor one loses entries that it does not get back.
    """
    V, loss, update, kernels = problem.matrix, problem.loss, problem.update, problem.kernels
    steps = _Steps(pair, kernels)
    B_W, B_H = np.empty_like(pair.W), np.empty_like(pair.H)
    model_H = loss.model(V, steps.W, out=B_H)
    noise = _NOISE * float(np.finfo(V.dtype).eps) * loss.const
    best = nearest = math.inf
    slow = idle = 0
    look = _FIRST_LOOK if trace.history else 0
    for iteration in range(1, rule.max_iter + 1):
        effort = effort_of(iteration) if cold else 1.0
        beta = extrapolation.beta if extrapolation else 0.0
        measured = iteration % _MEASURE_EVERY == 0 or iteration in (look, rule.max_iter)
        update.step(steps.start_H(), model_H, effort)
        H = steps.extrapolate_H(beta)
        if measured and iteration > 1:
            steps.balance()
        model_W = loss.model(V.T, H, out=B_W)
        if pair.start is None:
            pair.start = model_H.at(pair.H, kernels), model_W.at(pair.W, kernels)
        update.step(steps.W, model_W, effort)
        point = model_W.at(steps.W, kernels)

        fell = point.objective <= best + noise
        if fell:
            of_W, gain = point, best - point.objective
            best = min(best, point.objective)
            # A measurement wants the next model at W itself
            steps.accept(0.0 if measured else beta)
        else:
            steps.take_back()
        model_H = loss.model(V, steps.W, out=B_H)

        kkt = violation = math.nan
        if measured and fell:
            of_H = model_H.at(pair.H, kernels)
            kkt = kkt_norm(of_H, of_W)
            at_zero = math.hypot(np.linalg.norm(B_W), np.linalg.norm(B_H))
            violation = rule.violation(pair.start, (of_H, of_W), at_zero)
        # Near an exact fit rounding makes a difference of large numbers negative
        reason = trace.add(phase, iteration, max(best, 0.0), kkt)
        if rule.tol and violation <= rule.tol:
            return "kkt"
        # What float32 cannot tell of the objective the projected gradient still does
        nearer = kkt < _NEARER * nearest
        nearest = min(nearest, kkt) if nearer else nearest
        idle = 0 if (fell and gain > 0) or nearer else idle + 1
        slow = slow + 1 if fell and gain < rule.change * best else 0
        if rule.change and slow == rule.patience:
            return "change"
        if reason:
            return reason
        if idle == _IDLE:
            return "precision"
        if extrapolation:
            if fell:
                extrapolation.grow()
            elif extrapolation.beta < _STALLED:
                return "precision"
            else:
                extrapolation.back()
    return "max_iter"


def effort_of(iteration: int) -> float:
    """Return the share of the sweeps to do after a start that nothing has improved yet."""
    return min(1.0, 2.0 ** ((iteration - 1) // 2 - _SHORT))


class _Steps:
    """The arrays on the way from one pair to the next; they change places, none is made anew.

    Parameters
    ----------
    pair : Pair
        The best pair, kept up to date.
    kernels : Kernels
        What pushes ahead.
    """

    def __init__(self, pair: Pair, kernels: Kernels) -> None:
        self.pair, self._push = pair, kernels.push
        self.W = pair.W.copy()
        """Where the step of W begins and ends."""
        self._H_step = np.empty_like(pair.H)
        self._H_before = pair.H.copy()  # the last step of H, not extrapolated

    def start_H(self) -> np.ndarray:
        """Return the place where H steps, at the best pair's H."""
        np.copyto(self._H_step, self.pair.H)
        return self._H_step

    def extrapolate_H(self, beta: float) -> np.ndarray:
        """Return H beyond its step."""
        self._H_ahead = self._push(self._H_before, self._H_step, beta)
        return self._H_ahead

    def accept(self, beta: float) -> None:
        """Make W beside H as extrapolated the best pair; let W begin beyond its step."""
        pair, free_W, free_H = self.pair, self.pair.W, self.pair.H
        pair.W, pair.H = self.W, self._H_ahead
        self._H_before, self._H_step = self._H_step, free_H
        self.W = self._push(free_W, pair.W, beta)

    def take_back(self) -> None:
        """Go on from the best pair, with no way behind it to extrapolate."""
        np.copyto(self._H_step, self.pair.H)
        self._H_before, self._H_step = self._H_step, self._H_ahead
        np.copyto(self.W, self.pair.W)

    def balance(self) -> None:
        """Give each part and its encodings one length, in all copies alike.

        W H stays, and so does the course of the iteration. But the projected gradient depends
        on that scale, and a part that dwindles while its encodings grow would pass for a
        violation of the KKT conditions, and would leave the range of the floats in the end.
        """
        balance((self.W, self.pair.W), (self._H_ahead, self._H_step, self.pair.H))


def balance(parts: tuple[np.ndarray, ...], encodings: tuple[np.ndarray, ...]) -> None:
    """Give each part and its encodings one length, in all copies alike and in place.

    The lengths are those of the first of each.
    """
    lengths = [np.sqrt(np.einsum("kj,kj->k", F, F)) for F in (parts[0], encodings[0])]
    alive = (lengths[0] > 0) & (lengths[1] > 0)
    ratio = np.where(alive, lengths[1] / np.where(alive, lengths[0], 1), 1)
    scale = np.sqrt(ratio).astype(parts[0].dtype)[:, None]
    for F in parts:
        F *= scale
    for F in encodings:
        F /= scale
