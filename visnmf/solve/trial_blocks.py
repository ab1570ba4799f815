"""The work of a composition on one block of images, whoever asks for it.

While a block of V is in memory its encodings take their step, and leave behind what adds up
over the blocks: loss and penalties, how far from optimal they are, and the model of W.
"""

from __future__ import annotations

from copy import copy
from dataclasses import dataclass, field, replace
from typing import Any

import numpy as np

from visnmf.kernels.products import gram_of
from visnmf.losses.models import Point, pull_of, value_built
from visnmf.losses.protocol import Loss
from visnmf.matrices.protocol import VALUE, Matrix
from visnmf.solve.alternate import Composition
from visnmf.solve.encode import goal_of
from visnmf.solve.least_squares import near_inverse, solve_clipped
from visnmf.solve.model_sums import ModelSum, PointSum, point_of
from visnmf.solve.onesided import fit_one
from visnmf.solve.side import Model
from visnmf.updates.multiplicative import lift

__all__ = [
    "FLOOR",
    "Fitted",
    "TrialRequest",
    "TrialShare",
    "begin_block",
    "fit_block",
    "model_of_W",
    "readable",
    "residuals",
    "squares_of",
    "try_block",
    "with_constant",
]

FLOOR = 1e-4
"""The least entry that multiplicative steps begin at, over the mean."""

_SWEEPS = 20  # of the first encodings


@dataclass(frozen=True)
class Fitted:
    """What a pass that fits all encodings tells."""

    objective: float
    of_H: Point
    of_W: Point


@dataclass(frozen=True)
class TrialRequest:
    """What is asked of each block in a pass.

    Parameters
    ----------
    problem : Composition
        What is minimized; its V is not looked at.
    W : ndarray (rank, m)
        W', for which the encodings step.
    ahead : ndarray (rank, m)
        W' pushed on, at which its model is built.
    effort, beta : float
        As of `visnmf.solve.steps.Ask`.
    measured : bool
        Whether the KKT residuals are wanted.
    """

    problem: Composition
    W: np.ndarray
    ahead: np.ndarray
    effort: float = 1.0
    beta: float = 0.0
    measured: bool = False


@dataclass(frozen=True)
class TrialShare:
    """What a block leaves behind; two of them add up.

    Parameters
    ----------
    objective : float
        Loss and penalties of the encodings.
    of_H : PointSum
        Their KKT residual, where it was asked for.
    of_W : ModelSum
        The model of W beside them, there too.
    ahead : ModelSum
        The model of W pushed on beside the encodings after their step.
    squares : ndarray (rank,) or 0
        Sums of squares of the rows of the latter.
    """

    objective: float = 0.0
    of_H: PointSum = field(default_factory=PointSum)
    of_W: ModelSum = field(default_factory=ModelSum)
    ahead: ModelSum = field(default_factory=ModelSum)
    squares: Any = 0.0

    def __add__(self, other: TrialShare) -> TrialShare:
        """Return what two blocks leave behind."""
        return TrialShare(
            self.objective + other.objective,
            self.of_H + other.of_H,
            self.of_W + other.of_W,
            self.ahead + other.ahead,
            self.squares + other.squares,
        )


def readable(block: Matrix, gone: np.ndarray) -> tuple[Matrix, slice | np.ndarray]:
    """Return a block without the images that could not be read, and which columns are left."""
    width = block.shape[1]
    if not len(gone):
        return block, slice(0, width)
    kept = np.setdiff1d(np.arange(width), gone)
    return block.take(kept), kept


def with_constant(loss: Loss, const: float) -> Loss:
    """Return the loss of a block, whose constant is its own."""
    found = copy(loss)
    found.const = const
    return found


def begin_block(problem: Composition, W: np.ndarray, block: Matrix, held: np.ndarray) -> np.ndarray:
    """Return encodings of a block by least squares, where the side may begin.

    Parameters
    ----------
    problem : Composition
        What is minimized.
    W : ndarray (rank, m)
        W'.
    block : Matrix (m, k)
        Some columns of V.
    held : ndarray (rank, k)
        The rows that are known, among others.

    Returns
    -------
    codes : ndarray (rank, k)
        The encodings.
    """
    A = problem.mixed(W)
    G, B = gram_of(A), block.contract(A, None, VALUE)
    codes = solve_clipped(near_inverse(G), B)
    problem.kernels.nnls(codes, G, B, _SWEEPS, goal_of(codes.dtype))
    if problem.H.positive:
        lift(codes, FLOOR)
    if problem.H.free is not None:
        known = np.setdiff1d(np.arange(len(codes)), problem.H.free)
        codes[known] = held[known]
    if problem.H.separable:
        problem.H.admit(codes)
    return codes


