"""What both sets of kernels share: the tile, and what a pass over a factor tells.

A factor F (rank x q) is worked on in tiles of 64 columns, each of which decides for
itself when its sweeps stop. The tiles are fixed, so that neither blocks nor threads
nor machines can change a result.
"""

from __future__ import annotations

from typing import NamedTuple

import numpy as np

__all__ = ["TILE", "Sums", "inverse_diagonal", "tile_count"]

TILE = 64


class Sums(NamedTuple):
    """Sums over a factor F for a quadratic model with matrices G and B, in float64."""

    linear: float
    """<B, F>."""
    slope: float
    """<B - G F, F>; zero where F is optimal."""
    absolute: float
    """Sum of the absolute values of the projected gradient."""
    square: float
    """Sum of the squares of the projected gradient."""


def tile_count(F: np.ndarray) -> int:
    """Return how many tiles the columns of F fill, the last one perhaps in part."""
    return -(-F.shape[1] // TILE)


def inverse_diagonal(G: np.ndarray) -> np.ndarray:
    """Return 1 / G[k, k], and 0 where a part is empty and its row cannot matter."""
    diagonal = np.diagonal(G)
    floor = np.finfo(G.dtype).tiny
    return np.where(diagonal > floor, 1 / np.maximum(diagonal, floor), 0).astype(G.dtype)
