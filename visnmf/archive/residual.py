"""What a base leaves over, in whole numbers, so that levels come back exactly or within a bound.

With a base P (whole levels, the same on every machine) and a step s = 2 * bound + 1,

    q = round((V - P) / s),    V' = clip(P + s q, 0, peak),    |V - V'| <= bound.

What is stored is (q + middle) mod (peak + 1), whole numbers of the type of the levels: with s = 1
differences wrap around, and the sum wraps back; with a larger step none is large enough to wrap.
The middle is half of the range over a base, and 0 where there is none.
"""

from __future__ import annotations

import numpy as np

__all__ = ["leave_over", "put_back"]


def leave_over(levels: np.ndarray, base: np.ndarray | None, step: int) -> np.ndarray:
    """Return what is stored of levels over a base.

    Parameters
    ----------
    levels : ndarray of uint8 or uint16, any shape
        V.
    base : ndarray of the same type and shape, or None
        P; None where there is none.
    step : int
        Odd, 1 for every level exactly.

    Returns
    -------
    stored : ndarray of the same type and shape
    """
    half = step // 2
    if base is None:
        return (
            levels if step == 1 else ((levels.astype(np.int32) + half) // step).astype(levels.dtype)
        )
    peak = int(np.iinfo(levels.dtype).max)
    difference = levels.astype(np.int32) - base
    if step > 1:
        difference = (difference + half) // step  # floor: rounds to the nearest, no ties
    difference += (peak + 1) // 2
    return (difference & peak).astype(levels.dtype)


def put_back(stored: np.ndarray, base: np.ndarray | None, step: int) -> np.ndarray:
    """Return V' from what is stored and the base.

    Parameters
    ----------
    stored : ndarray of uint8 or uint16, any shape
        As `leave_over` gives it.
    base : ndarray of the same type and shape, or None
        P.
    step : int
        As given to `leave_over`.

    Returns
    -------
    levels : ndarray of the same type and shape
    """
    if base is None and step == 1:
        return stored
    peak = int(np.iinfo(stored.dtype).max)
    whole = stored.astype(np.int32)
    if base is not None:
        whole -= (peak + 1) // 2
    if step > 1:
        whole *= step
    if base is not None:
        whole += base
    if step == 1:
        return (whole & peak).astype(stored.dtype)
    return np.clip(whole, 0, peak).astype(stored.dtype)
