"""Levels back to the type and the range that pictures came in."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from visnmf.archive.material import is_whole, values_of
from visnmf.images.layout import ImageLayout

__all__ = ["to_originals"]

_BLOCK = 2**20  # values that are brought back at a time


def to_originals(levels: NDArray[Any], layout: ImageLayout) -> NDArray[Any]:
    """Return levels as originals.

    Parameters
    ----------
    levels : ndarray of uint8 or uint16, any shape
        As `visnmf.archive.material.levels_of` gives them.
    layout : ImageLayout
        Of the originals.

    Returns
    -------
    originals : ndarray of `layout.dtype`
        Of the same shape; levels themselves where those are the originals.
    """
    if layout.dtype == "bool":
        return levels > 127
    if is_whole(layout):
        return levels
    originals = np.empty(levels.shape, layout.dtype)
    into, of = originals.reshape(-1), levels.reshape(-1)
    for first in range(0, levels.size, _BLOCK):  # in float64 they take many times their bytes
        some = slice(first, first + _BLOCK)
        into[some] = layout.to_original(values_of(of[some], layout))
    return originals
