"""The one iteration: a step of H, a step of W, each extrapolated.

The W-step is the H-step of the transposed problem, so both are the same calls with
the factors changed over. The pair whose objective is known without another product
is W after its step beside H as extrapolated; it is the pair that is kept.
"""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from visnmf.kernels.choose import Kernels
from visnmf.losses.frobenius import Frobenius
from visnmf.losses.models import Point
from visnmf.matrices.protocol import Matrix
from visnmf.solve.extrapolation import Extrapolation
from visnmf.solve.stopping import Rule, Trace, kkt_norm
from visnmf.updates.hals import Hals

__all__ = ["Pair", "Problem", "iterate"]

_MEASURE_EVERY = 10  # iterations between two measurements of the projected gradient
_SHORT = 3  # how often the effort doubles after a cold start, every second iteration
_NOISE = 2.0  # rounding of the objective, in units of the dtype's eps times 1/2 ||V||^2
_IDLE = 100  # iterations without any gain after which only rounding is at work
_STALLED = 1e-3  # a beta below which a rise of the objective can only be rounding


@dataclass(frozen=True)
class Problem:
    """What is minimized, and by which steps."""

    matrix: Matrix
    loss: Frobenius
    update: Hals
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
    W_step, H_last, spare = pair.W.copy(), pair.H.copy(), np.empty_like(pair.H)
    B_W, B_H = np.empty_like(pair.W), np.empty_like(pair.H)
    model_H = loss.model(V, W_step, out=B_H)
    noise = _NOISE * float(np.finfo(V.dtype).eps) * loss.const
    best = math.inf
    slow = idle = 0
    for iteration in range(1, rule.max_iter + 1):
        effort = min(1.0, 2.0 ** ((iteration - 1) // 2 - _SHORT)) if cold else 1.0
        np.copyto(spare, pair.H)
        update.step(spare, model_H, effort)
        beta = extrapolation.beta if extrapolation else 0.0
        H_try = _push(H_last, spare, beta)
        measured = iteration % _MEASURE_EVERY == 0 or iteration == rule.max_iter
        if measured:
            _balance((W_step, pair.W), (H_try, spare, pair.H))
        model_W = loss.model(V.T, H_try, out=B_W)
        if pair.start is None:
            pair.start = model_H.at(pair.H, kernels), model_W.at(pair.W, kernels)
        update.step(W_step, model_W, effort)
        point = model_W.at(W_step, kernels)

        fell = point.objective <= best + noise
        if fell:
            kept, gain = point, best - point.objective
            best = min(best, point.objective)
            pair.W, pair.H, W_step, H_last, spare = W_step, H_try, pair.W, spare, pair.H
            _push(W_step, pair.W, beta)
        else:
            np.copyto(spare, pair.H)
            H_last, spare = spare, H_try
        if not fell or measured:  # a measurement wants the model at W itself
            np.copyto(W_step, pair.W)
        model_H = loss.model(V, W_step, out=B_H)

        kkt = violation = math.nan
        if measured and fell:
            beside = model_H.at(pair.H, kernels)
            kkt = kkt_norm(beside, kept)
            at_zero = math.hypot(np.linalg.norm(B_W), np.linalg.norm(B_H))
            violation = rule.violation(pair.start, (beside, kept), at_zero)
        # Near an exact fit rounding makes a difference of large numbers negative
        reason = trace.add(phase, iteration, max(best, 0.0), kkt)
        if rule.tol and violation <= rule.tol:
            return "kkt"
        idle = 0 if fell and gain > 0 else idle + 1
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


def _push(behind: np.ndarray, F: np.ndarray, beta: float) -> np.ndarray:
    """Write max(0, F + beta (F - behind)) over `behind`, the place that F came from."""
    if beta == 0:
        np.copyto(behind, F)
        return behind
    np.subtract(F, behind, out=behind)
    behind *= F.dtype.type(beta)
    behind += F
    return np.maximum(behind, 0, out=behind)


def _balance(parts: tuple[np.ndarray, ...], encodings: tuple[np.ndarray, ...]) -> None:
    """Give each part and its encodings one length, in place and in all copies alike.

    W H stays, and so does the course of the iteration. But the projected gradient depends
    on that scale, and a part that dwindles while its encodings grow would pass for a
    violation of the KKT conditions, and would leave the range of the floats in the end.
    """
    lengths = [np.sqrt(np.einsum("kj,kj->k", F, F)) for F in (parts[0], encodings[0])]
    alive = (lengths[0] > 0) & (lengths[1] > 0)
    ratio = np.where(alive, lengths[1] / np.where(alive, lengths[0], 1), 1)
    scale = np.sqrt(ratio).astype(parts[0].dtype)[:, None]
    for F in parts:
        F *= scale
    for F in encodings:
        F /= scale
