"""Descent on a convex quadratic of a factor that has no closed form part by part."""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

__all__ = ["descend"]


def descend(
    F: np.ndarray, apply: Callable[[np.ndarray], np.ndarray], B: np.ndarray, steps: int
) -> np.ndarray:
    """Return an F >= 0 with a lower 1/2 <F, Q(F)> - <B, F>.

    By spectral projected gradient steps (Birgin, Martinez & Raydan 2000) with an exact search
    along each, so that the value never rises.

    Parameters
    ----------
    F : ndarray
        Where to begin; not changed.
    apply : callable
        Q, a linear map of arrays of F's shape, symmetric and positive semidefinite.
    B : ndarray
        Of F's shape.
    steps : int
        How often to apply Q, but for the twice at the start.
    """
    gradient = apply(F) - B
    bend = float(np.vdot(gradient, apply(gradient)))
    if bend <= 0:
        return F
    step = float(np.vdot(gradient, gradient)) / bend
    for _ in range(steps):
        move = np.maximum(F - F.dtype.type(step) * gradient, 0) - F
        Q_move = apply(move)
        slope, bend = float(np.vdot(gradient, move)), float(np.vdot(move, Q_move))
        if slope >= 0 or bend <= 0:
            break
        share = F.dtype.type(min(1.0, -slope / bend))
        F = F + share * move
        gradient += share * Q_move
        step = float(np.vdot(move, move)) / bend
    return np.maximum(F, 0)  # F + move may round to less
