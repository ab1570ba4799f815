"""Ways to keep every level of a contact sheet within an error, and the bytes that each takes."""

from __future__ import annotations

import math
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from visnmf.archive.coders import Coder, decode_image, encode_image, encode_near, lossy_codec
from visnmf.archive.dials import dial_of
from visnmf.archive.residual import leave_over, put_back
from visnmf.archive.sheet_trial import Laid
from visnmf.archive.turns import in_turn

__all__ = ["Divided", "Layered", "Near", "Way", "seek_layered", "size_of"]

_STRIDES = (6, 3)  # of the walk over AVIF's 64 qualities
_HOPELESS = 1.15  # times the bytes of a sheet without a base: no quality makes up for that
_EFFORT = 7  # of what is left over, during the walk


class Way(Protocol):
    """A way to keep sheets.

    Attributes
    ----------
    step : int
        As `SheetFit` has it.
    """

    @property
    def step(self) -> int: ...  # noqa: D102

    def write(self, sheet: NDArray[Any]) -> tuple[bytes, Coder, bytes]:
        """Return what lies under, if anything, a coder, and what it wrote."""
        ...

    def read(self, under: bytes, coder: Coder, data: bytes, sheet: NDArray[Any]) -> NDArray[Any]:
        """Return the levels that come back of a sheet."""
        ...

    def told(self, coders: Sequence[Coder]) -> str:
        """Tell in words what sheets these are."""
        ...


@dataclass(frozen=True)
class Divided:
    """Levels divided by a step, rounded, and kept without loss."""

    step: int

    def write(self, sheet: NDArray[Any]) -> tuple[bytes, Coder, bytes]:
        """As `Way` tells."""
        return b"", *encode_image(leave_over(sheet, None, self.step))

    def read(self, under: bytes, coder: Coder, data: bytes, sheet: NDArray[Any]) -> NDArray[Any]:
        """As `Way` tells."""
        return put_back(decode_image(coder, data, sheet.shape, sheet.dtype), None, self.step)

    def told(self, coders: Sequence[Coder]) -> str:
        """As `Way` tells."""
        names = {Coder.JXL: "JPEG XL", Coder.JPEGLS: "JPEG-LS"}
        return "/".join(sorted({names.get(coder, coder.name) for coder in coders})) + " sheets"


@dataclass(frozen=True)
class Near:
    """Near-lossless JPEG-LS."""

    error: int

    @property
    def step(self) -> int:
        """1: sheets hold levels."""
        return 1

    def write(self, sheet: NDArray[Any]) -> tuple[bytes, Coder, bytes]:
        """As `Way` tells."""
        return b"", Coder.JPEGLS, encode_near(sheet, self.error)

    def read(self, under: bytes, coder: Coder, data: bytes, sheet: NDArray[Any]) -> NDArray[Any]:
        """As `Way` tells."""
        return decode_image(coder, data, sheet.shape, sheet.dtype)

    def told(self, coders: Sequence[Coder]) -> str:
        """As `Way` tells."""
        return "JPEG-LS sheets"


@dataclass(frozen=True)
class Layered:
    """Gray levels by AVIF, and what that leaves over divided by a step and kept without loss.

    Transforms are good at smooth pictures, but keep no bound; a residual does. AVIF decodes gray
    to the same levels everywhere, which is what a residual needs.
    """

    step: int
    quality: float
    effort: int = 9

    def write(self, sheet: NDArray[Any]) -> tuple[bytes, Coder, bytes]:
        """As `Way` tells."""
        under = lossy_codec(Coder.AVIF).encode(sheet, self.quality)
        base = decode_image(Coder.AVIF, under, sheet.shape, sheet.dtype)
        return under, *encode_image(leave_over(sheet, base, self.step), self.effort)

    def read(self, under: bytes, coder: Coder, data: bytes, sheet: NDArray[Any]) -> NDArray[Any]:
        """As `Way` tells."""
        base = decode_image(Coder.AVIF, under, sheet.shape, sheet.dtype)
        stored = decode_image(coder, data, sheet.shape, sheet.dtype)
        return put_back(stored, base, self.step)

    def told(self, coders: Sequence[Coder]) -> str:
        """As `Way` tells."""
        return f"AVIF sheets of quality {self.quality:g} and a residual"


def size_of(laid: Laid, way: Way) -> int:
    """Return the bytes of all sheets."""

    def one(i: int) -> int:
        under, _, data = way.write(laid.sheet(i))
        return len(under) + len(data)

    return sum(in_turn(one, laid.plan.sheets))


def seek_layered(laid: Laid, error: int) -> Layered | None:
    """Return the best way with AVIF under a residual, as a sample of the pictures has it.

    A base need not be finer than the residual is: the walk begins at the quality that usually
    errs by what rounding to its steps does.

    Parameters
    ----------
    laid : Laid
        The pictures.
    error : int
        The most that a level may be off.

    Returns
    -------
    way : Layered or None
        None without an error, where sheets are not gray of 8 bits, or if it is surely larger.
    """
    codec = lossy_codec(Coder.AVIF)
    gray = laid.apart or laid.plan.channels == 1
    if not error or not gray or not laid.taken_by(codec):
        return None
    step, sample, dial = 2 * error + 1, laid.sample(), dial_of(Coder.AVIF)
    sizes: dict[int, int] = {}

    def size(place: int) -> float:
        if not 0 <= place < len(dial.qualities):
            return math.inf
        if place not in sizes:
            sizes[place] = size_of(sample, Layered(step, dial.qualities[place], _EFFORT))
        return sizes[place]

    usual = 10.0 * math.log10(12.0 * 255.0**2 / step**2)
    place = min(int(np.searchsorted(dial.psnr, usual)), len(dial.qualities) - 1)
    if size(place) > _HOPELESS * size_of(sample, Divided(step)):
        return None
    for stride in _STRIDES:
        for way in (-stride, stride):
            while size(place + way) < size(place):
                place += way
    return Layered(step, dial.qualities[place])
