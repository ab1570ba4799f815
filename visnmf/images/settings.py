"""The options of load_images, checked once."""

from __future__ import annotations

import math
import os
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visnmf.arguments import check_integer, check_number
from visnmf.errors import InvalidInputError
from visnmf.images.colors import MODES, parse_background
from visnmf.images.fitting import FITS
from visnmf.images.frames import ReadOptions
from visnmf.images.packing import make_ready
from visnmf.images.reading import read_file
from visnmf.images.stacks import CUBES

__all__ = ["Wanted", "check_choice", "checked_settings", "checked_size"]


@dataclass(frozen=True)
class Wanted:
    """What is wanted of every picture; `load.load_images` tells what each means."""

    reading: ReadOptions
    fit: str
    mask: NDArray[np.bool_] | None
    nan: float | None
    value_range: tuple[float, float] | None
    cube: str | None

    def ready(self, values: NDArray[Any]) -> NDArray[Any]:
        """Bring one picture to the size wanted, all its values numbers."""
        return make_ready(values, self.reading.size, self.fit, self.mask, self.nan)


def check_choice(name: str, value: object, choices: tuple[object, ...]) -> None:
    """Raise InvalidInputError if `value` is none of `choices`."""
    if isinstance(value, np.ndarray) or value not in choices:
        raise InvalidInputError(f"{name} must be one of {choices}, got {value!r}")


def checked_settings(
    *,
    size: Any,
    mode: str,
    fit: str,
    frames: Any,
    default_frames: slice,
    mask: Any,
    cube: str | None,
    background: Any,
    value_range: Any,
    nan: float | None,
    key: str | None,
    max_pixels: int,
) -> Wanted:
    """Check the options of load_images that concern single pictures.

    Raises
    ------
    InvalidInputError
        If one makes no sense.
    ImageReadError
        If the mask is a file that cannot be read.
    """
    check_choice("mode", mode, MODES)
    check_choice("fit", fit, FITS)
    check_choice("cube", cube, (None, *CUBES))
    if nan is not None:
        nan = check_number(nan, "nan", -math.inf)
    if key is not None and not isinstance(key, str):
        raise InvalidInputError(f"key must be the name of an array in the file, got {key!r:.80}")
    reading = ReadOptions(
        mode="keep" if cube else mode,
        background=parse_background(background),
        frames=_checked_frames(frames, default_frames),
        max_pixels=check_integer(max_pixels, "max_pixels", 1),
        size=None if size is None else checked_size(size),
        key=key,
    )
    return Wanted(reading, fit, _checked_mask(mask), nan, _checked_range(value_range), cube)


def checked_size(size: Any) -> tuple[int, int]:
    """Return a size as (height, width), or raise InvalidInputError."""
    array = np.asarray(size)
    if array.shape != (2,) or array.dtype.kind not in "iu" or array.min() < 1:
        raise InvalidInputError(
            f"size must be (height, width), two positive whole numbers, got {size!r}"
        )
    return int(array[0]), int(array[1])


def _checked_frames(frames: Any, default: slice) -> slice:
    if frames is None:
        return default
    if isinstance(frames, slice):
        return frames
    if isinstance(frames, str) and frames in {"first", "all"}:
        return slice(0, 1) if frames == "first" else slice(None)
    raise InvalidInputError(f'frames must be "first", "all" or a slice, got {frames!r}')


def _checked_range(value_range: Any) -> tuple[float, float] | None:
    if value_range is None:
        return None
    try:
        low, high = (float(value) for value in value_range)
    except (TypeError, ValueError) as error:
        raise InvalidInputError(f"range must be (low, high), got {value_range!r}") from error
    if not (math.isfinite(low) and math.isfinite(high) and low < high):
        raise InvalidInputError(f"range must be finite with low < high, got {value_range!r}")
    return low, high


def _checked_mask(mask: Any) -> NDArray[np.bool_] | None:
    if mask is None:
        return None
    if isinstance(mask, (str, os.PathLike)):
        values, full = read_file(os.fspath(mask), ReadOptions(frames=slice(0, 1)))[0]
        return values >= (1.0 if full is None else full) / 2
    array = np.asarray(mask)
    if array.ndim != 2 or array.dtype != np.bool_:
        raise InvalidInputError(
            "the mask must be a file or an array of bool of shape (height, width), True where "
            f"a pixel is kept; got {array.dtype} of shape {array.shape}"
        )
    return array
