"""One number for a picture from the map of what is unusual in it."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visnmf.arguments import check_number, check_sequence
from visnmf.errors import InvalidInputError

__all__ = ["map_scores"]


def map_scores(maps: Sequence[ArrayLike], *, share: float = 0.01) -> NDArray[np.float64]:
    """Score pictures by the most unusual places in them.

    Parameters
    ----------
    maps : sequence of arrays, shape (h, w)
        As `PatchEncoder.anomaly_maps` gives them.
    share : float
        The score is the value that this share of a map exceeds: by default the 99th percentile,
        so that a single odd pixel does not count, and the size of a picture neither. What takes
        less of a picture than that is missed; 0 takes the largest value.

    Returns
    -------
    ndarray (n,), float64

    Raises
    ------
    InvalidInputError
        A map is none, or the share is not from 0 to 1.

    Examples
    --------
    >>> import numpy as np
    >>> plain, odd = np.full((20, 20), 2.0), np.full((20, 20), 2.0)
    >>> odd[:4, :4] = 7
    >>> map_scores([plain, odd])
    array([2., 7.])
    """
    if not 0 <= check_number(share, "share", -math.inf) <= 1:
        raise InvalidInputError(f"share must be from 0 to 1, got {share!r}")
    scores = []
    for i, each in enumerate(check_sequence(maps, "maps", "arrays (h, w)")):
        values = np.asarray(each)
        if values.ndim != 2 or not values.size or values.dtype.kind not in "fiu":
            raise InvalidInputError(
                f"map {i} is an array of {values.dtype} of shape {values.shape}; need (h, w)"
            )
        scores.append(np.quantile(values, 1 - share))
    return np.array(scores, dtype=np.float64)
