"""Where a part is: its pixels above a threshold."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from visnmf.errors import InvalidInputError

__all__ = ["check_threshold", "thresholds_of"]


def check_threshold(threshold: Any) -> str | float:
    """Return "otsu", or a share of the largest value as a float."""
    if isinstance(threshold, str) and threshold == "otsu":
        return "otsu"
    number = isinstance(threshold, int | float | np.number) and not isinstance(threshold, bool)
    if not (number and 0 <= threshold < 1):
        raise InvalidInputError(
            f'threshold must be "otsu", or a share of the largest value from 0 to below 1, '
            f"not {threshold!r:.60}"
        )
    return float(threshold)


def thresholds_of(
    brightness: NDArray[Any], kept: NDArray[np.bool_] | None, threshold: str | float
) -> NDArray[np.float64]:
    """Return the value above which a pixel belongs to a part, for each part.

    Parameters
    ----------
    brightness : ndarray, shape (k, h, w)
        The parts, without channels, not negative.
    kept : ndarray of bool, shape (h, w), or None
        The pixels that columns hold; all of them where it is None.
    threshold : "otsu" or float
        As of `check_threshold`. Otsu (1979) divides the values so that the two classes differ
        most; of a part that is the same everywhere all is kept, unless that is 0.

    Returns
    -------
    ndarray, shape (k,)
    """
    from skimage.filters import threshold_otsu

    values = brightness[:, kept] if kept is not None else brightness.reshape(len(brightness), -1)
    tops = values.max(axis=1).astype(np.float64)
    if threshold != "otsu":
        return tops * float(threshold)
    levels = np.zeros(len(tops))
    for k, part in enumerate(values):
        if part.min() < part.max():
            levels[k] = threshold_otsu(part)
    return levels
