"""What an archive says of its pictures and of itself, every field checked before it is believed."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from visnmf.archive.header_fields import (
    BITS,
    DTYPES,
    MAX_CHANNELS,
    MAX_CHUNK,
    MAX_ENTRIES,
    MAX_N,
    MAX_RANK,
    MAX_SHIFT,
    MAX_SIDE,
    MAX_STEP,
    MAX_VALUES,
    Base,
    Mode,
    finite,
    member,
    need,
    whole,
)
from visnmf.archive.sections import MAX_SECTIONS, SectionKind

__all__ = ["Base", "Header", "Mode"]


@dataclass(frozen=True, kw_only=True)
class Header:
    """The fixed fields of an archive.

    Parameters
    ----------
    n : int
        Pictures, from 1 to 10^8.
    height, width : int
        Of a picture, from 1 to 2^20.
    channels : int
        Values of a pixel, from 1 to 4096.
    kept : int
        Pixels that a mask keeps; 0 stands for all of them, that is, no mask.
    bits : {8, 16}
        Of a level, so that levels go from 0 to 2^bits - 1; pictures of bool have 0 and 255.
    dtype : str
        NumPy's name of the type of the originals, as in `ImageLayout`.
    low, high : float
        The original values that level 0 and the greatest level stand for.
    base : Base
        What pictures are made from.
    apart : bool
        Channels are stored as pictures of their own: picture 0 channel 0, picture 0 channel 1, ...
    rank : int
        Parts, at most 65535; 0 unless the base is factors.
    chunk : int
        Pictures in a section of encodings; the last one may hold fewer.
    sheet_chunk : int
        Pictures on a contact sheet of the base or of the residual; the last may hold fewer.
    columns : int
        Pictures (channels of pictures, where apart) side by side on a sheet.
    shift : int
        Bits after the point in the scales of the parts, at most 62.
    step : int
        Between two levels of the residual; odd, or 0 where there is no residual.
    mode : Mode
        What was asked for.
    target : float
        How much of it: dB, bytes or levels; 0 for the other two modes.
    psnr : float
        Over all kept values of the set, in dB, as measured; infinite if nothing is lost.
    worst_psnr : float
        Of the worst picture.
    worst : int
        Which picture that is.
    max_error : int
        The greatest difference of a level, as measured.

    Raises
    ------
    InvalidInputError
        If a field has a wrong type, leaves its range, or does not fit the others.
    """

    n: int
    height: int
    width: int
    channels: int = 1
    kept: int = 0
    bits: int
    dtype: str
    low: float
    high: float
    base: Base
    apart: bool = False
    rank: int = 0
    chunk: int = 1
    sheet_chunk: int = 1
    columns: int = 1
    shift: int = 0
    step: int = 0
    mode: Mode
    target: float = 0.0
    psnr: float = math.inf
    worst_psnr: float = math.inf
    worst: int = 0
    max_error: int = 0

    def __post_init__(self) -> None:
        """Check every field by itself, then what they say together."""
        self._check_sizes()
        self._check_levels()
        self._check_storage()
        self._check_amounts()
        self._check_quality()

    @property
    def peak(self) -> int:
        """The greatest level."""
        return 2**self.bits - 1

    @property
    def masked(self) -> bool:
        """Whether a mask leaves pixels out."""
        return self.kept < self.height * self.width

    @property
    def m(self) -> int:
        """Values of a picture that are stored: kept pixels times channels."""
        return self.kept * self.channels

    @property
    def planes(self) -> int:
        """How many a picture is stored as: its channels where they are apart, else 1."""
        return self.channels if self.apart else 1

    @property
    def chunks(self) -> int:
        """Sections of encodings."""
        return -(-self.n // self.chunk) if self.base == Base.FACTORS else 0

    @property
    def sheets(self) -> int:
        """Contact sheets that the pictures take, in the base and in the residual alike."""
        return -(-self.n // self.sheet_chunk)

    @property
    def sheet_values(self) -> int:
        """Values of a contact sheet that is full, or holds all pictures; empty cells count."""
        rows = -(-min(self.sheet_chunk, self.n) * self.planes // self.columns)
        cell = self.height * self.width * self.channels // self.planes
        return rows * self.columns * cell

    def counts(self) -> dict[SectionKind, tuple[int, int]]:
        """Return how many sections of each kind there have to be, at least and at most."""
        factors = self.base == Base.FACTORS
        sheets = self.sheets if self.base == Base.SHEETS else 0
        residuals = self.sheets if self.step else 0
        return {
            SectionKind.NAMES: (0, 1),
            SectionKind.MASK: (int(self.masked), int(self.masked)),
            SectionKind.NOTES: (0, 1),
            SectionKind.SCALES: (int(factors), int(factors)),
            SectionKind.BASIS: (1, self.rank * self.channels) if factors else (0, 0),
            SectionKind.ENCODINGS: (self.chunks, self.chunks),
            SectionKind.SHEET: (sheets, sheets),
            SectionKind.RESIDUAL: (residuals, residuals),
        }

    def pictures(self, kind: SectionKind, index: int) -> range:
        """Return which pictures a section holds; none if it is of no pictures in particular."""
        if kind < SectionKind.ENCODINGS:
            return range(0)
        size = self.chunk if kind == SectionKind.ENCODINGS else self.sheet_chunk
        return range(min(index * size, self.n), min((index + 1) * size, self.n))

    def _check_sizes(self) -> None:
        self._whole("n", 1, MAX_N)
        self._whole("height", 1, MAX_SIDE)
        self._whole("width", 1, MAX_SIDE)
        self._whole("channels", 1, MAX_CHANNELS)
        pixels = self.height * self.width
        need(
            pixels * self.channels <= MAX_VALUES,
            f"a picture of {self.height} x {self.width} pixels and {self.channels} channel(s) "
            f"has more than {MAX_VALUES} values; cut it into smaller ones",
        )
        self._whole("kept", 0, pixels)
        self._set("kept", self.kept or pixels)

    def _check_levels(self) -> None:
        self._whole("bits", 8, 16)
        need(self.bits in BITS, f"bits must be 8 or 16, got {self.bits}")
        need(self.dtype in DTYPES, f"dtype {self.dtype!r:.40} is none of {', '.join(DTYPES)}")
        self._finite("low")
        self._finite("high")
        need(
            self.low < self.high and math.isfinite(self.high - self.low),
            f"need low < high and a finite range, got low={self.low}, high={self.high}",
        )
        if self.dtype.startswith("float"):
            most = float(np.finfo(self.dtype).max)
            need(
                -most <= self.low and self.high <= most,
                f"{self.dtype} goes to {most:.3g}, got low={self.low}, high={self.high}",
            )

    def _check_storage(self) -> None:
        self._set("base", member(Base, self.base, "base"))
        need(isinstance(self.apart, (bool, np.bool_)), f"apart must be a bool, got {self.apart!r}")
        self._set("apart", bool(self.apart))
        need(not self.apart or self.channels > 1, "one channel cannot be stored apart")
        self._whole("rank", 0, MAX_RANK)
        need(
            (self.rank > 0) == (self.base == Base.FACTORS),
            f"factors need a rank of 1 or more, other bases 0; got {self.rank}",
        )
        self._whole("chunk", 1, MAX_CHUNK)
        self._whole("sheet_chunk", 1, MAX_CHUNK)
        self._whole("columns", 1, self.sheet_chunk * self.planes)
        self._whole("shift", 0, MAX_SHIFT)
        self._whole("step", 0, MAX_STEP)
        need(self.step == 0 or self.step % 2 == 1, f"step must be 0 or odd, got {self.step}")
        need(
            self.step > 0 or self.base != Base.NONE,
            "without a base there has to be a residual; give a step",
        )

    def _check_amounts(self) -> None:
        """Hold what one section decodes to below what a reader has to be ready for."""
        parts = self.rank * self.m // self.planes
        need(parts <= MAX_VALUES, f"parts have at most {MAX_VALUES} values in all, got {parts}")
        entries = self.rank * self.planes * min(self.chunk, self.n)
        need(
            entries <= MAX_ENTRIES,
            f"a section takes at most {MAX_ENTRIES} encodings, got {entries}; take a smaller chunk",
        )
        values = self.sheet_values
        need(
            values <= MAX_VALUES or not (self.step or self.base == Base.SHEETS),
            f"a sheet takes at most {MAX_VALUES} values, got {values}; take a smaller sheet_chunk",
        )
        sections = sum(least for least, _ in self.counts().values())
        need(
            sections <= MAX_SECTIONS,
            f"a file takes at most {MAX_SECTIONS} sections, got {sections}; take larger chunks",
        )

    def _check_quality(self) -> None:
        self._set("mode", member(Mode, self.mode, "mode"))
        self._finite("target")
        told = f"got a target of {self.target}"
        if self.mode == Mode.PSNR:
            need(self.target > 0, f"a PSNR is above 0 dB; {told}")
        elif self.mode in {Mode.MAX_BYTES, Mode.MAX_ERROR}:
            counted = self.target >= 0 and self.target.is_integer()
            need(counted, f"mode {self.mode.name} takes a whole number; {told}")
        else:
            need(self.target == 0, f"mode {self.mode.name} takes no target; {told}")
        self._whole("worst", 0, self.n - 1)
        self._whole("max_error", 0, self.peak)
        told = f"got a greatest error of {self.max_error}"
        if self.step:
            need(self.max_error <= self.step // 2, f"a step of {self.step} errs less; {told}")
        if self.mode in {Mode.LOSSLESS, Mode.MAX_ERROR}:
            need(self.max_error <= self.target, f"at most {self.target:g} was allowed; {told}")
        self._check_psnr()

    def _check_psnr(self) -> None:
        if self.max_error == 0:
            exact = self.psnr == math.inf and self.worst_psnr == math.inf
            need(exact, "psnr and worst_psnr are infinite where max_error is 0")
            return
        self._finite("psnr")
        self._finite("worst_psnr")
        # Rounding may leave the PSNR of a set of one picture a hair off that of the picture.
        need(
            self.worst_psnr <= self.psnr + 1e-6,
            f"need worst_psnr <= psnr, got {self.worst_psnr} and {self.psnr}",
        )

    def _set(self, name: str, value: object) -> None:
        object.__setattr__(self, name, value)

    def _whole(self, name: str, least: int, most: int) -> None:
        self._set(name, whole(getattr(self, name), name, least, most))

    def _finite(self, name: str) -> None:
        self._set(name, finite(getattr(self, name), name))
