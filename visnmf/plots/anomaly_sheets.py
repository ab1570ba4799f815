"""The oddest pictures: with what parts make of them, or with maps of what is odd in them."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Colormap, LinearSegmentedColormap, Normalize
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from visnmf.arguments import check_integer, check_sequence
from visnmf.errors import InvalidInputError
from visnmf.images.fitting import resize_values
from visnmf.images.pictures import Pictures, as_pictures
from visnmf.images.tiling import sheet_columns
from visnmf.model.columns import column_errors
from visnmf.plots.figures import DPI, SMALL, sheet_figure
from visnmf.plots.inputs import encodings_of, parts_from, pictures_from
from visnmf.plots.pictures import reconstruction
from visnmf.plots.sheet import contact_sheet
from visnmf.plots.tiles import caption, fit_tiles, shortened
from visnmf.plots.tones import INK, PAPER
from visnmf.tasks.pixel_scores import map_scores

__all__ = ["anomalies", "anomaly_maps"]

_STRIP = 17  # pixels below a row, for one line of text
_HEAT = ("#ffd75e", "#f98e2b", "#d7301f", "#7f0000")
_USUAL = 0.9  # of the places of a picture get no color
_COVER = 0.85  # of the strongest color; some of the picture is seen through it


def anomalies(source: Any, images: Any, *, n: int = 8, H: Any = None) -> Figure:
    """Show the pictures that the parts explain least, the oddest first.

    Each with what the parts make of it and the map of what they do not explain, as
    `reconstruction` draws them; above it its name and its anomaly score, which is its
    relative error ``||v - W h|| / ||v||``.

    Parameters
    ----------
    source : Model, or what else holds parts
        The parts.
    images : ImageSet, or array of shape (n, h, w[, c]) or (m, n)
        The pictures to choose from.
    n : int
        How many to show.
    H : array of shape (rank, n), optional
        The encodings of `images`; found if not given.

    Returns
    -------
    Figure

    Raises
    ------
    InvalidInputError
        Shapes do not fit, or there is no picture.
    """
    check_integer(n, "n", 1)
    parts = parts_from(source, None)
    pictures = pictures_from(images, parts.layout)
    given = getattr(source, "encode", None)
    if H is None and given is not None:  # a model knows the loss that its parts were learned by
        H = given(pictures.values)
    encodings = encodings_of(pictures.values, parts, H)
    scores = column_errors(pictures.values, parts.values @ encodings)
    order = np.argsort(-scores, kind="stable")[:n]
    titles = [shortened(pictures.names[i], 12) for i in order]
    return reconstruction(source, images, which=order.tolist(), titles=titles, H=encodings)


def anomaly_maps(
    pictures: Any, maps: Sequence[ArrayLike], *, n: int = 8, side: int | None = None
) -> Figure:
    """Show pictures, each with the map of what is unusual in it laid over it, the oddest first.

    All maps share one scale: no color where things are as at nine of ten places of a middling
    picture, the last color at the most unusual places shown (the largest 0.2 %). Below each
    pair stands the name of the picture and its score, as of `visnmf.tasks.map_scores`.

    Parameters
    ----------
    pictures : ImageSet, Pictures, or what else holds pictures
        Of any sizes.
    maps : sequence of arrays, shape (h, w)
        One a picture, of its size, as `PatchEncoder.anomaly_maps` gives them.
    n : int
        How many to show.
    side : int, optional
        Pixels of the longer side of a picture as drawn; by default what makes a sheet about
        1,000 pixels wide.

    Returns
    -------
    Figure

    Raises
    ------
    InvalidInputError
        There is no picture, or the maps do not fit the pictures.
    """
    check_integer(n, "n", 1)
    if side is not None:
        check_integer(side, "side", 1)
    known = as_pictures(pictures)
    values = [np.asarray(each) for each in check_sequence(maps, "maps", "arrays (h, w)")]
    _check_maps(known, values)
    scores = map_scores(values)
    order = np.argsort(-scores, kind="stable")[:n]
    low = float(np.median([np.quantile(each, _USUAL) for each in values]))
    high = max(float(np.quantile(values[i], 0.998)) for i in order)
    high = high if high > low else low + 1
    sizes = np.array([known.sizes[i] for i in order])
    height, width = (sizes / sizes.max(axis=1, keepdims=True)).max(axis=0)  # of the longer side
    across = sheet_columns(len(order), height, 2 * width)
    if side is None:
        side = int(np.clip(1000 / (2 * width * across), 96, 400))
    heat = LinearSegmentedColormap.from_list("heat", _HEAT)
    plain = [_colors(known.pictures[i]) for i in order]
    laid = [
        _laid_over(picture, (values[i] - low) / (high - low), heat)
        for picture, i in zip(plain, order, strict=True)
    ]
    tiles = fit_tiles([_scaled(picture, side) for picture in [*plain, *laid]], side)
    between = np.empty((len(order), tiles.shape[1], 3, 3), np.uint8)
    between[:] = PAPER
    pairs = np.concatenate([tiles[: len(order)], between, tiles[len(order) :]], axis=2)
    sheet = contact_sheet(pairs, columns=across, zoom=1, strip=_STRIP)
    figure, axes, _ = sheet_figure(
        sheet.pixels, side=max(sheet.pixels.shape[:2]) / DPI, right=0.75, bottom=0.25
    )
    for place, i in enumerate(order):
        row, column = divmod(place, across)
        x, y = sheet.middle(row, column)
        name = shortened(known.names[i], max(pairs.shape[2] // 8, 8))
        caption(axes, x, y + sheet.tile[0] / 2 + 3, f"{name}  {scores[i]:.2f}")
    _heat_bar(figure, (low, high), heat, box=axes.get_position().bounds)
    return figure


def _check_maps(known: Pictures, values: list[NDArray[Any]]) -> None:
    """Refuse maps that are not of these pictures."""
    if not len(known) or len(known) != len(values):
        raise InvalidInputError(
            f"got {len(values)} maps for {len(known)} pictures; need one map a picture"
        )
    for name, size, each in zip(known.names, known.sizes, values, strict=True):
        if each.shape != size or not np.isfinite(each).all():
            raise InvalidInputError(
                f"picture {name} is {size[0]} x {size[1]}; its map has shape {each.shape}, or "
                "is not finite"
            )


def _colors(picture: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return a picture as red, green and blue."""
    values = picture if picture.shape[2] == 3 else picture.mean(axis=2, keepdims=True)
    return np.broadcast_to(np.clip(values, 0, 1), (*values.shape[:2], 3))


