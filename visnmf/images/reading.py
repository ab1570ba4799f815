"""One file, of whatever kind, into frames; and whatever goes wrong into one error."""

from __future__ import annotations

import os
import stat
from typing import BinaryIO

from PIL import Image, UnidentifiedImageError

from visnmf.errors import ImageReadError, InvalidInputError
from visnmf.images.colors import convert_values
from visnmf.images.frames import Frame, ReadOptions, full_scale
from visnmf.images.opencv_reader import read_deep_color, read_video
from visnmf.images.pillow_reader import DeepPicture, read_pillow
from visnmf.images.sources import VIDEO_SUFFIXES
from visnmf.images.stack_reader import STACK_SUFFIXES, read_stack
from visnmf.images.tiff_reader import read_tiff

__all__ = ["read_file"]

_TIFF_MAGIC = (b"II*\0", b"MM\0*", b"II+\0", b"MM\0+")


def read_file(path: str, options: ReadOptions) -> list[Frame]:
    """Read the wanted frames of a file; most files hold one.

    Parameters
    ----------
    path : str
        A picture, a video (by its suffix) or a stack (.npy, .npz).
    options : ReadOptions
        How to read it.

    Returns
    -------
    frames : list of Frame
        At least one.

    Raises
    ------
    ImageReadError
        Whatever is wrong with the file.
    """
    try:
        frames = _read(path, options)
    except ImageReadError:
        raise
    except Exception as error:  # decoders raise all sorts on damaged files
        raise ImageReadError(path, _reason(error)) from error
    if not frames:
        raise ImageReadError(path, "holds none of the frames asked for")
    return frames


def _read(path: str, options: ReadOptions) -> list[Frame]:
    with open(path, "rb", opener=_open_at_once) as file:
        status = os.fstat(file.fileno())
        if not stat.S_ISREG(status.st_mode):
            raise ImageReadError(path, "is not a regular file")
        if status.st_size == 0:
            raise ImageReadError(path, "the file is empty")
        suffix = os.path.splitext(path)[1].lower()
        if suffix in VIDEO_SUFFIXES:
            return read_video(path, options)
        if suffix in STACK_SUFFIXES:
            return _read_stack(path, options)
        return _read_picture(file, path, options)


def _open_at_once(path: str, flags: int) -> int:
    """Open a file without waiting, as a named pipe would for somebody to write."""
    return os.open(path, flags | getattr(os, "O_NONBLOCK", 0))


def _read_picture(file: BinaryIO, path: str, options: ReadOptions) -> list[Frame]:
    try:
        return read_pillow(file, path, options)
    except DeepPicture as deep:
        orientation = deep.orientation
        is_tiff = _is_tiff(file)
    except UnidentifiedImageError:
        is_tiff = _is_tiff(file)
        if not is_tiff:
            raise
    file.seek(0)
    if is_tiff:
        return read_tiff(file, path, options)
    return read_deep_color(file, path, options, orientation)


def _read_stack(path: str, options: ReadOptions) -> list[Frame]:
    values = read_stack(path, options.key)
    if values.dtype.kind not in "buif" or values.ndim not in (2, 3, 4):
        raise ImageReadError(
            path, f"an array of {values.dtype}, shape {values.shape}, holds no pictures"
        )
    pictures = values[None] if values.ndim == 2 else values
    pictures = pictures[..., None] if pictures.ndim == 3 else pictures
    colors = convert_values(pictures[options.frames], options.mode, options.background)
    return [Frame(picture, full_scale(values.dtype)) for picture in colors]


def _is_tiff(file: BinaryIO) -> bool:
    file.seek(0)
    return file.read(4) in _TIFF_MAGIC


def _reason(error: Exception) -> str:
    if isinstance(error, InvalidInputError):
        return str(error)
    if isinstance(error, MemoryError):
        return "too large for the memory that is free"
    if isinstance(error, UnidentifiedImageError):
        return "not a picture of a known format, or its header is damaged"
    if isinstance(error, Image.DecompressionBombError):
        return f"too large to decode safely: {error}"
    if isinstance(error, OSError) and error.strerror:
        return error.strerror
    return f"cannot be decoded: {str(error) or type(error).__name__}"
