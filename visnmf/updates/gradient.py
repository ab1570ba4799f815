"""Projected gradient descent with Lin's step search.

A step along the negative gradient, brought back to the allowed set, whose length is
searched for until the decrease is in proportion to it (Lin 2007, "Projected gradient
methods for nonnegative matrix factorization", Neural Computation 19, algorithm 4).
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from visnmf.losses.models import Quadratic, Split
from visnmf.terms.protocol import Constraint

__all__ = ["ProjectedGradient"]

_BETA = 0.1  # a step is made longer or shorter by this factor
_SIGMA = 0.01  # the least decrease, over what the gradient promises
_FALL = 0.1  # the least share of an entry that a step on a divergence leaves
_GROWTHS = 8  # how often a length may grow tenfold
_TRIALS = 20  # lengths that are tried, 10^20 in either direction


@dataclass(frozen=True)
class ProjectedGradient:
    r"""Projected gradient steps.

    F moves to :math:`P[F - \alpha \nabla f(F)]`, P being the projection, with the largest
    :math:`\alpha` of a geometric sequence for which the decrease suffices,

    .. math:: f(F + D) - f(F) \le \sigma \langle \nabla f(F), D \rangle,
        \qquad \sigma = 0.01,

    D being the move. On a quadratic that is Lin's closed condition
    :math:`(1 - \sigma) \langle \nabla f, D \rangle + \frac12 \langle D, \nabla^2 f D \rangle
    \le 0`, which costs no value of f and does not cancel. Each inner
    iteration goes on from the last one's length, the first from 1 / |G|: nothing is carried from
    step to step. A `Split` model knows its gradient at one F only, so it serves one iteration,
    and each length tried costs a pass over V.

    Where the set is not convex the projection is a nearest point, so that
    :math:`\langle \nabla f, D \rangle \le -|D|^2 / 2 \alpha`, and the same search ends.

    Parameters
    ----------
    inner : int
        The most iterations on a quadratic.
    ratio : float
        Iterations stop when the projected gradient is at most so long, over its length at
        the first.
    """

    inner: int = 20
    ratio: float = 0.1

    name: ClassVar[str] = "projected gradient"
    needs: ClassVar[str] = "any"
    couples: ClassVar[frozenset[str]] = frozenset({"entry", "part", "image"})
    convex_only: ClassVar[bool] = False
    uniform_only: ClassVar[bool] = False

    def step(
        self,
        F: np.ndarray,
        model: Quadratic | Split,
        effort: float = 1.0,
        constraint: Constraint | None = None,
    ) -> None:
        """Lower the model over F >= 0 and the constraint's set, in place.

        Parameters
        ----------
        F : ndarray (rank, q)
            The factor, in the set; changed in place.
        model : Quadratic or Split
            The function to lower; a `Split` must have been built at this F.
        effort : float
            The share of the inner iterations to do; at least one is done.
        constraint : Constraint, optional
            A set that F is held to, of any coupling, convex or not.
        """
        if isinstance(model, Split):
            _split_step(F, model, constraint)
        else:
            _quadratic_steps(F, model, max(1, round(self.inner * effort)), self.ratio, constraint)


def _quadratic_steps(
    F: np.ndarray, model: Quadratic, inner: int, ratio: float, constraint: Constraint | None
) -> None:
    unit = alpha = _safe_length(model)
    goal = 0.0

    def suffices(reached: np.ndarray, D: np.ndarray, slope: float) -> bool:
        return (1 - _SIGMA) * slope + 0.5 * _dot(D, model.times(D)) <= 0

    for iteration in range(inner):
        gradient = model.gradient(F)
        # The gradient mapping: the projected gradient's length, for any set
        mapping = _reach(F, gradient, unit, constraint) - F
        length = np.sqrt(_dot(mapping, mapping))
        if iteration == 0:
            goal = ratio * length
        if length == 0 or (iteration and length <= goal):
            return
        alpha, found = _search(F, gradient, alpha, constraint, suffices)
        if found is None:
            return
        F[...] = found


def _split_step(F: np.ndarray, model: Split, constraint: Constraint | None) -> None:
    start = model.objective if np.isfinite(model.objective) else model.value(F)

    def suffices(reached: np.ndarray, D: np.ndarray, slope: float) -> bool:
        return model.value(reached) - start <= _SIGMA * slope

    # A multiplicative step moves an entry f by -(f / pos) times its gradient: their mean length
    weight = _dot(F, model.pos)
    alpha = _dot(F, F) / weight if weight > np.finfo(F.dtype).tiny else 1.0
    # A loss that a zero makes infinite is all but flat near it: no entry falls there at once
    floor = F * F.dtype.type(_FALL) if constraint is None else None
    _, found = _search(F, model.gradient(F), alpha, constraint, suffices, floor)
    if found is not None:
        F[...] = found


def _search(
    F: np.ndarray,
    gradient: np.ndarray,
    alpha: float,
    constraint: Constraint | None,
    suffices: Callable[[np.ndarray, np.ndarray, float], bool],
    floor: np.ndarray | None = None,
) -> tuple[float, np.ndarray | None]:
    """Return a length whose decrease suffices, and where it leads; None where there is none.

    From `alpha` on, lengths grow while the decrease suffices and F still moves on, or shrink
    until it does.
    """
    found: np.ndarray | None = None
    longer = False
    for trial in range(_TRIALS):
        reached = _reach(F, gradient, alpha, constraint)
        if floor is not None:
            np.maximum(reached, floor, out=reached)
        D = reached - F
        slope = _dot(gradient, D)
        good = slope < 0 and suffices(reached, D, slope)
        if trial == 0:
            longer = good
        elif longer and trial > _GROWTHS:
            return alpha * _BETA, found
        elif longer and found is not None and (not good or np.array_equal(reached, found)):
            return alpha * _BETA, found
        if good:
            found = reached
            if not longer:
                return alpha, found
        alpha = alpha / _BETA if longer else alpha * _BETA
    return alpha, found


def _reach(
    F: np.ndarray, gradient: np.ndarray, alpha: float, constraint: Constraint | None
) -> np.ndarray:
    """Return the point of the set nearest to F - alpha gradient."""
    reached = F - alpha * gradient
    if constraint is None:
        np.maximum(reached, 0, out=reached)
    else:
        constraint.project(reached)
    return reached


def _safe_length(model: Quadratic) -> float:
    """Return 1 / L, L being no less than the largest curvature; 1 where there is none."""
    curvature = math.sqrt(np.square(model.G, dtype=np.float64).sum(axis=(0, 1)).max(initial=0.0))
    if model.d is not None:
        curvature += float(model.d.max(initial=0.0))
    return 1.0 / curvature if curvature > np.finfo(model.G.dtype).tiny else 1.0


def _dot(X: np.ndarray, Y: np.ndarray) -> float:
    """Return <X, Y>: rows in the type of the entries, their sum in float64."""
    return float(np.einsum("kj,kj->k", X, Y).sum(dtype=np.float64))
