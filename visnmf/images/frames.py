"""What readers give and are told: Frame, ReadOptions, and the limits that both keep to."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any, NamedTuple

import numpy as np
from numpy.typing import NDArray

from visnmf.errors import ImageReadError
from visnmf.machine import memory_of_machine

__all__ = ["MAX_PIXELS", "Frame", "ReadOptions", "check_memory", "check_pixels", "full_scale"]

MAX_PIXELS = 89_478_485
"""Most pixels that a picture may have unless told otherwise: Pillow's own limit."""


class Frame(NamedTuple):
    """One decoded picture in its original values.

    Parameters
    ----------
    values : array, shape (height, width) or (height, width, channels)
        Of any real dtype.
    full : float or None
        The value of white, where black is 0. None if only the values themselves can
        tell, as with floats.
    """

    values: NDArray[Any]
    full: float | None


@dataclass(frozen=True)
class ReadOptions:
    """How files are to be read.

    Parameters
    ----------
    mode : {"gray", "rgb", "keep"}
        Colors wanted.
    background : tuple of 3 floats
        What shows through transparent pixels, red, green and blue in [0, 1].
    frames : slice
        Which frames of a file that holds several.
    max_pixels : int
        Most pixels a picture may have.
    size : (height, width) or None
        The size that pictures will be brought to: a decoder may save itself detail.
    key : str or None
        The array wanted of an .npz file.
    """

    mode: str = "gray"
    background: tuple[float, float, float] = (0.0, 0.0, 0.0)
    frames: slice = field(default_factory=lambda: slice(None))
    max_pixels: int = MAX_PIXELS
    size: tuple[int, int] | None = None
    key: str | None = None


def full_scale(dtype: np.dtype[Any]) -> float | None:
    """Return the value of white in a dtype that implies one: 8 or 16 bits unsigned, or bool."""
    return {"bool": 1.0, "uint8": 255.0, "uint16": 65535.0}.get(dtype.name)


def check_pixels(path: str, height: int, width: int, options: ReadOptions) -> None:
    """Refuse a picture by its header, before anything is decoded."""
    if height < 1 or width < 1:
        raise ImageReadError(path, f"the picture is {height} x {width} pixels: nothing to see")
    if height * width > options.max_pixels:
        raise ImageReadError(
            path,
            f"the picture has {height} x {width} pixels, more than max_pixels="
            f"{options.max_pixels}: a decompression bomb, or raise max_pixels "
            "(visnmf --max-pixels N ...)",
        )


def check_memory(path: str, nbytes: int, what: str = "the pictures") -> None:
    """Refuse what this machine's memory cannot hold, before it is allocated."""
    memory = memory_of_machine()
    if memory is None:
        return  # not told on this system: then allocation itself must fail
    if nbytes > memory:
        raise ImageReadError(
            path,
            f"{what} would take {nbytes / 2**30:.1f} GiB, this machine has "
            f"{memory / 2**30:.1f} GiB; load fewer, or smaller with size=(height, width)",
        )
