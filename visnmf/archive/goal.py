"""What a search aims at."""

from __future__ import annotations

import math
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

    def off(self, psnr: float, nbytes: float) -> float:
        """Return how far a point is from the goal, in dB or some such; positive is too good."""
        if self.psnr is not None:
            return psnr - self.psnr
        assert self.nbytes is not None
        return 10.0 * math.log2(nbytes / self.nbytes)
