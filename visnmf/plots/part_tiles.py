"""Parts as colored tiles for a sheet: some at a time, and shrunk for large sheets."""

from __future__ import annotations

from collections.abc import Iterator
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visnmf.arguments import check_integer
from visnmf.errors import InvalidInputError
from visnmf.images.tiling import sheet_columns
from visnmf.plots.inputs import Columns
from visnmf.plots.tones import colored, largest, visible

__all__ = ["LEAST_TILE", "LONGEST_SIDE", "MOST_PIXELS", "part_tiles", "tile_size"]

LONGEST_SIDE = 4000  # pixels of a sheet, unless its zoom is told
LEAST_TILE = 8  # pixels of the longer side, below which nothing can be seen in a tile
MOST_PIXELS = 10**8  # of a sheet whose zoom is told: 300 MB
_BLOCK = 1 << 23  # values that are colored at a time


def part_tiles(
    parts: Columns,
    *,
    scale: str = "part",
    max_parts: int | None = None,
    columns: int | None = None,
    channels: int | tuple[int, int, int] | None = None,
    cmap: str | None = None,
    zoom: int | None = None,
    per_page: int | None = None,
) -> Iterator[NDArray[np.uint8]]:
    """Yield parts as colors (k, h, w, 3), a page at a time; around zero where any is negative.

    Parameters
    ----------
    parts : Columns
        From `parts_from` or `shown_parts`.
    scale, columns, max_parts, channels, cmap
        As for `visnmf.plots.basis`.
    zoom, per_page : int, optional
        As of `visnmf.plots.save_montage`: with a zoom no tile is shrunk, and without a number
        of parts there is one page.
    """
    at = parts.layout
    for name, value in (("max_parts", max_parts), ("per_page", per_page)):
        if value is not None:
            check_integer(value, name, 1)
    W = parts.values[:, :max_parts]
    count = W.shape[1]
    per_page = min(per_page or count, count)
    size = tile_size(per_page, at.height, at.width, columns, zoom)
    signed = bool(W.min() < 0)
    blocks = _blocks(W)
    seen = partial(visible, layout=at, channels=channels, color=cmap is None)
    peaks = np.concatenate([largest(seen(W[:, block]), scale) for block in blocks])
    if scale == "common":
        peaks[:] = peaks.max()
    for start in range(0, count, per_page):
        tiles = np.empty((min(per_page, count - start), *size, 3), np.uint8)
        for block in _blocks(W, start, start + len(tiles)):
            colors = colored(seen(W[:, block]), peaks[block], at.mask, signed=signed, cmap=cmap)
            place = slice(block.start - start, block.stop - start)
            tiles[place] = colors if size == colors.shape[1:3] else _shrunk(colors, size)
        yield tiles


def tile_size(
    count: int, height: int, width: int, columns: int | None, zoom: int | None = None
) -> tuple[int, int]:
    """Choose the height and width of tiles: as they are, or what a bounded sheet has room for.

    Parameters
    ----------
    count : int
        How many tiles.
    height, width : int
        Of each in full.
    columns : int, optional
        Tiles in a row.
    zoom : int, optional
        Told, so that nothing may be shrunk.

    Raises
    ------
    InvalidInputError
        There are more tiles than a sheet can show.
    """
    if zoom is not None:
        if count * height * width * zoom**2 > MOST_PIXELS:
            raise InvalidInputError(
                f"{count:,} tiles of {height} x {width} pixels at zoom {zoom} make more than "
                f"{MOST_PIXELS:,} pixels; leave zoom out to have them shrunk, or show fewer"
            )
        return height, width
    across = sheet_columns(count, height, width, columns)
    down = -(-count // across)
    # A gap takes a pixel, or about one part in 24.
    share = min(
        1.0,
        (LONGEST_SIDE / across - 1) / (width * 1.04),
        (LONGEST_SIDE / down - 1) / (height * 1.04),
    )
    if share == 1.0:
        return height, width
    if share * max(height, width) < LEAST_TILE:
        raise InvalidInputError(
            f"{count:,} tiles, {across:,} in a row, would have less than {LEAST_TILE} pixels each "
            f"on a sheet of {LONGEST_SIDE:,}; show fewer with max_parts, or write pages: "
            "save_montage(..., per_page=1000)"
        )
    return max(1, int(share * height)), max(1, int(share * width))


def _blocks(W: NDArray[Any], first: int = 0, last: int | None = None) -> list[slice]:
    """Cut columns into blocks, so that colors never take much more memory than a sheet."""
    last = W.shape[1] if last is None else last
    step = max(1, _BLOCK // len(W))
    return [slice(start, min(start + step, last)) for start in range(first, last, step)]


def _shrunk(colors: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.uint8]:
    """Shrink each picture; a pixel of the result is the mean of those that it covers."""
    from PIL import Image

    extent = (size[1], size[0])
    return np.stack(
        [np.asarray(Image.fromarray(each).resize(extent, Image.Resampling.BOX)) for each in colors]
    )
