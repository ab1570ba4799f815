"""What the fields of an archive's header may be: limits, codes, and how each is checked."""

from __future__ import annotations

import math
from enum import IntEnum
from typing import TypeVar

import numpy as np

from visnmf.errors import InvalidInputError

__all__ = [
    "BITS",
    "DTYPES",
    "MAX_CHANNELS",
    "MAX_CHUNK",
    "MAX_ENTRIES",
    "MAX_N",
    "MAX_RANK",
    "MAX_SHIFT",
    "MAX_SIDE",
    "MAX_STEP",
    "MAX_VALUES",
    "Base",
    "Mode",
    "finite",
    "member",
    "need",
    "whole",
]

MAX_N = 10**8
"""Pictures."""
MAX_SIDE = 2**20
"""Pixels of height or width."""
MAX_CHANNELS = 4096
"""Values of a pixel."""
MAX_VALUES = 2**31 - 1
"""Values of a picture, of a contact sheet, of all parts together."""
MAX_RANK = 65535
"""Parts."""
MAX_CHUNK = 2**20
"""Pictures in a section of encodings, or on a contact sheet."""
MAX_ENTRIES = 2**28
"""Encodings in one section."""
MAX_SHIFT = 62
"""Bits after the point in the scales of the parts."""
MAX_STEP = 65535
"""Levels between two steps of the residual."""
BITS = (8, 16)
"""Of a level."""
DTYPES = (
    *("bool", "uint8", "uint16", "uint32", "uint64", "int8", "int16", "int32", "int64"),
    *("float16", "float32", "float64"),
)
"""Types of the originals; the place of one is its number in the file, so that it never changes."""

_Kind = TypeVar("_Kind", bound=IntEnum)


class Base(IntEnum):
    """What pictures are made from before a residual is added."""

    NONE = 0  # from the residual alone
    SHEETS = 1  # from contact sheets
    FACTORS = 2  # from parts and encodings


class Mode(IntEnum):
    """What was asked for when the archive was made."""

    PSNR = 1  # this PSNR over the set, or more
    MAX_BYTES = 2  # a file of this size, or less
    MAX_ERROR = 3  # no level off by more than this
    LOSSLESS = 4
    BY_HAND = 5


def need(holds: bool, otherwise: str) -> None:
    """Raise an `InvalidInputError` unless something holds."""
    if not holds:
        raise InvalidInputError(otherwise)


def whole(value: object, name: str, least: int, most: int) -> int:
    """Return a whole number of Python's own within bounds, or refuse what is none."""
    if isinstance(value, (int, np.integer)) and not isinstance(value, bool):
        number = int(value)
        need(
            least <= number <= most,
            f"{name} must be from {least} to {most}, got "
            f"{number if abs(number) < 2**64 else 'a number of more than 64 bits'}",
        )
        return number
    raise InvalidInputError(f"{name} must be a whole number, got {value!r:.40}")


def finite(value: object, name: str) -> float:
    """Return a finite float, or refuse what is none; -0.0 becomes 0.0, as equals look alike."""
    number = math.nan
    if isinstance(value, (int, float, np.integer, np.floating)) and not isinstance(value, bool):
        try:
            number = float(value)
        except OverflowError:  # an int beyond float64
            number = math.inf
    told = number if isinstance(value, (int, float, np.number)) else f"{value!r:.40}"
    need(math.isfinite(number), f"{name} must be a finite number, got {told}")
    return number + 0.0


def member(kinds: type[_Kind], value: object, name: str) -> _Kind:
    """Return a member of an enumeration, or refuse a number that it does not have."""
    for kind in kinds:
        if value is kind or (type(value) is int and value == kind):
            return kind
    known = ", ".join(f"{kind.value} ({kind.name})" for kind in kinds)
    raise InvalidInputError(f"{name} must be one of {known}, got {value!r:.40}")
