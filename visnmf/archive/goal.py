"""What a search aims at."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Goal"]


@dataclass(frozen=True)
class Goal:
    """A PSNR at the fewest bytes, or so many bytes at the best PSNR.

    Attributes
    ----------
    psnr : float, optional
        In dB, over the whole set.
    nbytes : float, optional
        For everything that is searched over.
    """

    psnr: float | None = None
    nbytes: float | None = None
