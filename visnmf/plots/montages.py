"""Parts or pictures as PNG files, without any text: one sheet, or pages."""

from __future__ import annotations

import os
from pathlib import Path
from typing import Any, Literal

from visnmf.arguments import check_integer, check_path
from visnmf.files import write_atomically
from visnmf.images.layout import ImageLayout
from visnmf.images.tiling import sheet_columns
from visnmf.images.writing import encode_picture
from visnmf.plots.inputs import shown_parts
from visnmf.plots.part_tiles import part_tiles
from visnmf.plots.sheet import contact_sheet

__all__ = ["save_montage"]


def save_montage(
    path: str | os.PathLike[str],
    source: Any,
    layout: ImageLayout | None = None,
    *,
    scale: Literal["part", "common"] = "part",
    columns: int | None = None,
    max_parts: int | None = None,
    channels: int | tuple[int, int, int] | None = None,
    cmap: str | None = None,
    zoom: int | None = None,
    per_page: int | None = None,
) -> list[Path]:
    """Write the parts, or the pictures of a set, as one PNG or several without any text.

    The sheet is that of `basis`. Without `cmap`, matplotlib is not needed.

    Parameters
    ----------
    path : str or path
        The PNG file. It is replaced at once or not at all.
    source, layout, scale, columns, max_parts, channels, cmap
        As for `basis`.
    zoom : int, optional
        Pixels of the file for each pixel of a part, along a side; by default
        as many as bring the longer side to about 1,000 pixels, at least 1. A sheet that would
        be longer than 4,000 pixels has its tiles shrunk instead, down to 8 pixels: about
        150,000 square parts are the most. With a zoom that is told nothing is shrunk, and a sheet
        has at most 100 million pixels.
    per_page : int, optional
        At most so many parts a sheet. Where there are more, the files are numbered: of
        ``parts.png``, ``parts-1.png`` and so on.

    Returns
    -------
    paths : list of Path
        The files written.

    Raises
    ------
    InvalidInputError
        As for `basis`, or a zoom below 1, or no such folder.
    """
    file = check_path(path, "path")
    for name, value in (("zoom", zoom), ("max_parts", max_parts), ("per_page", per_page)):
        if value is not None:
            check_integer(value, name, 1)
    parts = shown_parts(source, layout)
    pages = part_tiles(
        parts, scale=scale, max_parts=max_parts, columns=columns, channels=channels, cmap=cmap,
        zoom=zoom, per_page=per_page,
    )  # fmt: skip
    count = min(max_parts or len(parts.names), len(parts.names))
    several = per_page is not None and count > per_page
    written: list[Path] = []
    for number, tiles in enumerate(pages, 1):
        target = file.with_name(f"{file.stem}-{number}{file.suffix}") if several else file
        if columns is None:  # the last page is as wide as the others
            columns = sheet_columns(*tiles.shape[:3])
        sheet = contact_sheet(tiles, columns=columns, zoom=zoom)
        write_atomically(target, encode_picture(sheet.pixels, ".png"))
        written.append(target)
    return written
