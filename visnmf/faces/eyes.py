"""Eyes of a face that was found: votes of four cascades, weighed by where eyes usually are."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from visnmf.faces.cascades import Cascades

__all__ = ["EYES_APART", "EYES_DOWN", "SIDE", "find_eyes"]

SIDE = 160
"""Side of a face's box, in the pixels that eyes are looked for in."""
EYES_DOWN = 0.395
"""How far down in a face's box eyes usually lie, as a share of its side."""
EYES_APART = 0.4
"""How far from each other they usually are."""

_SPREAD = 0.06  # of the usual places, as a share of the side
_BLUR = 0.03  # of a vote
_ENOUGH = 1.5  # weighed votes in agreement that make an eye
_TILT = 15.0  # degrees by which two eyes may lie askew in a face that was turned upright


def find_eyes(
    cascades: Cascades, face: NDArray[np.uint8], margin: int
) -> tuple[NDArray[np.float64] | None, float]:
    """Find two eyes in a face that stands upright.

    Parameters
    ----------
    cascades : Cascades
        Those of eyes are used.
    face : array of uint8, shape (h, w)
        A face whose box is `SIDE` pixels wide.
    margin : int
        Where that box begins, from the left and from above.

    Returns
    -------
    eyes : array, shape (2, 2), or None
        Left and right one as (x, y), in shares of the box; None where there is not a likely pair.
    votes : float
        Weighed votes for the weaker one of both.
    """
    upper = face[margin : margin + round(0.7 * SIDE), margin : margin + SIDE]
    least, most = round(0.16 * SIDE), round(0.4 * SIDE)
    windows = [
        cascades.windows(name, upper, least, most, agreeing=0)
        for name in ("eye", "eye with glasses", "left eye", "right eye")
    ]
    places = np.concatenate(windows)[:, :2] / SIDE
    found = [_strongest(places, 0.5 + side * EYES_APART / 2) for side in (-1, 1)]
    votes = min(found[0][1], found[1][1])
    eyes = np.array([found[0][0], found[1][0]])
    across, down = eyes[1] - eyes[0]
    tilt = abs(np.degrees(np.arctan2(down, across)))
    likely = votes >= _ENOUGH and 0.25 < across < 0.55 and tilt < _TILT
    return (eyes if likely else None), votes


def _strongest(places: NDArray[np.float64], usual: float) -> tuple[NDArray[np.float64], float]:
    """Return the place where most votes agree near where an eye usually is, and how many do."""
    away = np.square(places - (usual, EYES_DOWN)).sum(axis=1)
    weights = np.exp(-away / (2 * _SPREAD**2))
    places, weights = places[weights > 0.01], weights[weights > 0.01]
    if not len(places):
        return np.array([usual, EYES_DOWN]), 0.0
    between = np.square(places[:, None] - places[None]).sum(axis=2)
    agreed = np.exp(-between / (2 * _BLUR**2)) * weights
    best = agreed[np.argmax(agreed.sum(axis=1))]
    return best @ places / best.sum(), float(best.sum())
