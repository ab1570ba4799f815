"""Sheets with text under each tile, as far as it can be read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from visnmf.plots.figures import DPI, SMALL, VisFigure, sheet_figure
from visnmf.plots.sheet import contact_sheet
from visnmf.plots.tiles import shortened
from visnmf.plots.tones import INK

__all__ = ["LARGEST", "bounded_side", "named_sheet"]

LARGEST = 40.0  # inches of a figure's longer side
_READ = 5.0  # points of the smallest letters
_FEWEST = 3  # letters, below which a name tells nothing
_WIDTH = 0.6  # of a letter, for its size
_LINE = 0.16  # inches


def bounded_side(count: int, across: int, tile: int, *, least: float = 8.0) -> float:
    """Choose how many inches a sheet may take, so that shrinking leaves 24 pixels of each tile.

    Parameters
    ----------
    count, across : int
        Tiles, and those in a row.
    tile : int
        Pixels of the longer side of one.
    least : float
        Inches that a sheet may always take.
    """
    longer = max(across, -(-count // across))
    return float(np.clip(1.05 * min(tile, 24) * longer / DPI, least, LARGEST))


def named_sheet(tiles: NDArray[np.uint8], lines: Sequence[Sequence[str]], across: int) -> VisFigure:
    """Draw a sheet with lines of text under each tile.

    Letters shrink to fit their tile, down to 5 points; then names are shortened in the
    middle; where not even three letters fit, none are written.

    Parameters
    ----------
    tiles : array of shape (k, h, w, 3), uint8
        The pictures.
    lines : sequence of k sequences of str
        What to write under each, line below line; each has as many.
    across : int
        Tiles in a row.
    """
    height, width = tiles.shape[1:3]
    down = -(-len(tiles) // across)
    side = min(max(7.6, 0.7 * max(across, down)), LARGEST / 1.25)
    depth = _LINE * len(lines[0])
    # A sheet that will be shrunk needs more of its pixels for a line of text.
    shrunk = max(1.0, max(across * width, down * height) / (1.25 * side * DPI))
    strip = round((depth + 0.06) * DPI * shrunk)
    sheet = contact_sheet(tiles, columns=across, side=side * DPI, strip=strip)
    figure, axes, inch = sheet_figure(sheet.pixels, side=1.25 * side, bottom=depth + 0.14)
    room = 72 * sheet.tile[1] / inch
    most = int(room / (_WIDTH * _READ))
    for index, texts in enumerate(lines if most >= _FEWEST else ()):
        x, y = sheet.middle(*divmod(index, across))
        for number, text in enumerate(texts):
            shown = text if len(text) <= most else shortened(text, most)
            axes.text(
                x,
                y + sheet.tile[0] / 2 + (0.03 + _LINE * number) * inch,
                shown,
                size=min(SMALL, room / (_WIDTH * max(len(shown), 1))),
                ha="center",
                va="top",
                color=INK,
                parse_math=False,
            )
    return figure
