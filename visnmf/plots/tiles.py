"""Pictures of any sizes as tiles of one size, for sheets on which they stand side by side."""

from __future__ import annotations

from collections.abc import Sequence
from pathlib import PurePosixPath

import numpy as np
from matplotlib.axes import Axes
from numpy.typing import NDArray

from visnmf.arguments import check_integer
from visnmf.images.fitting import resize_values
from visnmf.plots.figures import SMALL
from visnmf.plots.tones import INK, PAPER

__all__ = ["caption", "cut", "fit_tiles", "shortened"]


def fit_tiles(pictures: Sequence[NDArray[np.float32]], side: int) -> NDArray[np.uint8]:
    """Bring pictures to tiles, each in its proportions and in the middle.

    Parameters
    ----------
    pictures : sequence of arrays, shape (h, w) or (h, w, channels)
        Values in [0, 1]. Three channels are color, any other number is averaged.
    side : int
        What the longer side of each gets, in pixels; about that where a small picture is
        enlarged, which is by a whole number.

    Returns
    -------
    tiles : array of shape (k, h, w, 3), uint8
        As high and wide as the largest.
    """
    check_integer(side, "side", 1)
    drawn = [_drawn(picture, side) for picture in pictures]
    height, width = (max(picture.shape[axis] for picture in drawn) for axis in (0, 1))
    tiles = np.empty((len(drawn), height, width, 3), np.uint8)
    tiles[:] = PAPER
    for tile, picture in zip(tiles, drawn, strict=True):
        h, w = picture.shape[:2]
        top, left = (height - h) // 2, (width - w) // 2
        tile[top : top + h, left : left + w] = picture
    return tiles


def caption(axes: Axes, x: float, y: float, text: str, *, side: str = "below") -> None:
    """Write small text below a place of a sheet, above it, or to its left."""
    ha, va = {"below": ("center", "top"), "above": ("left", "bottom"), "left": ("right", "center")}[
        side
    ]
    axes.text(x, y, text, size=SMALL, color=INK, ha=ha, va=va, parse_math=False)


def shortened(name: str, most: int) -> str:
    """Return a name without folders and ending, cut in the middle so that both ends can be read."""
    stem = PurePosixPath(name).stem or name
    return cut("".join(c if c.isprintable() else "?" for c in stem), most)


def cut(text: str, most: int) -> str:
    """Return a text cut in the middle to so many letters, so that both ends can be read."""
    if len(text) <= most:
        return text
    tail = (most - 1) * 2 // 3
    return f"{text[: most - 1 - tail]}…{text[len(text) - tail :]}"


def _drawn(picture: NDArray[np.float32], side: int) -> NDArray[np.uint8]:
    """Return one picture as colors, of about the size wanted."""
    values = picture if picture.ndim == 3 else picture[:, :, None]
    if values.shape[2] != 3:
        values = values.mean(axis=2, keepdims=True)
    h, w = values.shape[:2]
    longer = max(h, w)
    if longer > side:
        values = resize_values(values, (max(h * side // longer, 1), max(w * side // longer, 1)))
    colors = np.rint(np.clip(values, 0, 1) * 255).astype(np.uint8)
    times = max(round(side / longer), 1)
    colors = colors.repeat(times, axis=0).repeat(times, axis=1)
    return np.broadcast_to(colors, (*colors.shape[:2], 3))
