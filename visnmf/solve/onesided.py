"""One factor fitted with the other one held: encodings, and the end of a run."""

from __future__ import annotations

import math

import numpy as np

from visnmf.kernels.choose import Kernels
from visnmf.losses.models import pull_of, value_built
from visnmf.losses.protocol import Loss
from visnmf.matrices.protocol import Matrix
from visnmf.solve.extrapolation import Extrapolation
from visnmf.solve.side import Side

__all__ = ["fit_one"]


def fit_one(
    side: Side,
    loss: Loss,
    matrix: Matrix,
    A: np.ndarray,
    F: np.ndarray,
    kernels: Kernels,
    *,
    limit: int,
    goal: float,
    change: float = 0.0,
) -> None:
    """Lower loss and penalties over F alone, in place, by extrapolated steps.

    Parameters
    ----------
    side : Side
        What is asked of F, and its update.
    loss, matrix, A
        What it is fitted by.
    F : ndarray (rank, q)
        Where to start, admitted by the side.
    kernels : Kernels
        For the sums that tell how F does.
    limit : int
        The most steps, each of one pass over V.
    goal : float
        Ends when the projected gradient is at most this share of its positive half.
    change : float
        Ends when a step lowers the objective by less than this share of it.
    """
    extrapolation = Extrapolation.on_logs() if side.positive else Extrapolation()
    here, before = F.copy(), F
    model = side.model(loss, matrix, A, here)
    best = value_built(model, here, kernels)
    plain = False
    for _ in range(limit):
        if math.sqrt(side.point(here, model, kernels).square) <= goal * pull_of(model):
            break
        beta = 0.0 if plain else extrapolation.beta
        stepped = here.copy()
        side.step(stepped, model)
        ahead = side.ahead(before, stepped, beta)
        new = side.model(loss, matrix, A, ahead)
        objective = value_built(new, ahead, kernels)
        gain = best - objective
        if gain < 0:
            if plain:
                break
            plain, before = True, here
            extrapolation.back()
            continue
        before, here, model, best, plain = stepped, ahead, new, objective, False
        extrapolation.grow()
        if gain <= change * abs(best):
            break
    F[...] = here
