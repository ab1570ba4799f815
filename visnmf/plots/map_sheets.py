"""Feature maps: where in a picture each part of a patch encoder fires."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import NDArray

from visnmf.errors import InvalidInputError
from visnmf.images.imageset import ImageSet
from visnmf.images.pictures import Pictures, as_pictures
from visnmf.images.tiling import sheet_columns
from visnmf.plots.figures import DPI, SMALL, sheet_figure
from visnmf.plots.inputs import parts_from
from visnmf.plots.part_tiles import part_tiles
from visnmf.plots.sheet import contact_sheet
from visnmf.plots.tones import HUES, INK, PAPER, colored, largest

__all__ = ["feature_maps"]

_SIDE = 7.6
"""The inches that the longer side of a sheet takes."""

_PATCH = 0.4
"""The inches of a part shown below its map."""


def feature_maps(
    encoder: Any,
    picture: Any,
    parts: Sequence[int] | None = None,
    *,
    max_parts: int = 8,
    columns: int | None = None,
    names: Sequence[str] | None = None,
) -> Figure:
    """Show where the parts that a picture uses most fire: its feature maps, laid over it.

    First comes the picture; then, for each part, the picture in gray with color at the middle
    of each patch that holds the part, the denser the more of it is there, relative to
    the part's largest encodings in this picture (the 99 % quantile). The part is drawn below:
    of contrast, blue is darker and red lighter; of color, middle gray is neither.

    Parameters
    ----------
    encoder : PatchEncoder
        The parts, fitted.
    picture : array (h, w) or (h, w, channels), or ImageSet or Pictures of one
        The picture.
    parts : sequence of int, optional
        Which parts, by their index; by default those of the most energy (sum of squares) here.
    max_parts : int
        At most so many where `parts` is not given.
    columns : int, optional
        Tiles in a row; by default the sheet comes out about square.
    names : sequence of str, optional
        One for each of all parts of the encoder; "part 1" and so on if not given.

    Returns
    -------
    Figure

    Raises
    ------
    InvalidInputError
        There is more than one picture, it uses none of the parts, there is no such part,
        or an option is out of range.

    Examples
    --------
    >>> import numpy as np
    >>> from visnmf import plots
    >>> from visnmf.features import PatchEncoder
    >>> pictures = np.random.default_rng(0).random((4, 20, 20))
    >>> encoder = PatchEncoder(6, patch_size=4, max_iter=1).fit(pictures)
    >>> figure = plots.feature_maps(encoder, pictures[0])
    >>> figure.savefig("maps.png")  # doctest: +SKIP
    """
    shown = _one(picture)
    maps = encoder.feature_maps(shown)[0]
    labels = [f"part {k + 1}" for k in range(maps.shape[2])] if names is None else list(names)
    if len(labels) != maps.shape[2]:
        raise InvalidInputError(f"got {len(labels)} names for {maps.shape[2]} parts")
    chosen = _chosen(maps, parts, max_parts)
    plain = _plain(shown.pictures[0])
    windows = encoder.code.windows(shown.pictures[0], encoder.stride)
    down, across = (
        _nearest(starts, size, encoder.stride, side)
        for starts, size, side in zip(
            (windows.rows, windows.columns), windows.size, plain.shape[:2], strict=True
        )
    )
    # In a large picture a place would be too small to be seen; it stands for a patch anyway
    reach = min(round(max(plain.shape) / 250), min(windows.size) // 2) // encoder.stride
    tiles = [plain]
    for k in chosen:
        density = _density(maps[:, :, k], down, across, reach)
        tiles.append(_tinted(plain, density))
    patches = next(part_tiles(parts_from(encoder, None), zoom=1))[chosen]
    named = shown.names[0] if isinstance(picture, (Pictures, ImageSet)) else ""
    return _sheet(np.stack(tiles), patches, [named, *(labels[k] for k in chosen)], columns)


def _one(picture: Any) -> Pictures:
    """Return what holds one picture as such."""
    several = isinstance(picture, (Pictures, ImageSet))
    pictures = as_pictures(picture if several else [np.asarray(picture)])
    if len(pictures) != 1:
        raise InvalidInputError(
            f"this figure shows one picture, got {len(pictures)}; choose one, as in pictures[3]"
        )
    return pictures


def _chosen(maps: NDArray[Any], parts: Sequence[int] | None, max_parts: int) -> list[int]:
    """Return which parts are shown."""
    rank = maps.shape[2]
    if parts is not None:
        wanted = np.atleast_1d(np.asarray(parts))
        if wanted.ndim != 1 or wanted.dtype.kind not in "iu" or not wanted.size:
            raise InvalidInputError(f"parts must be indices, such as [0, 5], not {parts!r}")
        if wanted.min() < 0 or wanted.max() >= rank:
            raise InvalidInputError(f"parts must be of 0 to {rank - 1}, got {parts!r}")
        return [int(k) for k in wanted]
    if max_parts < 1:
        raise InvalidInputError(f"max_parts must be at least 1, not {max_parts}")
    energy = np.einsum("yxk,yxk->k", maps, maps)
    chosen = [int(k) for k in np.argsort(-energy, kind="stable")[:max_parts] if energy[k] > 0]
    if not chosen:
        raise InvalidInputError(
            "the picture uses none of the parts: it is flat, or so faint that all its "
            "encodings are zero"
        )
    return chosen


def _plain(picture: NDArray[np.float32]) -> NDArray[np.uint8]:
    """Return a picture as colors (h, w, 3)."""
    values = picture - min(float(picture.min()), 0.0)
    if values.shape[2] != 3:
        values = values.mean(axis=2)
    return colored(values[None], largest(values[None], "part"))[0]


def _nearest(starts: NDArray[np.intp], size: int, stride: int, side: int) -> NDArray[np.intp]:
    """Return which place each pixel of a row or column belongs to, -1 where there is none."""
    middles = starts + (size - 1) / 2
    apart = np.abs(np.arange(side)[:, None] - middles)
    return np.where(apart.min(axis=1) <= stride / 2, apart.argmin(axis=1), -1)


def _tinted(plain: NDArray[np.uint8], density: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Lay one color over a picture made gray, and paler so that the color stands out."""
    pale = 0.25 + 0.75 * plain.mean(axis=-1, keepdims=True) / 255
    cover = density[..., None]
    return np.rint(255 * ((1 - cover) * pale + cover * to_rgb(HUES[0]))).astype(np.uint8)


