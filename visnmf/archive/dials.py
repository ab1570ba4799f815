"""The quality of a codec as a dial of notches, and what each notch gives on usual pictures."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cache

import numpy as np
from numpy.typing import NDArray

from visnmf.archive.lossy import LossyCodec, lossy_codec
from visnmf.archive.registry import Coder

__all__ = ["Dial", "dial_of"]

# (quality, PSNR in dB, log2 of bits a pixel) of gray pictures of faces, clothes, digits, streets
# and spectral bands, on average: where a search begins. What it ends with does not hang on them.
_USUAL: dict[Coder, tuple[tuple[float, float, float], ...]] = {
    Coder.JPEG: (
        (1, 19.8, -2.8), (2, 20.4, -2.7), (5, 22.6, -2.0), (10, 25.0, -1.2), (20, 27.4, -0.5),
        (30, 29.0, -0.1), (50, 31.1, 0.3), (70, 33.4, 0.7), (85, 37.1, 1.2), (92, 41.0, 1.5),
        (97, 47.9, 2.1), (100, 59.1, 2.5),
    ),
    Coder.WEBP: (
        (0, 23.5, -2.2), (5, 27.4, -1.2), (10, 28.6, -0.9), (20, 30.4, -0.6), (40, 33.1, -0.1),
        (60, 35.0, 0.2), (75, 36.4, 0.4), (85, 40.1, 0.9), (92, 44.0, 1.3), (97, 47.9, 1.7),
        (100, 49.9, 1.9),
    ),
    Coder.JPEG2000: (
        (10, 10.0, -6.0), (20, 19.7, -3.5), (30, 30.1, -0.8), (40, 40.2, 0.9), (50, 49.5, 1.8),
        (60, 57.0, 2.5), (100, 62.0, 4.0),
    ),
    Coder.JXL_LOSSY: (
        (25, 22.6, -2.1), (16, 24.0, -1.8), (10, 26.6, -1.1), (6, 29.2, -0.6), (4, 31.4, -0.1),
        (2.5, 34.5, 0.4), (1.5, 38.1, 0.9), (0.8, 43.0, 1.4), (0.4, 47.1, 1.8), (0.2, 52.0, 2.2),
        (0.1, 55.7, 2.5), (0.05, 58.9, 2.7), (0.02, 62.7, 3.0), (0.01, 64.5, 3.2),
    ),
    Coder.AVIF: (
        (0, 21.6, -3.2), (8, 25.3, -2.0), (17, 27.8, -1.4), (25, 29.8, -1.0), (33, 31.9, -0.6),
        (41, 34.0, -0.3), (49, 36.2, 0.1), (58, 38.8, 0.5), (66, 40.7, 0.7), (74, 42.6, 0.9),
        (82, 45.1, 1.2), (90, 48.9, 1.6), (95, 52.4, 1.9), (98, 56.9, 2.2), (100, 60.0, 2.6),
    ),
}  # fmt: skip


@dataclass(frozen=True, eq=False)
class Dial:
    """The qualities of a codec that are worth a try, the worst first.

    Attributes
    ----------
    codec : LossyCodec
        Whose they are.
    qualities : list of float
        One a notch.
    psnr : ndarray of float64
        What each gives on usual pictures, in dB.
    log_bits : ndarray of float64
        log2 of the bits that a pixel takes then.
    fine : bool
        Whether notches stand for any number: they lie some hundredths of a dB apart, so that it
        is enough to come near.
    """

    codec: LossyCodec
    qualities: list[float]
    psnr: NDArray[np.float64]
    log_bits: NDArray[np.float64]
    fine: bool


@cache
def dial_of(coder: Coder) -> Dial:
    """Return the dial of a lossy codec.

    Examples
    --------
    >>> dial = dial_of(Coder.JPEG)
    >>> dial.qualities[0], dial.qualities[-1], len(dial.qualities)
    (1, 100, 100)
    """
    codec = lossy_codec(coder)
    usual = np.array(_USUAL[coder])
    if coder == Coder.JXL_LOSSY:  # a distance, near proportional to the error
        exact = 2.0 ** np.linspace(np.log2(codec.worst), np.log2(codec.best), 4096)
        qualities = [float(f"{quality:.4g}") for quality in exact]
        at, knots = -np.log2(qualities), -np.log2(usual[:, 0])
    else:
        if coder == Coder.AVIF:
            qualities = _avif_qualities()
        elif codec.whole:
            qualities = list(range(int(codec.worst), int(codec.best) + 1))
        else:
            qualities = [k / 100 for k in range(int(100 * codec.worst), int(100 * codec.best) + 1)]
        at, knots = np.array(qualities, np.float64), usual[:, 0]
    return Dial(
        codec,
        qualities,
        np.interp(at, knots, usual[:, 1]),
        np.interp(at, knots, usual[:, 2]),
        not codec.whole,
    )


def _avif_qualities() -> list[float]:
    """Return the least quality for each quantizer: libavif turns 101 qualities into 64 of them."""
    found: dict[int, float] = {}
    for quality in range(101):
        found.setdefault(((100 - quality) * 63 + 50) // 100, quality)
    return list(found.values())
