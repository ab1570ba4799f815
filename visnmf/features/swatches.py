"""Color spaces on the unit cube: where a color lies in it, and what color a bin of it has."""

from __future__ import annotations

import warnings
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["from_rgb", "to_rgb"]

# L* goes from 0 to 100; a* and b* of all colors of a screen lie within 110 of gray.
_LAB_LOW, _LAB_SPAN = np.array([0.0, -110.0, -110.0]), np.array([100.0, 220.0, 220.0])
# What the other channels are where one channel alone is shown.
_BESIDE = {"gray": (0.0,), "rgb": (0.0, 0.0, 0.0), "hsv": (0.0, 1.0, 1.0), "lab": (0.6, 0.5, 0.5)}


def from_rgb(picture: NDArray[np.float32], space: str) -> NDArray[Any]:
    """Return a picture (h, w, channels) in a space whose channels are each about [0, 1].

    Parameters
    ----------
    picture : ndarray (h, w, channels)
        RGB for "hsv" and "lab".
    space : {"gray", "rgb", "hsv", "lab"}
        "gray" and "rgb" leave it as it is.
    """
    from skimage.color import rgb2hsv, rgb2lab

    if space == "hsv":
        return np.asarray(rgb2hsv(np.clip(picture, 0, 1)))
    if space == "lab":
        return (rgb2lab(np.clip(picture, 0, 1)) - _LAB_LOW) / _LAB_SPAN
    return picture


def to_rgb(counts: tuple[int, ...], space: str, *, joint: bool) -> NDArray[np.float64]:
    """Return the colors in the middle of bins, (bins, 3) in [0, 1].

    Parameters
    ----------
    counts : tuple of int
        Bins of each channel.
    space : {"gray", "rgb", "hsv", "lab"}
        Whose channels they are.
    joint : bool
        Boxes of all channels, the last one fastest; or bins of one channel after another.
    """
    middles = [(np.arange(count) + 0.5) / count for count in counts]
    if joint:
        points = np.stack(np.meshgrid(*middles, indexing="ij"), axis=-1).reshape(-1, len(counts))
    else:
        points = np.concatenate([_alone(values, j, space) for j, values in enumerate(middles)])
    if space == "gray":
        return points.repeat(3, axis=1)
    return points if space == "rgb" else _screen_colors(points, space)


def _alone(values: NDArray[np.float64], channel: int, space: str) -> NDArray[np.float64]:
    """Return points at which one channel takes values and the others their usual ones."""
    points = np.tile(np.array(_BESIDE[space]), (len(values), 1))
    if space == "hsv" and channel == 2:
        points[:, 1] = 0  # a value alone is a gray
    points[:, channel] = values
    return points


def _screen_colors(points: NDArray[np.float64], space: str) -> NDArray[np.float64]:
    from skimage.color import hsv2rgb, lab2rgb

    if space == "hsv":
        return np.asarray(hsv2rgb(points))
    with warnings.catch_warnings():
        # Boxes at the corners hold no color of a screen; the nearest will do.
        warnings.simplefilter("ignore", UserWarning)
        return np.clip(lab2rgb(points * _LAB_SPAN + _LAB_LOW), 0, 1)