def _scaled(picture: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """Bring the longer side to `side`; pictures much smaller are left, to show their pixels."""
    h, w = picture.shape[:2]
    longer = max(h, w)
    if 3 * longer <= side:
        return picture
    return resize_values(picture, (max(h * side // longer, 1), max(w * side // longer, 1)))


def _laid_over(
    picture: NDArray[np.float32], unusual: NDArray[Any], heat: Colormap
) -> NDArray[np.float32]:
    """Lay colors over a picture made gray and pale, the denser the more unusual it is there."""
    share = np.clip(unusual, 0, 1)[:, :, None]
    gray = 0.3 + 0.7 * picture.mean(axis=2, keepdims=True)
    cover = _COVER * np.minimum(2 * share, 1)
    return ((1 - cover) * gray + cover * heat(share[:, :, 0])[:, :, :3]).astype(np.float32)


def _heat_bar(
    figure: Figure,
    ends: tuple[float, float],
    heat: Colormap,
    *,
    box: tuple[float, float, float, float],
) -> None:
    """Draw the scale of the colors to the right of the sheet, which lies in the box."""
    left, bottom, width, height = box
    inch_across, inch_down = 1 / figure.get_size_inches()
    tall = min(height, 2.4 * inch_down)
    bar = figure.add_axes(
        (left + width + 0.12 * inch_across, bottom + height - tall, 0.09 * inch_across, tall)
    )
    scale = ScalarMappable(Normalize(*ends), heat)
    color_bar = figure.colorbar(scale, cax=bar, ticks=list(ends), extend="max")
    bar.set_yticklabels([f"{ends[0]:.2g}\nusual", f"{ends[1]:.2g}"])
    bar.tick_params(labelsize=SMALL, length=2, colors=INK)
    color_bar.outline.set_visible(False)