def _density(
    amounts: NDArray[np.float32], down: NDArray[np.intp], across: NDArray[np.intp], reach: int
) -> NDArray[np.float64]:
    """Say how dense the color is at each pixel, (h, w) in [0, 1]; places spread by `reach`."""
    positive = amounts[amounts > 0]
    if not positive.size:
        return np.zeros((len(down), len(across)))
    unit = np.minimum(amounts / np.quantile(positive, 0.99), 1.0).astype(np.float64)
    if reach:
        from scipy.ndimage import maximum_filter

        unit = maximum_filter(unit, 2 * reach + 1, mode="constant")
    inside = (down >= 0)[:, None] & (across >= 0)
    return np.where(inside, unit[np.ix_(down, across)], 0.0)


def _sheet(
    tiles: NDArray[np.uint8],
    patches: NDArray[np.uint8],
    labels: Sequence[str],
    columns: int | None,
) -> Figure:
    """Draw tiles with a part and a line of text below each; the first one has no part."""
    count, height, width = tiles.shape[:3]
    across = sheet_columns(count, height, width, columns)
    down = -(-count // across)
    # A sheet that will be shrunk needs more of its pixels for parts and text
    inch = DPI * max(1.0, max(across * width, down * height) / (_SIDE * DPI))
    zoom = max(1, round(_PATCH * inch / max(patches.shape[1:3])))
    drawn = patches.repeat(zoom, axis=1).repeat(zoom, axis=2)
    gap = round(0.07 * inch)
    strip = drawn.shape[1] + 3 * gap
    sheet = contact_sheet(tiles, columns=across, side=_SIDE * DPI, strip=strip)
    below = np.full((strip - gap, *sheet.pixels.shape[1:]), PAPER, np.uint8)
    pixels = np.concatenate([sheet.pixels, below])
    places = [divmod(index, across) for index in range(count)]
    for (row, column), patch in zip(places[1:], drawn, strict=True):
        top = row * sheet.pitch[0] + sheet.tile[0] + gap
        left = column * sheet.pitch[1]
        room = pixels[top : top + patch.shape[0], left : left + min(patch.shape[1], sheet.tile[1])]
        room[:] = patch[:, : room.shape[1]]
    figure, axes, inch = sheet_figure(pixels)
    for index, ((row, column), label) in enumerate(zip(places, labels, strict=True)):
        beside = drawn.shape[2] + gap if index else 0
        axes.text(
            column * sheet.pitch[1] + beside,
            row * sheet.pitch[0] + sheet.tile[0] + gap + (drawn.shape[1] / 2 if index else 0),
            label,
            size=SMALL,
            va="center" if index else "top",
            color=INK,
            parse_math=False,
        )
    return figure
