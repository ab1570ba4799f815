"""The contact sheet: many pictures in one array."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visnmf.errors import InvalidInputError
from visnmf.plots.tones import PAPER

__all__ = [
    "Sheet",
    "contact_sheet",
    "montage",
    "sheet_columns",
]


def montage(
    images: ArrayLike,
    *,
    columns: int | None = None,
    gap: int | tuple[int, int] = 1,
    background: float | tuple[int, ...] = 0,
) -> NDArray[Any]:
    """Lay pictures out row by row in one array.

    Parameters
    ----------
    images : array of shape (k, h, w) or (k, h, w, c)
        The pictures.
    columns : int, optional
        Pictures in a row; by default the sheet comes out about square.
    gap : int or (int, int)
        Pixels between pictures: between rows and columns alike, or each its own.
    background : float or c numbers
        What fills gaps and empty places.

    Returns
    -------
    array of shape (H, W) or (H, W, c), of the dtype of `images`
        ``H = rows * h + (rows - 1) * gap``, and W alike: no frame outside.

    Raises
    ------
    InvalidInputError
        There is no picture, or an option is out of range.

    Examples
    --------
    >>> montage([[[1, 2]], [[3, 4]], [[5, 6]]], columns=2)
    array([[1, 2, 0, 3, 4],
           [0, 0, 0, 0, 0],
           [5, 6, 0, 0, 0]])
    """
    stack = np.asarray(images)
    if stack.ndim not in (3, 4) or stack.size == 0:
        raise InvalidInputError(
            f"a montage needs pictures (k, h, w) or (k, h, w, c), got shape {stack.shape}"
        )
    count, height, width = stack.shape[:3]
    across = sheet_columns(count, height, width, columns)
    down_gap, across_gap = (gap, gap) if isinstance(gap, int) else gap
    if min(down_gap, across_gap) < 0:
        raise InvalidInputError(f"gap must be at least 0, not {gap}")
    down = -(-count // across)
    # Each place carries a gap below and to its right; the last ones are cut off at the end.
    places = np.empty(
        (down * across, height + down_gap, width + across_gap, *stack.shape[3:]), stack.dtype
    )
    places[:] = background
    places[:count, :height, :width] = stack
    grid = places.reshape(down, across, *places.shape[1:]).swapaxes(1, 2)
    sheet = grid.reshape(down * places.shape[1], across * places.shape[2], *stack.shape[3:])
    return sheet[: len(sheet) - down_gap, : sheet.shape[1] - across_gap]


@dataclass(frozen=True, eq=False)
class Sheet:
    """A drawn contact sheet, and where its tiles lie.

    Attributes
    ----------
    pixels : array of shape (H, W, 3), uint8
        The sheet.
    tile : (int, int)
        Height and width of a tile as drawn.
    pitch : (int, int)
        From one tile to the next, downwards and across.
    """

    pixels: NDArray[np.uint8]
    tile: tuple[int, int]
    pitch: tuple[int, int]

    def middle(self, row: int, column: int) -> tuple[float, float]:
        """Return the place (x, y) of the middle of a tile."""
        return (
            column * self.pitch[1] + self.tile[1] / 2,
            row * self.pitch[0] + self.tile[0] / 2,
        )


def contact_sheet(
    tiles: NDArray[np.uint8],
    *,
    columns: int | None = None,
    zoom: int | None = None,
    side: float = 1000,
    strip: int = 0,
) -> Sheet:
    """Enlarge tiles by a whole number, so that all pixels are alike, and lay them out.

    Parameters
    ----------
    tiles : array of shape (k, h, w, 3), uint8
        The pictures.
    columns : int, optional
        Tiles in a row.
    zoom : int, optional
        By how much to enlarge; by default what `side` allows, at least 1.
    side : float
        About how many pixels the longer side may take.
    strip : int
        Pixels to leave free below each row, for text.
    """
    count, height, width = tiles.shape[:3]
    across = sheet_columns(count, height, width, columns)
    if zoom is None:
        down = -(-count // across)
        # A gap adds about one part in 24 to a tile.
        zoom = max(1, int(side / 1.04 / max(down * height, across * width)))
    if zoom < 1:
        raise InvalidInputError(f"zoom must be at least 1, not {zoom}")
    drawn = tiles.repeat(zoom, axis=1).repeat(zoom, axis=2)
    height, width = drawn.shape[1:3]
    gap = max(1, min(height, width) // 24)
    pixels = montage(drawn, columns=across, gap=(max(gap, strip), gap), background=PAPER)
    return Sheet(pixels, (height, width), (height + max(gap, strip), width + gap))


def sheet_columns(count: int, height: int, width: int, columns: int | None = None) -> int:
    """Choose how many pictures make a row: about a square, and no row cut short if that can be."""
    if columns is not None:
        if columns < 1:
            raise InvalidInputError(f"columns must be at least 1, not {columns}")
        return columns
    across = min(count, int(np.ceil(np.sqrt(count * height / width))))
    full = [c for c in range(across, across + max(2, across // 4) + 1) if count % c == 0]
    return full[0] if full else -(-count // -(-count // across))
