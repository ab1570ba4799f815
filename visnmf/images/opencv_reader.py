"""What OpenCV reads: videos, and pictures of 16 bits a channel that other readers cannot."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

import numpy as np
from numpy.typing import NDArray

from visnmf.errors import ImageReadError
from visnmf.images.colors import convert_values
from visnmf.images.frames import Frame, ReadOptions, check_memory, check_pixels, full_scale
from visnmf.images.pillow_reader import orient

__all__ = ["decode_tiff_page", "quiet_opencv", "read_deep_color", "read_video", "rgb_of"]


def read_deep_color(
    file: BinaryIO, path: str, options: ReadOptions, orientation: int
) -> list[Frame]:
    """Read an open PNG or PPM file in color with 16 bits a channel.

    Parameters
    ----------
    file : binary file
        At its start.
    path : str
        Its name, for errors.
    options : ReadOptions
        How to read it; its header was checked already.
    orientation : int
        EXIF orientation to apply.

    Returns
    -------
    frames : list of one Frame

    Raises
    ------
    ImageReadError
        If OpenCV cannot decode it.
    """
    import cv2

    with quiet_opencv():
        values = cv2.imdecode(np.frombuffer(file.read(), np.uint8), cv2.IMREAD_UNCHANGED)
    if values is None:
        raise ImageReadError(path, "the picture is damaged (OpenCV cannot decode it)")
    upright = orient(rgb_of(values), orientation)
    colors = convert_values(upright, options.mode, options.background)
    return [Frame(colors, full_scale(colors.dtype))]


def decode_tiff_page(file: BinaryIO, number: int, path: str) -> NDArray[Any]:
    """Decode a page of an open TIFF file, shape (height, width, channels), upright."""
    import cv2

    file.seek(0)
    data = np.frombuffer(file.read(), np.uint8)
    with quiet_opencv():
        done, pages = cv2.imdecodemulti(data, cv2.IMREAD_UNCHANGED, range=(number, number + 1))
    if not done or len(pages) != 1:
        raise ImageReadError(
            path,
            "neither OpenCV nor tifffile can decompress this TIFF; "
            "pip install imagecodecs may help tifffile",
        )
    return rgb_of(pages[0])


def read_video(path: str, options: ReadOptions) -> list[Frame]:
    """Read the wanted frames of a video file.

    Parameters
    ----------
    path : str
        A file in a container and coding that OpenCV's FFmpeg knows.
    options : ReadOptions
        How to read it; `frames` may not count from the end, which is not known.

    Returns
    -------
    frames : list of Frame

    Raises
    ------
    ImageReadError
        If it cannot be opened, holds no frame that is wanted, or is too large.
    """
    import cv2

    start, stop, step = options.frames.start or 0, options.frames.stop, options.frames.step or 1
    if min(start, step, stop or 0) < 0:
        raise ImageReadError(path, "the frames of a video are counted from its start: 0 or more")
    frames: list[Frame] = []
    with quiet_opencv():
        video = cv2.VideoCapture(path)
        try:
            number = 0
            while video.isOpened() and (stop is None or number < stop) and video.grab():
                if number >= start and (number - start) % step == 0:
                    done, values = video.retrieve()
                    if not done:
                        break
                    check_pixels(path, values.shape[0], values.shape[1], options)
                    check_memory(path, (len(frames) + 1) * values.nbytes, "the frames")
                    colors = convert_values(rgb_of(values), options.mode, options.background)
                    frames.append(Frame(colors, 255.0))
                number += 1
        finally:
            video.release()
    if not frames:
        raise ImageReadError(path, "OpenCV finds no frame in it: no video, damaged, or too short")
    return frames


@contextmanager
def quiet_opencv() -> Iterator[None]:
    """Keep OpenCV from printing; its errors come as ours."""
    import cv2

    log: Any = getattr(cv2.utils, "logging", cv2)  # older versions have both at the top
    level = log.getLogLevel()
    log.setLogLevel(0)  # silent
    try:
        yield
    finally:
        log.setLogLevel(level)


def rgb_of(values: NDArray[Any]) -> NDArray[Any]:
    """Put OpenCV's blue, green, red (and opacity) in our order; gray gets an axis."""
    if values.ndim == 2:
        return values[..., np.newaxis]
    order = [2, 1, 0, *range(3, values.shape[-1])]
    return values[..., order]
