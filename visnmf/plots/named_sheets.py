"""Sheets with text under each tile, as far as it can be read."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from visnmf.images.tiling import sheet_columns
from visnmf.plots.figures import DPI, SMALL, VisFigure, sheet_figure
from visnmf.plots.sheet import contact_sheet
from visnmf.plots.tiles import cut
from visnmf.plots.tones import INK

__all__ = ["LARGEST", "bounded_side", "named_sheet"]

LARGEST = 40.0  # inches of a figure's longer side
_READ = 5.0  # points of the smallest letters
_FEWEST = 3  # letters, below which a name tells nothing
_WIDTH = 0.6  # of a letter, for its size
_LINE = 0.16  # inches
_AIR = 0.06
_MANY = 200  # tiles
_SMALL_TILE = 0.5  # inches


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


def named_sheet(
    tiles: NDArray[np.uint8],
    names: Sequence[str] | None,
    numbers: Sequence[str] | None = None,
    columns: int | None = None,
) -> VisFigure:
    """Draw a sheet with a name, a number or both under each tile.

    Letters shrink to fit their tile, down to 5 points; then names are cut in the middle.
    Nothing is written where not even three letters fit, where numbers do not fit whole, or where
    the text would take three quarters of the figure.

    Parameters
    ----------
    tiles : array of shape (k, h, w, 3), uint8
        The pictures.
    names, numbers : sequence of k str, optional
        What to write under each.
    columns : int, optional
        Tiles in a row; by default the figure comes out about square.
    """
    height, width = tiles.shape[1:3]
    lines = [line for line in (names, numbers) if line is not None]
    depth = _LINE * len(lines)
    # Of many small tiles the lines of text are a good part of the height.
    lined = round((depth + _AIR) / _SMALL_TILE * width) if len(tiles) > _MANY else 0
    across = sheet_columns(len(tiles), height + lined, width, columns)
    down = -(-len(tiles) // across)
    most = min(max(9.5, 0.875 * max(across, down)), LARGEST)
    for_tiles = most - down * (depth + _AIR)
    if for_tiles < most / 4:  # more rows than there is room for lines of text
        sheet = contact_sheet(tiles, columns=across, side=most * DPI / 1.25)
        return sheet_figure(sheet.pixels, side=most)[0]
    # A sheet that will be shrunk needs more of its pixels for a line of text.
    shrunk = max(1.0, across * width / (most * DPI), down * height / (for_tiles * DPI))
    strip = round((depth + _AIR) * DPI * shrunk)
    sheet = contact_sheet(tiles, columns=across, side=most * DPI / 1.25, strip=strip)
    figure, axes, inch = sheet_figure(sheet.pixels, side=most, bottom=depth + 0.14)
    room = 72 * sheet.tile[1] / inch
    letters = int(room / (_WIDTH * _READ))
    if letters < _FEWEST:
        return figure
    for number, texts in enumerate(lines):
        shown = [cut(text, letters) for text in texts] if texts is names else texts
        longest = max(map(len, shown))
        if longest > letters:
            continue
        size = min(SMALL, room / (_WIDTH * longest))
        for index, text in enumerate(shown):
            x, y = sheet.middle(*divmod(index, across))
            y += sheet.tile[0] / 2 + (0.03 + _LINE * number) * inch
            axes.text(x, y, text, size=size, ha="center", va="top", color=INK, parse_math=False)
    return figure
