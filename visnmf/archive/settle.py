"""From what the search found to the factors that are written: on all images, to the goal."""

from __future__ import annotations

import numpy as np

from visnmf.archive.basis import PaintedParts, WholeParts
from visnmf.archive.curve import Curve
from visnmf.archive.goal import Goal
from visnmf.archive.search import Found, Problem
from visnmf.archive.trial import Pair, Trial
from visnmf.solve.encode import encode
from visnmf.solve.factorize import factorize

__all__ = ["fit_all", "settle_factors"]

_WITHIN = 0.012  # dB above a PSNR that will do; of bytes, tenths of a doubling below
_TRIALS = 8
_ROUNDS = 2
_ITERATIONS = 40  # on all images, from the parts of a sample


def fit_all(problem: Problem, pair: Pair) -> Pair:
    """Fit all images from the parts of a sample of them; the pair itself if they were all.

    Parameters
    ----------
    problem : Problem
        All images.
    pair : Pair
        Of some of them.
    """
    V = problem.V
    if pair.H.shape[1] == V.shape[1]:
        return pair
    W = pair.W.T
    H = encode(V, W, goal=1e-2)
    found = factorize(V, W.shape[1], W=W, H=H, max_iter=_ITERATIONS, tol=0.0, change=1e-5)
    return Pair.of(found.W, found.H)


def settle_factors(problem: Problem, found: Found, goal: Goal) -> Trial | None:
    """Bring all images to whole numbers so that a goal is met, hardly more.

    Parameters
    ----------
    problem : Problem
        All images.
    found : Found
        By `seek_factors`, on these or a sample.
    goal : Goal
        What is wanted.

    Returns
    -------
    trial : Trial or None
        None if no step meets the goal.
    """
    maker = found.curve.maker
    if isinstance(maker, PaintedParts):
        maker = PaintedParts(problem.canvas, maker.quality, problem.peak)
    else:
        maker = WholeParts(problem.canvas, problem.n, problem.peak)
    curve = Curve(problem.V, fit_all(problem, found.curve.pair), maker, problem.n, problem.peak)
    steps = [t.step for t in found.curve.trials]
    offs = np.array([abs(found.curve.off(goal, t)) for t in found.curve.trials])
    first = steps[int(np.argmin(offs))]
    curve.seek(goal, first, within=_WITHIN, most=_TRIALS, above=True, rounds=_ROUNDS)
    return curve.best(goal)
