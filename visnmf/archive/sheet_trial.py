"""All contact sheets of a set at one quality: their bytes, and what comes back of them."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visnmf.archive.coders import LossyCodec, decode_image
from visnmf.archive.fidelity import Fidelity, fidelity_of, squared_errors
from visnmf.archive.sheets import SheetPlan, cut, lay, plan_sheets
from visnmf.archive.turns import in_turn

__all__ = ["Laid", "SheetTrial"]

_WINDOW = 256  # pixels a side of what a sample takes of a large picture
_WINDOWS = 8
_FEW_PICTURES = 48  # of a sample, unless they are large
_SAMPLE = 2**18  # pixels of a sample


@dataclass(frozen=True, eq=False)
class SheetTrial:
    """A set on sheets at one quality.

    Attributes
    ----------
    codec : LossyCodec
        What wrote them.
    quality : float
        Of all sheets.
    nbytes : int
        Of all sheets.
    fidelity : Fidelity
        Of what comes back.
    data : tuple of bytes
        The sheets; empty where they are not needed any more.
    """

    codec: LossyCodec
    quality: float
    nbytes: int
    fidelity: Fidelity
    data: tuple[bytes, ...]


@dataclass(frozen=True, eq=False)
class Laid:
    """Pictures that go on contact sheets.

    Attributes
    ----------
    levels : ndarray of uint8 or uint16, shape (n, height, width[, channels])
        The pictures.
    apart : bool
        Whether channels lie apart.
    peak : int
        The level over which a PSNR is taken.
    mask : ndarray of bool (height, width), optional
        The pixels that count.
    """

    levels: NDArray[Any]
    apart: bool
    peak: int
    mask: NDArray[np.bool_] | None = None

    @cached_property
    def plan(self) -> SheetPlan:
        """How they lie."""
        n, height, width = self.levels.shape[:3]
        channels = self.levels.shape[3] if self.levels.ndim == 4 else 1
        return plan_sheets(n, height, width, channels, apart=self.apart)

    @property
    def values(self) -> int:
        """Values of a picture that count."""
        size = self.levels[0].size
        return size if self.mask is None else size // self.mask.size * int(self.mask.sum())

    def sheet(self, i: int) -> NDArray[Any]:
        """Return sheet i."""
        return lay(self.levels[self.plan.pictures(i)], self.plan, i)

    def taken_by(self, codec: LossyCodec) -> bool:
        """Tell whether a codec takes such sheets."""
        first = self.levels[self.plan.pictures(0)][:1]
        empty = np.broadcast_to(first.reshape(-1)[:1], self.plan.shape(0))
        return codec.takes(empty)

    def attempt(
        self,
        codec: LossyCodec,
        quality: float,
        told: Callable[[float], object] | None = None,
    ) -> SheetTrial:
        """Write all sheets at a quality and look at what comes back.

        Parameters
        ----------
        codec : LossyCodec
            To write them.
        quality : float
            Of all of them.
        told : callable, optional
            Given which share of the sheets is written.
        """

        def one(i: int) -> tuple[bytes, NDArray[np.float64], int]:
            sheet = self.sheet(i)
            data = codec.encode(sheet, quality)
            decoded = decode_image(codec.coder, data, sheet.shape, sheet.dtype)
            back = cut(decoded, self.plan, i)
            return data, *squared_errors(self.levels[self.plan.pictures(i)], back, self.mask)

        done = list(in_turn(one, self.plan.sheets, told))
        data = tuple(sheet for sheet, _, _ in done)
        errors = np.concatenate([error for _, error, _ in done])
        fidelity = self.seen(errors, max(greatest for _, _, greatest in done))
        return SheetTrial(codec, quality, sum(map(len, data)), fidelity, data)

    def seen(self, errors: NDArray[np.float64], max_error: int) -> Fidelity:
        """Return what squared errors of the pictures say."""
        return fidelity_of(errors, max_error, self.values, self.peak)

    def sample(self) -> Laid:
        """Return some of the pictures, or the same where they are few.

        Pictures are taken in runs, so that those which lie side by side do so in the sample too;
        of large pictures windows are taken.
        """
        n, height, width = self.levels.shape[:3]
        pixels = height * width * self.plan.planes
        if n * pixels <= 2 * _SAMPLE:
            return self
        if pixels > _WINDOW * _WINDOW // 2:
            return self._windows()
        count = max(_SAMPLE // pixels, _FEW_PICTURES)
        if 2 * count > n:
            return self
        run = max(1, min(self.plan.columns // self.plan.planes, count // 4))
        starts = np.linspace(0, n - run, -(-count // run)).astype(np.intp)
        picked = (starts[:, None] + np.arange(run)).ravel()
        return Laid(self.levels[picked], self.apart, self.peak, self.mask)

    def share(self, sample: Laid) -> float:
        """Return which part of the pictures a sample is."""
        return sample.plan.pixels / self.plan.pixels

    def _windows(self) -> Laid:
        n, height, width = self.levels.shape[:3]
        tall, wide = min(height, _WINDOW), min(width, _WINDOW)
        windows = []
        for k in range(_WINDOWS):
            j = k * n // _WINDOWS
            # Steps of the golden ratio and of the root of 2 spread over any rectangle.
            top = int((0.5 + 0.6180339887 * k) % 1.0 * (height - tall + 1))
            left = int((0.5 + 0.4142135624 * k) % 1.0 * (width - wide + 1))
            windows.append(self.levels[j, top : top + tall, left : left + wide])
        return Laid(np.stack(windows), self.apart, self.peak)
