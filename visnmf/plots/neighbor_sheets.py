"""Pictures beside those that are most like them."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from visnmf.arguments import check_instance, check_integer
from visnmf.errors import InvalidInputError
from visnmf.images.pictures import as_pictures
from visnmf.plots.figures import DPI, sheet_figure
from visnmf.plots.sheet import contact_sheet
from visnmf.plots.tiles import caption, fit_tiles, shortened
from visnmf.plots.tones import PAPER
from visnmf.tasks.index import Neighbors

__all__ = ["neighbors"]

_STRIP = 17  # pixels below a row, for one line of text


def neighbors(
    queries: Any, found: Neighbors, pictures: Any, *, max_queries: int = 12, side: int | None = None
) -> Figure:
    """Show pictures, each with those that are most like it to its right, the nearest first.

    Below each of these stands its similarity, 1 for the same picture.

    Parameters
    ----------
    queries : ImageSet, Pictures, or what else holds pictures
        What was looked for.
    found : Neighbors
        What `SimilarIndex.search` found.
    pictures : ImageSet, Pictures, or what else holds pictures
        The pictures that `found.indices` counts in.
    max_queries : int
        The most pictures to show with their neighbors.
    side : int, optional
        Pixels of the longer side of a picture as drawn; by default what makes a sheet about
        1,000 pixels wide.

    Returns
    -------
    Figure

    Raises
    ------
    InvalidInputError
        There is no picture, or `found` does not fit the pictures.
    """
    asked, known = as_pictures(queries), as_pictures(pictures)
    check_instance(found, "found", Neighbors, "SimilarIndex.search gives one")
    indices = np.asarray(found.indices)
    if indices.ndim != 2 or not indices.size or len(indices) != len(asked):
        raise InvalidInputError(f"found of shape {indices.shape} does not fit {len(asked)} queries")
    if indices.min() < 0 or indices.max() >= len(known):
        raise InvalidInputError(
            f"found names picture {indices.max()}, but there are {len(known)}, from 0"
        )
    check_integer(max_queries, "max_queries", 1)
    rows, n = min(len(asked), max_queries), indices.shape[1]
    if side is None:
        side = int(np.clip(1000 / (n + 2), 56, 150))
    shown = [*asked.pictures[:rows], *(known.pictures[i] for i in indices[:rows].ravel())]
    tiles = fit_tiles(shown, side)
    left = contact_sheet(tiles[:rows], columns=1, zoom=1, strip=_STRIP)
    right = contact_sheet(tiles[rows:], columns=n, zoom=1, strip=_STRIP)
    between = np.empty((len(left.pixels), max(left.tile[1] // 3, 8), 3), np.uint8)
    between[:] = PAPER
    pixels = np.concatenate([left.pixels, between, right.pixels], axis=1)
    inches = max(pixels.shape[:2]) / DPI
    figure, axes, _ = sheet_figure(pixels, side=inches, bottom=0.25)
    start, below = left.tile[1] + between.shape[1], left.tile[0] + 3
    letters = max(left.tile[1] // 7, 8)
    for row in range(rows):
        y = row * left.pitch[0] + below
        caption(axes, left.tile[1] / 2, y, shortened(asked.names[row], letters))
        for column, similarity in enumerate(found.similarities[row]):
            caption(axes, start + right.middle(row, column)[0], y, f"{similarity:.2f}")
    middle = left.tile[1] + between.shape[1] / 2
    axes.plot([middle, middle], [0, len(pixels)], color="#bbbbbb", linewidth=0.8)
    return figure
