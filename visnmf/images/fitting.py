"""Pictures of another size brought to the size wanted: resized, or cut and resized."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from visnmf.errors import InvalidInputError

__all__ = ["FITS", "fit_values", "resize_values"]

FITS = ("resize", "crop", "refuse")


def fit_values(values: NDArray[Any], size: tuple[int, int], fit: str) -> NDArray[Any]:
    """Bring one picture to a size.

    Parameters
    ----------
    values : array, shape (h, w) or (h, w, channels)
        One picture; returned as it is if it has the size already.
    size : (height, width)
        The size wanted.
    fit : {"resize", "crop", "refuse"}
        "resize" stretches height and width each to fit. "crop" keeps proportions: the
        largest middle part of the right shape is resized. "refuse" is an error.

    Returns
    -------
    values : array, shape (height, width) or (height, width, channels)

    Raises
    ------
    InvalidInputError
        If the size differs and `fit` is "refuse".
    """
    h, w = values.shape[:2]
    if (h, w) == size:
        return values
    if fit == "refuse":
        raise InvalidInputError(f'is {h} x {w} pixels, not {size[0]} x {size[1]} (fit="refuse")')
    box = None
    if fit == "crop":
        scale = min(h / size[0], w / size[1])
        top, left = (h - scale * size[0]) / 2, (w - scale * size[1]) / 2
        box = (max(left, 0), max(top, 0), min(w - left, w), min(h - top, h))
    return resize_values(values, size, box)


def resize_values(
    values: NDArray[Any],
    size: tuple[int, int],
    box: tuple[float, float, float, float] | None = None,
) -> NDArray[Any]:
    """Resize one picture, bicubic and smoothed where it shrinks (Pillow's BICUBIC).

    Parameters
    ----------
    values : array, shape (h, w) or (h, w, channels)
        One picture.
    size : (height, width)
        The size wanted.
    box : (left, top, right, bottom), optional
        The part to use, in pixels.

    Returns
    -------
    values : array, shape (height, width) or (height, width, channels)
        uint8 and uint16 stay so, all else becomes float32. No value leaves the range
        of those it came from.
    """
    bicubic, extent = Image.Resampling.BICUBIC, (size[1], size[0])
    if values.dtype == np.uint8 and values.shape[2:] in {(), (3,)}:
        picture = Image.fromarray(np.ascontiguousarray(values))
        return np.asarray(picture.resize(extent, bicubic, box))
    layers = values.reshape(*values.shape[:2], -1).astype(np.float32)
    resized = [
        np.asarray(Image.fromarray(np.ascontiguousarray(layer)).resize(extent, bicubic, box)).clip(
            layer.min(), layer.max()
        )
        for layer in np.moveaxis(layers, -1, 0)
    ]
    result = np.stack(resized, axis=-1).reshape(*size, *values.shape[2:])
    if values.dtype in (np.uint8, np.uint16):
        return np.rint(result).astype(values.dtype)
    return result
