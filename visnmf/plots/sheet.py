"""The contact sheet: tiles enlarged alike and laid out, and where each lies."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visnmf.errors import InvalidInputError
from visnmf.images.tiling import montage, sheet_columns
from visnmf.plots.tones import PAPER

__all__ = [
    "Sheet",
    "contact_sheet",
]


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
