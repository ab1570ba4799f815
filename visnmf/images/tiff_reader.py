"""TIFF files that Pillow cannot hold: color of 16 bits and floats, any number of channels."""

from __future__ import annotations

import math
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from visnmf.errors import ImageReadError
from visnmf.images.colors import composite, convert_values
from visnmf.images.frames import Frame, ReadOptions, check_memory, check_pixels, full_scale
from visnmf.images.opencv_reader import decode_tiff_page
from visnmf.images.pillow_reader import orient

__all__ = ["read_tiff"]

_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB = 0, 1, 2
_PREMULTIPLIED = 1


def read_tiff(file: BinaryIO, path: str, options: ReadOptions) -> list[Frame]:
    """Read the wanted pages of an open TIFF file with tifffile.

    Parameters
    ----------
    file : binary file
        At its start.
    path : str
        Its name, for errors.
    options : ReadOptions
        How to read it. With mode "keep", channels that are neither gray, RGB nor RGB
        with opacity are all kept.

    Returns
    -------
    frames : list of Frame

    Raises
    ------
    ImageReadError
        If a page is too large or of a kind that cannot be shown.
    Exception
        Whatever tifffile and OpenCV raise on damaged files.
    """
    import tifffile

    with tifffile.TiffFile(file) as tiff:
        numbers = range(len(tiff.pages))[options.frames]
        return [_read_page(file, tiff.pages[number], number, path, options) for number in numbers]


def _read_page(file: BinaryIO, page: Any, number: int, path: str, options: ReadOptions) -> Frame:
    check_pixels(path, page.imagelength, page.imagewidth, options)
    if page.dtype is None or page.dtype.kind not in "uif":
        raise ImageReadError(path, f"a TIFF with values of type {page.dtype} cannot be read")
    check_memory(path, math.prod(page.shape) * page.dtype.itemsize, "the picture")
    try:
        values = page.asarray()
    except ValueError as error:
        if "imagecodecs" not in str(error):
            raise
        # OpenCV knows the usual compressions, and sets pictures upright itself.
        values = decode_tiff_page(file, number, path)
    else:
        values = _channels_last(values, page, path)
        orientation = page.tags.get(274)
        values = orient(values, orientation.value if orientation is not None else 1)
    values = values.astype(values.dtype.newbyteorder("="), copy=False)
    return Frame(_colors(values, page, path, options), full_scale(values.dtype))


def _channels_last(values: NDArray[Any], page: Any, path: str) -> NDArray[Any]:
    if page.axes == "YX":
        return values[..., np.newaxis]
    if page.axes == "YXS":
        return values
    if page.axes == "SYX":
        return np.moveaxis(values, 0, -1)
    raise ImageReadError(path, f"a TIFF page with the axes {page.axes} is no picture")


def _colors(values: NDArray[Any], page: Any, path: str, options: ReadOptions) -> NDArray[Any]:
    photometric, channels = int(page.photometric), values.shape[-1]
    if photometric not in {_WHITE_IS_ZERO, _BLACK_IS_ZERO, _RGB}:
        raise ImageReadError(path, f"a TIFF with deep colors of kind {page.photometric.name}")
    if photometric == _WHITE_IS_ZERO and values.dtype.kind == "u":
        values = np.iinfo(values.dtype).max - values
    # Extra channels may be anything; only opacity says what it is.
    opacity = int(page.extrasamples[0]) if len(page.extrasamples) == 1 else 0
    if opacity and channels == (4 if photometric == _RGB else 2):
        values = composite(
            values,
            options.background,
            full=full_scale(values.dtype),
            premultiplied=opacity == _PREMULTIPLIED,
        )
    return convert_values(values, options.mode, options.background)
