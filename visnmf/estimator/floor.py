"""Zeros that multiplicative steps stop short of.

They keep every entry at a floor above zero, from which it could come back. Once a fit is
over, what lies on the floor is a zero.
"""

from __future__ import annotations

import numpy as np

from visnmf.losses.protocol import Loss
from visnmf.matrices.protocol import Matrix

__all__ = ["without_floor"]

_FLOOR = 1e-8  # of the mean of a factor; the steps end at 1e-10 of it
_ROUNDING = 8.0  # in units of the dtype's eps


def without_floor(
    matrix: Matrix, loss: Loss, W: np.ndarray, H: np.ndarray
) -> tuple[np.ndarray, np.ndarray, float]:
    """Return W', H and the loss, with what lies on the floor at zero where that costs nothing.

    Parameters
    ----------
    matrix, loss
        V, and what it is fitted by.
    W, H : ndarray (rank, m), (rank, n)
        The factors; copied where they change.
    """
    before = loss.value(matrix, W, H)
    cleared = _cleared(W), _cleared(H)
    after = loss.value(matrix, *cleared)
    noise = _ROUNDING * float(np.finfo(H.dtype).eps) * max(abs(before), abs(loss.const))
    return (*cleared, after) if after <= before + noise else (W, H, before)


def _cleared(F: np.ndarray) -> np.ndarray:
    return np.where(F > _FLOOR * float(F.mean(dtype=np.float64)), F, F.dtype.type(0))
