"""Pictures that Pillow reads well: all common formats of up to 8 bits a channel, and gray ones."""

from __future__ import annotations

from collections.abc import Mapping
from functools import cache
from typing import Any, BinaryIO

from numpy.typing import NDArray
from PIL import Image, ImageFile

from visnmf.images.colors import from_pillow
from visnmf.images.frames import Frame, ReadOptions, check_memory, check_pixels

__all__ = ["DeepPicture", "count_pillow", "orient", "read_pillow"]

# Formats that hold pixels; not those that run other programs (EPS runs Ghostscript) or hold none.
_FORMATS = (
    *("PNG", "JPEG", "GIF", "TIFF", "BMP", "WEBP", "PPM", "JPEG2000", "AVIF", "TGA", "ICO"),
    *("DIB", "PCX", "SGI", "QOI", "PSD", "DDS", "FITS", "FLI", "ICNS", "MSP", "XBM", "SUN"),
)
_ANIMATED = frozenset({"PNG", "GIF", "TIFF", "WEBP", "AVIF", "FLI"})
_ORIENTATION = 0x0112
_BITS, _PHOTOMETRIC, _EXTRA_SAMPLES = 258, 262, 338
_ORIENTED = frozenset({"exif", "Raw profile type exif", "XML:com.adobe.xmp", "xmp"})


class DeepPicture(Exception):
    """Control flow, caught by `reading`: Pillow would not give all of this picture.

    Parameters
    ----------
    orientation : int
        The EXIF orientation to apply to what another decoder makes of it.
    """

    def __init__(self, orientation: int = 1) -> None:
        super().__init__(orientation)
        self.orientation = orientation


def read_pillow(file: BinaryIO, path: str, options: ReadOptions) -> list[Frame]:
    """Read the wanted frames of an open file.

    Parameters
    ----------
    file : binary file
        At its start.
    path : str
        Its name, for errors.
    options : ReadOptions
        How to read it.

    Returns
    -------
    frames : list of Frame
        Upright (EXIF orientation applied), without palette or transparency.

    Raises
    ------
    ImageReadError
        If the picture is too large.
    DeepPicture
        If Pillow would drop bits or channels: color with 16 bits a channel, say.
    Exception
        Whatever Pillow raises on damaged files.
    """
    with Image.open(file, formats=_formats()) as image:
        every = range(1) if options.frames == slice(0, 1) else _frames_of(image)
        numbers = every[options.frames]
        frames: list[Frame] = []
        for number in numbers:
            if number:
                image.seek(number)
            frames.append(_read_frame(image, path, options))
            check_memory(path, len(frames) * frames[0].values.nbytes, f"its {len(numbers)} frames")
        return frames


def count_pillow(path: str) -> int:
    """Return how many pictures `read_pillow` would find in a file, by its header.

    Raises
    ------
    Exception
        Whatever Pillow raises on damaged files, and those that it does not know.
    """
    with Image.open(path, formats=_formats()) as image:
        return len(_frames_of(image))


def _frames_of(image: ImageFile.ImageFile) -> range:
    """Return the numbers of the pictures in an open file: layers of a PSD are none."""
    if image.format not in _ANIMATED:
        return range(1)
    # The still picture in front of an animated PNG is no part of the animation.
    first = 1 if getattr(image, "default_image", False) else 0
    return range(first, getattr(image, "n_frames", 1))


def orient(values: NDArray[Any], orientation: int) -> NDArray[Any]:
    """Set a picture upright by its EXIF orientation (1 to 8; anything else does nothing).

    Parameters
    ----------
    values : array, shape (h, w) or (h, w, channels)
        As stored.
    orientation : int
        The EXIF tag 0x0112.

    Returns
    -------
    values : array
        A view, with height and width exchanged for 5 to 8.
    """
    if orientation in (5, 6, 7, 8):
        values = values.swapaxes(0, 1)
    if orientation in (2, 3, 6, 7):
        values = values[:, ::-1]
    if orientation in (3, 4, 7, 8):
        values = values[::-1]
    return values


@cache
def _formats() -> tuple[str, ...]:
    """Return those formats that this Pillow was built with; another name would be an error."""
    Image.init()
    return tuple(name for name in _FORMATS if name in Image.OPEN)


def _read_frame(image: ImageFile.ImageFile, path: str, options: ReadOptions) -> Frame:
    check_pixels(path, image.height, image.width, options)
    if _is_deep(image):
        raise DeepPicture(_orientation(image))
    if options.size and image.format == "JPEG":
        # Decodes at 1/2, 1/4 or 1/8, never below twice the size wanted, whichever side is up.
        side = 2 * max(options.size)
        image.draft(None, (side, side))
    image.load()
    values, full = from_pillow(image, options.mode, options.background)
    return Frame(orient(values, _orientation(image)), full)


def _orientation(image: Image.Image) -> int:
    # A TIFF is set upright by Pillow as it is loaded.
    if _ORIENTED.isdisjoint(image.info):
        return 1
    value = image.getexif().get(_ORIENTATION, 1)
    return value if isinstance(value, int) else 1


def _is_deep(image: ImageFile.ImageFile) -> bool:
    if image.format == "TIFF":
        return _is_deep_tiff(image.tag_v2)  # type: ignore[attr-defined]
    if image.mode not in {"RGB", "RGBA"} or not image.tile:
        return False
    decoding: Any = image.tile[0][3]
    if image.format == "PPM":
        return isinstance(decoding, tuple) and decoding[-1] > 255
    return image.format == "PNG" and decoding in {"RGB;16B", "RGBA;16B"}


def _is_deep_tiff(tags: Mapping[int, Any]) -> bool:
    bits, black_is_zero = tags.get(_BITS, (1,)), tags.get(_PHOTOMETRIC) == 1
    if black_is_zero and len(bits) > 1:
        # Pillow takes the second channel for opacity even if the file does not say so.
        return tags.get(_EXTRA_SAMPLES, (0,))[0] == 0
    return max(bits) > 8 and not black_is_zero
