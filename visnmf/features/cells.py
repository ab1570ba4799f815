"""Cells: a picture divided into a grid of them, and features of cells drawn as pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from visnmf.images.colors import luma

__all__ = ["as_gray", "cell_bounds", "cell_means", "cell_side", "draw_cells", "strokes"]

# Pixels that the longer side of a drawing takes, where cells are not too many.
_DRAWN = 240


def as_gray(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return the gray of a picture (h, w, channels): luma of three, else the mean."""
    gray: NDArray[np.float32] = (
        luma(picture) if picture.shape[2] == 3 else picture.mean(axis=2, dtype=np.float32)
    )
    return gray


def cell_bounds(length: int, cells: int) -> list[slice]:
    """Divide a length into cells, none of them empty.

    Where the length is no multiple of `cells`, neighbors share a pixel.
    """
    return [slice(i * length // cells, max(-(-(i + 1) * length // cells), 1)) for i in range(cells)]


def cell_means(values: NDArray[Any], cells: int) -> NDArray[Any]:
    """Average values (h, w, ...) over a grid: (cells, cells, ...)."""
    rows = [values[bounds].mean(axis=0) for bounds in cell_bounds(values.shape[0], cells)]
    across = cell_bounds(values.shape[1], cells)
    return np.stack([[row[bounds].mean(axis=0) for bounds in across] for row in rows])


def cell_side(height: int, width: int, least: int = 16) -> int:
    """Choose how many pixels a cell is drawn with, in a grid of height x width cells."""
    return max(least, _DRAWN // max(height, width))


def strokes(angles: NDArray[Any], side: int, *, rays: bool = False) -> NDArray[np.float32]:
    """Draw a line through the middle of a square for each angle, with smooth edges.

    Parameters
    ----------
    angles : ndarray (count,)
        Directions in radians, from rightwards to downwards.
    side : int
        Of the square, in pixels.
    rays : bool
        Draw only the half that goes where the angle points.

    Returns
    -------
    glyphs : ndarray (count, side, side)
        1 on the line, 0 off it.
    """
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    dx, dy = np.cos(angles)[:, None, None], np.sin(angles)[:, None, None]
    along, across = x * dx + y * dy, y * dx - x * dy
    reach, half = 0.45 * side, max(0.5, 0.045 * side)
    beyond = np.maximum(np.maximum(along - reach, (0 if rays else -reach) - along), 0)
    distance = np.hypot(beyond, across)
    return np.clip(half + 0.5 - distance, 0, 1).astype(np.float32)


def draw_cells(cells: NDArray[np.float32], glyphs: NDArray[np.float32]) -> NDArray[np.float32]:
    """Draw each value of each cell as its glyph; where glyphs meet, the strongest shows.

    Parameters
    ----------
    cells : ndarray (k, height, width, count)
        How strong each glyph is.
    glyphs : ndarray (count, side, side)
        Values in [0, 1].

    Returns
    -------
    pictures : ndarray (k, height * side, width * side)
    """
    k, height, width, count = cells.shape
    side = glyphs.shape[1]
    pictures = np.zeros((k, height, side, width, side), np.float32)
    for i in range(count):
        drawn = cells[:, :, None, :, None, i] * glyphs[i][:, None, :]
        np.copyto(pictures, drawn, where=np.abs(drawn) > np.abs(pictures))
    return pictures.reshape(k, height * side, width * side)
