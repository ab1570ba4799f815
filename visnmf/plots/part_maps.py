"""The parts map: which part is strongest at each pixel."""

from __future__ import annotations

from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patheffects import withStroke
from numpy.typing import ArrayLike, NDArray

from visnmf.arguments import check_choice
from visnmf.errors import InvalidInputError
from visnmf.images.layout import ImageLayout
from visnmf.plots.figures import DPI, SMALL, sheet_figure
from visnmf.plots.inputs import encodings_of, one_picture, parts_from
from visnmf.plots.legends import hue_legend
from visnmf.plots.sheet import Sheet, contact_sheet
from visnmf.plots.tones import HUES, MASKED, bright, colored, largest, visible

__all__ = ["parts_map"]

_DIM = 0.3  # of a hue is left where a part is weakest: darker hues cannot be told apart
_NOTHING = 0.02  # of the brightest, and less
_READ = 0.065  # inches around a number


def parts_map(
    source: Any,
    layout: ImageLayout | None = None,
    *,
    image: Any = None,
    H: ArrayLike | None = None,
    scale: Literal["part", "common"] = "part",
    numbers: bool = True,
) -> Figure:
    """Color each pixel by the part that is strongest there, the brighter the stronger it is.

    Up to seven parts have a color each, and a legend. More share seven colors, so given that
    neighbors differ as far as can be; they are told by the numbers on them, from 1. Black is
    where no part reaches a fiftieth of what is drawn brightest.

    Parameters
    ----------
    source : Model, Factorization, or array of shape (m, rank)
        The parts. Of parts with values below zero, sizes count; those that a Model has hidden
        do not.
    layout : ImageLayout, optional
        How a column becomes a picture, where `source` does not know.
    image : array, or ImageSet of one, optional
        A picture (h, w[, c]) or its column (m,). Then parts count as they make it up: part k
        by ``h_k w_k``. The picture stands beside the map.
    H : array of shape (rank,), optional
        The encoding of the picture; found if not given.
    scale : {"part", "common"}
        Without a picture: each part relative to its own largest values (the 99 % quantile), or
        all as they are in W.
    numbers : bool
        Whether to write the numbers of more than seven parts on them, where there is room.

    Returns
    -------
    Figure

    Raises
    ------
    InvalidInputError
        Shapes do not fit, or there is H without an image.

    Examples
    --------
    >>> import numpy as np
    >>> from visnmf import ImageLayout, plots
    >>> figure = plots.parts_map(np.eye(4), ImageLayout(2, 2))
    """
    parts = parts_from(source, layout)
    check_choice(scale, "scale", ("part", "common"))
    if H is not None and image is None:
        raise InvalidInputError("H is of a picture: give image too")
    at, rank = parts.layout, parts.values.shape[1]
    amounts = visible(np.abs(parts.values.astype(np.float64)), at, color=False)
    tiles = []
    if image is not None:
        v = one_picture(image, at)
        amounts *= encodings_of(v[:, None], parts, H)[:, 0, None, None]
        seen = visible(v[:, None], at)
        tiles.append(colored(seen, largest(seen, "part"), at.mask)[0])
    elif scale == "part":
        amounts /= bright(amounts)[:, None, None]
    hidden = getattr(source, "hidden", None)
    if hidden is not None:
        amounts[np.asarray(hidden)] = 0
    winner, strength = amounts.argmax(axis=0), amounts.max(axis=0)
    peak = 1.0 if image is None and scale == "part" else float(bright(strength[None])[0])
    strength = np.minimum(strength / peak, 1)
    lit = strength > _NOTHING
    drawn = _painted(winner, np.where(lit, strength, 0), _hues(winner, lit, rank))
    if at.mask is not None:
        drawn[~at.mask] = MASKED
    tiles.append(drawn)
    sheet = contact_sheet(np.stack(tiles), columns=len(tiles), side=5.0 * len(tiles) * DPI)
    few = rank <= len(HUES)
    room = 0.6 + 0.07 * max(map(len, parts.names)) if few else 0.1
    figure, axes, inch = sheet_figure(sheet.pixels, right=room)
    if few:
        hue_legend(axes, parts.names)
    elif numbers:
        _number(axes, sheet, winner, lit, inch)
    return figure


def _hues(winner: NDArray[np.intp], lit: NDArray[np.bool_], rank: int) -> NDArray[np.intp]:
    """Choose a hue for each part, so that those that touch differ as far as can be."""
    if rank <= len(HUES):
        return np.arange(rank)
    touch = np.zeros((rank, rank))
    for a, b in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
        both = lit[a] & lit[b]
        np.add.at(touch, (winner[a][both], winner[b][both]), 1)
    touch += touch.T
    hues = np.full(rank, -1)
    area = np.bincount(winner[lit], minlength=rank)
    for part in np.argsort(-area, kind="stable"):
        clash = [touch[part, hues == hue].sum() for hue in range(len(HUES))]
        used = [area[hues == hue].sum() for hue in range(len(HUES))]
        hues[part] = np.lexsort((used, clash))[0]
    return hues


def _painted(
    winner: NDArray[np.intp], strength: NDArray[np.float64], hues: NDArray[np.intp]
) -> NDArray[np.uint8]:
    """Paint each pixel with the hue of its part, darker where it is weak, black where it is 0."""
    palette = np.array([to_rgb(hue) for hue in HUES])[hues]
    light = np.where(strength > 0, _DIM + (1 - _DIM) * np.sqrt(strength), 0)
    return np.rint(255 * palette[winner] * light[..., None]).astype(np.uint8)


def _number(
    axes: Axes, sheet: Sheet, winner: NDArray[np.intp], lit: NDArray[np.bool_], inch: float
) -> None:
    """Write the number of each part into the widest place of its region."""
    from scipy.ndimage import distance_transform_edt

    zoom = sheet.tile[0] / len(winner)
    left = sheet.pixels.shape[1] - sheet.tile[1]  # the map is the last tile
    for part in np.unique(winner[lit]):
        region = np.pad((winner == part) & lit, 1)
        depth = distance_transform_edt(region)[1:-1, 1:-1]
        y, x = np.unravel_index(depth.argmax(), depth.shape)
        radius = (depth[y, x] - 0.5) * zoom / inch  # from the middle of a pixel to the border
        if radius < _READ:
            continue
        axes.text(
            left + (x + 0.5) * zoom,
            (y + 0.5) * zoom,
            str(part + 1),
            size=float(min(SMALL + 2, 72 * radius)),
            color="white",
            ha="center",
            va="center",
            path_effects=[withStroke(linewidth=1.6, foreground="black")],
        )
