"""Colors: palettes, transparency, print and video colors to gray, to RGB, or kept.

Gray is the luma of ITU-R BT.601, 0.299 R + 0.587 G + 0.114 B, as in Pillow.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray
from PIL import Image, ImageCms

from visnmf.errors import InvalidInputError
from visnmf.images.frames import Frame, full_scale

__all__ = ["MODES", "composite", "convert_values", "from_pillow", "luma", "parse_background"]

MODES = ("gray", "rgb", "keep")
_LUMA = (0.299, 0.587, 0.114)
_GRAY = frozenset({"1", "L", "LA", "La"})
_TRANSPARENT = frozenset({"LA", "La", "PA", "RGBA", "RGBa"})
_NAMED = {"black": (0.0, 0.0, 0.0), "white": (1.0, 1.0, 1.0)}


def parse_background(background: Any) -> tuple[float, float, float]:
    """Return a background as red, green and blue in [0, 1].

    Parameters
    ----------
    background : {"black", "white"}, float or 3 floats
        A gray value or a color, in [0, 1].

    Returns
    -------
    color : tuple of 3 floats

    Raises
    ------
    InvalidInputError
        If it is none of these.
    """
    if isinstance(background, str):
        color = _NAMED.get(background, ())
    else:
        fits = np.shape(background) in ((), (1,), (3,))
        color = tuple(np.broadcast_to(background, 3).tolist()) if fits else ()
    if len(color) != 3 or not all(isinstance(v, (int, float)) and 0 <= v <= 1 for v in color):
        raise InvalidInputError(
            f'background must be "black", "white", a gray value in [0, 1] or three of them '
            f"(red, green, blue); got {background!r}"
        )
    return color[0], color[1], color[2]


def luma(values: NDArray[Any]) -> NDArray[Any]:
    """Turn RGB, shape (..., 3), into gray, shape (...), of the same dtype."""
    kind = np.promote_types(values.dtype, np.float32)  # float64 for what needs it
    return _like(values @ np.array(_LUMA, dtype=kind), values.dtype)


def composite(
    values: NDArray[Any],
    background: tuple[float, float, float],
    *,
    full: float | None,
    premultiplied: bool = False,
) -> NDArray[Any]:
    """Put pictures whose last channel is opacity on a background; the dtype stays.

    Parameters
    ----------
    values : array, shape (..., 4) or (..., 2)
        RGB or gray, and opacity, in the same range.
    background : tuple of 3 floats
        Red, green and blue in [0, 1]; under gray, its gray.
    full : float or None
        The value that means white and opaque; None for 1.
    premultiplied : bool
        Whether colors are multiplied by opacity already.

    Returns
    -------
    values : array, shape (..., 3) or (..., 1)
    """
    white = 1.0 if full is None else full
    kind = np.promote_types(values.dtype, np.float32)
    alpha = values[..., -1:].astype(kind) / white
    behind = np.array(background, dtype=kind) * white
    if values.shape[-1] == 2:
        behind = luma(behind)
    color = values[..., :-1] if premultiplied else values[..., :-1] * alpha
    return _like(color + (1 - alpha) * behind, values.dtype)


def convert_values(
    values: NDArray[Any], mode: str, background: tuple[float, float, float]
) -> NDArray[Any]:
    """Bring the channels of pictures to what a mode asks for.

    Parameters
    ----------
    values : array, shape (..., channels)
        One or more pictures; a last axis of 1, 3 (RGB) or 4 (RGB and opacity) if
        `mode` is not "keep".
    mode : {"gray", "rgb", "keep"}
        Colors wanted.
    background : tuple of 3 floats
        What shows through transparent pixels.

    Returns
    -------
    values : array
        Shape (...) if one channel is left, else (..., channels).

    Raises
    ------
    InvalidInputError
        If it is not known how so many channels become gray or RGB.
    """
    channels = values.shape[-1]
    if channels == 1:
        gray = values[..., 0]
        return np.stack([gray] * 3, axis=-1) if mode == "rgb" else gray
    if mode == "keep":
        return values
    if channels not in (3, 4):
        raise InvalidInputError(
            f'pictures with {channels} channels have no mode="{mode}"; mode="keep" keeps them all'
        )
    if channels == 4:
        values = composite(values, background, full=full_scale(values.dtype))
    return luma(values) if mode == "gray" else values


def from_pillow(image: Image.Image, mode: str, background: tuple[float, float, float]) -> Frame:
    """Turn a loaded Pillow image of any mode into a frame.

    Parameters
    ----------
    image : PIL.Image.Image
        Decoded.
    mode : {"gray", "rgb", "keep"}
        Colors wanted. "keep" keeps gray gray and color color; transparent pictures
        are put on the background in any mode.
    background : tuple of 3 floats
        What shows through transparent pixels.

    Returns
    -------
    frame : Frame
    """
    if image.mode == "L" and mode != "rgb" and "transparency" not in image.info:
        return Frame(np.asarray(image), 255.0)
    if image.mode[0] in "IF":
        return _deep_gray(image, mode)
    gray = image.mode in _GRAY
    if image.mode in _TRANSPARENT or "transparency" in image.info:
        image = _composited(image, background)
    elif image.mode == "LAB":
        image = _lab_to_rgb(image)
    elif image.mode not in {"L", "RGB"}:
        image = image.convert("L" if gray else "RGB")
    wanted = "L" if mode == "gray" or (mode == "keep" and gray) else "RGB"
    return Frame(np.asarray(image if image.mode == wanted else image.convert(wanted)), 255.0)


def _deep_gray(image: Image.Image, mode: str) -> Frame:
    values = np.asarray(image)
    # 16 bits of these formats come as 32; in a TIFF, 32 bits are meant.
    if image.mode == "I" and image.format in {"PNG", "PPM", "JPEG2000"}:
        values = values.astype(np.uint16)
    values = values.astype(values.dtype.newbyteorder("="), copy=False)
    return Frame(np.stack([values] * 3, axis=-1) if mode == "rgb" else values, _full(image, values))


def _full(image: Image.Image, values: NDArray[Any]) -> float | None:
    # A TIFF with 12 bits a pixel is unpacked to 16 without being made brighter.
    bits = getattr(image, "tag_v2", {}).get(258, (16,))[0]
    return 4095.0 if values.dtype == np.uint16 and bits == 12 else full_scale(values.dtype)


def _composited(image: Image.Image, background: tuple[float, float, float]) -> Image.Image:
    if image.mode in {"La", "RGBa"}:
        image = image.convert(image.mode.upper())
    color = tuple(round(255 * value) for value in background)
    canvas = Image.new("RGBA", image.size, (*color, 255))
    canvas.alpha_composite(image.convert("RGBA"))
    return canvas.convert("RGB")


def _lab_to_rgb(image: Image.Image) -> Image.Image:
    lab, srgb = ImageCms.createProfile("LAB"), ImageCms.createProfile("sRGB")
    converted = ImageCms.profileToProfile(image, lab, srgb, outputMode="RGB")
    assert converted is not None  # only an in-place conversion gives None
    return converted


def _like(values: NDArray[Any], dtype: np.dtype[Any]) -> NDArray[Any]:
    if dtype.kind == "f":
        return values.astype(dtype, copy=False)
    if dtype.kind == "b":
        return values >= 0.5
    return np.floor(values + 0.5).astype(dtype)
