"""One pass over V by given parts: encodings, the true error, and the model of W there."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

import numpy as np

from visnmf.losses.models import Quadratic
from visnmf.matrices.protocol import SQUARED_VALUE, Matrix
from visnmf.solve.encode import SWEEPS
from visnmf.solve.least_squares import late_columns, near_inverse, solve_clipped, solve_outright
from visnmf.solve.model_sums import ModelSum
from visnmf.solve.online import Batch
from visnmf.solve.side import Model

__all__ = ["Look", "look"]


class Look(NamedTuple):
    """What a pass over V tells of parts and encodings."""

    objective: float
    """Loss and penalties on H, from the entries of V outright."""
    squares: float
    """The squared length of V."""
    square: float
    """The squared length of the projected gradient of H."""
    model: Model
    """Loss and penalties as a function of W."""
    batch: Batch
    """The last block's: the steps of W, and the kernels."""


def look(
    tiles: Iterable[tuple[slice, Matrix]],
    W: np.ndarray,
    H: np.ndarray,
    batch_of: Callable[[Matrix], Batch],
    *,
    goal: float,
    warm: bool = False,
) -> Look:
    """Encode all images by W, in one pass.

    Parameters
    ----------
    tiles : iterable of (slice, Matrix)
        Ranges of columns, and V there.
    W : ndarray (rank, m)
        The parts.
    H : ndarray (rank, n)
        Where the encodings go.
    batch_of : callable
        Returns the batch of a block of V, with penalties on W in its share.
    goal : float
        The projected gradient of plain least squares to reach, over its length at zero.
    warm : bool
        Whether H holds encodings to begin with.
    """
    objective = square = squares = 0.0
    of_W = ModelSum()
    near = None
    for columns, block in tiles:
        batch = batch_of(block)
        part = np.ascontiguousarray(H[:, columns]) if warm else None
        if batch.side_H.kind == "quadratic" and batch.side_H.plain:
            given = np.empty((len(W), block.shape[1]), block.dtype) if part is None else part
            model_H = batch.side_H.model(batch.loss, block, W, given)
            assert isinstance(model_H, Quadratic)
            near = near_inverse(model_H.G) if near is None else near
            part = solve_clipped(near, model_H.B) if part is None else part
            if batch.kernels.nnls(part, model_H.G, model_H.B, SWEEPS, goal) > SWEEPS:
                solve_outright(W, block, part, late_columns(part, model_H.G, model_H.B, goal))
        else:
            part = batch.encode(W, SWEEPS, squares=True)
            model_H = batch.side_H.model(batch.loss, block, W, part, objective=False)
        squares += block.total(None, None, SQUARED_VALUE)
        square += batch.side_H.point(part, model_H, batch.kernels).square
        objective += batch.loss.value(block, W, part) + batch.side_H.value(part)
        H[:, columns] = part
        of_W += ModelSum(batch.side_W.model(batch.loss, block.T, part, W, objective=False))
    return Look(objective, squares, square, of_W.model(W.dtype), batch)