def try_block(
    block: Matrix, loss: Loss, best: np.ndarray, behind: np.ndarray, request: TrialRequest
) -> tuple[np.ndarray, np.ndarray, np.ndarray | None, TrialShare]:
    """Step the encodings of one block.

    Parameters
    ----------
    block : Matrix (m, k)
        Some columns of V.
    loss : Loss
        With the constant of the block.
    best, behind : ndarray (rank, k)
        The encodings to step from, and where the step to them ended.
    request : TrialRequest
        What is asked.

    Returns
    -------
    stepped, ahead : ndarray (rank, k)
        The encodings after their step, and as extrapolated.
    gradient : ndarray (rank, k) or None
        As of `visnmf.solve.model_sums.point_of`.
    share : TrialShare
        What the block leaves behind.
    """
    problem, side = request.problem, request.problem.H
    model = side.model(loss, block, problem.mixed(request.W), best)
    share, gradient = TrialShare(value_built(model, best, problem.kernels)), None
    if request.measured:
        of_H, gradient = point_of(side, best, model, problem.kernels)
        share = replace(share, of_H=of_H, of_W=_of_W(block, loss, best, request.W, problem))
    stepped = best.copy()
    side.step(stepped, model, request.effort)
    ahead = side.ahead(behind, stepped, request.beta)
    of_W = _of_W(block, loss, ahead, request.ahead, problem)
    return stepped, ahead, gradient, replace(share, ahead=of_W, squares=squares_of(ahead))


def fit_block(
    block: Matrix,
    loss: Loss,
    codes: np.ndarray,
    request: TrialRequest,
    limit: int,
    goal: float,
    change: float,
) -> tuple[np.ndarray | None, TrialShare]:
    """Fit the encodings of one block, in place.

    Parameters
    ----------
    block, loss, request
        As of `try_block`.
    codes : ndarray (rank, k)
        Where to begin, admitted by the side.
    limit, goal, change
        As of `visnmf.solve.onesided.fit_one`.

    Returns
    -------
    gradient : ndarray (rank, k) or None
        As of `visnmf.solve.model_sums.point_of`.
    share : TrialShare
        With the loss from the entries outright; without what lies ahead.
    """
    problem, side, W = request.problem, request.problem.H, request.W
    A = problem.mixed(W)
    fit_one(side, loss, block, A, codes, problem.kernels, limit=limit, goal=goal, change=change)
    model = side.model(loss, block, A, codes, objective=False)
    of_H, gradient = point_of(side, codes, model, problem.kernels)
    of_W = _of_W(block, loss, codes, W, problem)
    objective = loss.value(block, A, codes) + side.value(codes)
    return gradient, TrialShare(objective, of_H, of_W, squares=squares_of(codes))


def model_of_W(problem: Composition, of_loss: ModelSum, W: np.ndarray, value: Any = None) -> Model:
    """Return the model of W', built there: what the blocks left behind, and the penalties."""
    found = of_loss.model(W.dtype, value)
    return problem.W.with_terms(found, problem.loss, problem.matrix.T, problem.mixed(W), W)


def residuals(
    problem: Composition, share: TrialShare, of_H: PointSum, W: np.ndarray
) -> tuple[Point, Point, float]:
    """Return the KKT residuals of H and of W', and the size of what pulls up.

    Parameters
    ----------
    problem : Composition
        What is minimized.
    share : TrialShare
        Of all blocks.
    of_H : PointSum
        The residual of H, of all blocks.
    W : ndarray (rank, m)
        W'.
    """
    model = model_of_W(problem, share.of_W, W)
    size = float(np.hypot(share.of_H.pull, pull_of(model)))
    return of_H.point, problem.W.point(W, model, problem.kernels), size


def squares_of(codes: np.ndarray) -> np.ndarray:
    """Return the sums of squares of rows, in float64."""
    found: np.ndarray = np.square(codes, dtype=np.float64).sum(axis=1)
    return found


def _of_W(
    block: Matrix, loss: Loss, codes: np.ndarray, W: np.ndarray, problem: Composition
) -> ModelSum:
    """Return the model of W' beside the encodings of a block, of the loss alone."""
    return ModelSum(problem.W.of_loss(loss, block.T, problem.mixed(codes), W, False))
