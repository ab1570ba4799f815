"""Which of many pictures the page holds."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

__all__ = ["chosen_images"]


def chosen_images(
    errors: NDArray[np.float64], H: NDArray[np.float32], most: int
) -> NDArray[np.intp]:
    """Choose pictures: those explained least, those that use a part most, and a spread of all.

    Parameters
    ----------
    errors : ndarray, shape (n,)
        What the parts leave of each picture.
    H : ndarray, shape (rank, n)
        The encodings.
    most : int
        How many to choose; all of them where there are no more.

    Returns
    -------
    ndarray of int
        In ascending order. A quarter at most is of the first kind, a quarter of the second.
    """
    n = len(errors)
    if n <= most:
        return np.arange(n)
    quarter = most // 4
    worst = np.argsort(-errors, kind="stable")[:quarter]
    chosen = np.zeros(n, dtype=bool)
    chosen[worst] = True
    each = max(1, quarter // max(1, len(H)))
    for k in range(min(len(H), quarter)):
        chosen[np.argpartition(-H[k], each - 1)[:each]] = True
    others = np.flatnonzero(~chosen)
    rest = most - int(chosen.sum())
    chosen[others[np.linspace(0, len(others) - 1, rest).round().astype(np.intp)]] = True
    return np.flatnonzero(chosen)
