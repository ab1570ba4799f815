"""The parts of two models side by side, each beside the one that is most like it."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from visnmf.arguments import check_integer
from visnmf.errors import InvalidInputError
from visnmf.images.layout import ImageLayout
from visnmf.measure.matching import match_parts
from visnmf.plots.inputs import Columns, parts_from
from visnmf.plots.named_sheets import named_sheet
from visnmf.plots.part_tiles import part_tiles
from visnmf.plots.tones import PAPER

__all__ = ["matched_parts"]


def matched_parts(
    first: Any,
    second: Any,
    layout: ImageLayout | None = None,
    *,
    max_pairs: int | None = None,
    columns: int | None = None,
) -> Figure:
    """Show pairs of parts, one of each model, that are most alike, the most alike pair first.

    Pairs are those of `visnmf.measure.match_parts`: the sum of their cosines is the largest
    that there is. Under each pair stand the numbers of its two parts, from 1, and their cosine.
    Parts of the larger model that are left over come last, alone.

    Parameters
    ----------
    first, second : Model, Factorization, or array of shape (m, rank)
        The parts of each, of the same pixels; the ranks may differ.
    layout : ImageLayout, optional
        How a column becomes a picture, where neither knows.
    max_pairs : int, optional
        Show only so many places, those with the highest cosines.
    columns : int, optional
        Pairs in a row; by default the figure comes out about square.

    Returns
    -------
    Figure
        In each pair, the part of `first` is left. All parts have their own scale.

    Raises
    ------
    InvalidInputError
        The parts are not of the same pixels, or any is negative.

    Examples
    --------
    >>> import visnmf
    >>> faces = visnmf.samples.load_faces()
    >>> a, b = (visnmf.learn(faces, 6, seed=seed, init="random", max_iter=20) for seed in (0, 1))
    >>> figure = visnmf.plots.matched_parts(a, b)
    """
    if layout is None:
        layout = getattr(first, "layout", None) or getattr(second, "layout", None)
    sides = parts_from(first, layout), parts_from(second, layout)
    if max_pairs is not None:
        check_integer(max_pairs, "max_pairs", 1)
    for side, name in zip(sides, ("first", "second"), strict=True):
        if side.values.min() < 0:
            raise InvalidInputError(f"{name} holds values below zero: parts of NMF have none")
    matching = match_parts(sides[0].values, sides[1].values)
    order = np.argsort(-matching.cosine, kind="stable")
    pairs: list[tuple[int | None, int | None]] = list(
        zip(matching.first[order].tolist(), matching.second[order].tolist(), strict=True)
    )
    numbers = [f"{cosine:.2f}" for cosine in matching.cosine[order]]
    alone: list[tuple[int | None, int | None]] = [
        *((k, None) for k in _left_over(sides[0], matching.first)),
        *((None, k) for k in _left_over(sides[1], matching.second)),
    ]
    numbers += [""] * len(alone)
    shown = (pairs + alone)[:max_pairs]
    left, right = (next(part_tiles(side, zoom=1)) for side in sides)
    height, width = left.shape[1:3]
    gap, margin = max(1, width // 24), max(2, width // 8)  # in a pair, and beside it
    tiles = np.empty((len(shown), height, 2 * (margin + width) + gap, 3), np.uint8)
    tiles[:] = PAPER
    for tile, (a, b) in zip(tiles, shown, strict=True):
        if a is not None:
            tile[:, margin : margin + width] = left[a]
        if b is not None:
            tile[:, margin + width + gap : -margin] = right[b]
    names = [f"{_place(a)} | {_place(b)}" for a, b in shown]
    return named_sheet(tiles, names, numbers[:max_pairs], columns)


def _left_over(side: Columns, taken: NDArray[np.intp]) -> list[int]:
    return np.setdiff1d(np.arange(side.values.shape[1]), taken).tolist()


def _place(part: int | None) -> str:
    return "–" if part is None else str(part + 1)
