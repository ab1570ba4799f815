"""Numbers to colors: gray from zero, true color, or diverging colors where a sign matters."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visnmf.arguments import check_choice
from visnmf.errors import InvalidInputError
from visnmf.images.layout import ImageLayout

__all__ = [
    "DIVERGING",
    "HUES",
    "INK",
    "LINES",
    "MASKED",
    "PAPER",
    "bright",
    "check_cmap",
    "checked_channels",
    "colored",
    "largest",
    "visible",
]

INK = "#222222"
PAPER = (255, 255, 255)
MASKED = (205, 214, 222)

# Okabe & Ito's palette, which color-blind eyes can tell apart, without its black.
HUES = ("#D55E00", "#56B4E9", "#F0E442", "#009E73", "#CC79A7", "#0072B2", "#E69F00")
# Those that are dark enough to be read as thin lines on white.
LINES = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00")

# ColorBrewer's RdBu (Cynthia Brewer, Apache 2.0): blue below zero, red above, white at zero.
_ANCHORS = (
    (5, 48, 97),
    (33, 102, 172),
    (67, 147, 195),
    (146, 197, 222),
    (209, 229, 240),
    (247, 247, 247),
    (253, 219, 199),
    (244, 165, 130),
    (214, 96, 77),
    (178, 24, 43),
    (103, 0, 31),
)


def _table() -> NDArray[np.uint8]:
    """255 colors, so that the middle one is exactly zero's."""
    places = np.linspace(0, len(_ANCHORS) - 1, 255)
    channels = np.transpose(_ANCHORS)
    steps = [np.interp(places, np.arange(len(_ANCHORS)), channel) for channel in channels]
    return np.stack(steps, axis=1).round().astype(np.uint8)


DIVERGING = _table()


def visible(
    columns: NDArray[Any],
    layout: ImageLayout,
    channels: int | tuple[int, int, int] | None = None,
    *,
    color: bool = True,
) -> NDArray[Any]:
    """Take from columns what will be shown of them.

    Parameters
    ----------
    columns : array of shape (m, k)
        Parts, pictures or residuals.
    layout : ImageLayout
        How a column becomes a picture.
    channels : int or three ints, optional
        Which channel to show, or which three as red, green and blue. By default
        three channels are color, any other number is averaged.
    color : bool
        False averages also where there would be color.

    Returns
    -------
    array of shape (k, h, w), or (k, h, w, 3) for color
    """
    pictures = layout.to_images(columns)
    pictures = pictures.reshape(len(pictures), layout.height, layout.width, layout.channels)
    if channels is not None:
        pictures = pictures[..., checked_channels(channels, layout.channels)]
    if pictures.shape[-1] == 3 and color:
        return pictures
    return pictures[..., 0] if pictures.shape[-1] == 1 else pictures.mean(axis=-1)


def checked_channels(channels: Any, count: int) -> NDArray[np.integer]:
    """Return the numbers of the channels to show, one or three of `count`."""
    chosen = np.atleast_1d(np.asarray(channels))
    whole = chosen.dtype.kind in "iu" and chosen.shape in ((1,), (3,))
    if whole and all(0 <= c < count for c in chosen):
        return chosen
    if count == 1:
        raise InvalidInputError(
            f"the pictures are gray, so that there are no channels to choose from; leave "
            f"channels={channels!r:.40} out"
        )
    raise InvalidInputError(
        f"channels must be one or three of 0 to {count - 1}, not {channels!r:.40}"
    )


def largest(values: NDArray[Any], scale: str) -> NDArray[Any]:
    """Find the value that gets full brightness: of each picture, or of all.

    Parameters
    ----------
    values : array of shape (k, ...)
        One picture (or row of encodings) after another.
    scale : {"part", "common"}
        Each to its own largest absolute value, or all to one.

    Returns
    -------
    array of shape (k,)
        Positive: 1 where all is zero.
    """
    check_choice(scale, "scale", ("part", "common"))
    sizes = np.abs(values).reshape(len(values), -1).max(axis=1)
    if scale == "common":
        sizes = np.full_like(sizes, sizes.max())
    return np.where(sizes > 0, sizes, 1)


def bright(sizes: NDArray[np.float64]) -> NDArray[np.float64]:
    """Find what counts as large in each picture (k, ...): the 99 % quantile of what is not zero.

    A few glaring pixels then do not darken all others. 1 where all is zero.
    """
    lit = [size[size > 0] for size in sizes]
    return np.array([np.quantile(values, 0.99) if values.size else 1.0 for values in lit])


def colored(
    shown: NDArray[Any],
    peak: ArrayLike,
    mask: NDArray[np.bool_] | None = None,
    *,
    signed: bool = False,
    cmap: str | None = None,
) -> NDArray[np.uint8]:
    """Turn values into colors that a screen can show.

    Parameters
    ----------
    shown : array of shape (k, h, w) or (k, h, w, 3)
        From `visible`.
    peak : float or array of shape (k,)
        The value of full brightness. Values beyond it are clipped.
    mask : array of bool, shape (h, w), optional
        Pixels where it is False get `MASKED`.
    signed : bool
        Diverging colors from -peak to peak, white at zero, or color around middle gray;
        else gray or color from 0 to peak.
    cmap : str, optional
        A matplotlib colormap for single values instead of gray or diverging.

    Returns
    -------
    array of shape (k, h, w, 3), uint8
    """
    unit = shown / np.reshape(peak, (-1, *(1,) * (shown.ndim - 1)))
    unit = np.clip(unit, -1 if signed else 0, 1)
    if cmap is not None and shown.ndim == 3:
        colors = _mapped((unit + 1) / 2 if signed else unit, cmap)
    elif signed and shown.ndim == 4:
        colors = np.rint(127.5 + unit * 127.5).astype(np.uint8)
    elif signed:
        colors = DIVERGING[np.rint(unit * 127).astype(np.intp) + 127]
    else:
        colors = np.rint(unit * 255).astype(np.uint8)
        if colors.ndim == 3:
            colors = np.repeat(colors[..., None], 3, axis=-1)
    if mask is not None:
        colors[:, ~mask] = MASKED
    return colors


def _mapped(unit: NDArray[Any], cmap: str) -> NDArray[np.uint8]:
    """Look values in [0, 1] up in a matplotlib colormap."""
    import matplotlib

    return matplotlib.colormaps[check_cmap(cmap)](unit, bytes=True)[..., :3]


def check_cmap(cmap: Any) -> str:
    """Return the name of a colormap, once matplotlib has one of that name."""
    import matplotlib

    if not isinstance(cmap, str) or cmap not in matplotlib.colormaps:
        raise InvalidInputError(f"matplotlib has no colormap named {cmap!r}")
    return cmap
