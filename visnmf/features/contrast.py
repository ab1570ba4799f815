"""Contrast: patches as non-negative numbers, and back."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from visnmf.images.signs import join_signs, split_signs

__all__ = ["CONTRASTS", "Contrast", "Seen"]

CONTRASTS = ("onoff", "pixels")


class Seen(NamedTuple):
    """Patches as parts see them.

    Parameters
    ----------
    values : ndarray (count, length)
        Non-negative.
    mean, scale : ndarray (count, 1)
        What was taken off each patch, and what it was divided by.
    """

    values: NDArray[np.float32]
    mean: NDArray[np.float32]
    scale: NDArray[np.float32]


@dataclass(frozen=True)
class Contrast:
    """How a patch becomes non-negative numbers.

    "onoff": the patch less its mean, over its length, what is above zero beside what is
    below (Hoyer 2003): what is lit more or less does not matter, only its pattern. "pixels":
    the patch as it is, over its length.

    Parameters
    ----------
    kind : {"onoff", "pixels"}
        Which of the two.
    floor : float
        The deviation (root mean square) that is added, squared, to that of each patch before it
        is divided by it, so that faint patterns and noise stay faint.
    """

    kind: str
    floor: float

    def length(self, values: int) -> int:
        """Return the length of a patch of so many values as parts see it."""
        return values * (2 if self.kind == "onoff" else 1)

    def see(self, patches: NDArray[np.float32]) -> Seen:
        """Turn patches (count, values) into non-negative numbers."""
        if self.kind == "onoff":
            # Less its first pixel first: a flat patch is then exactly zero, not noise of rounding
            first = patches[:, :1]
            patches = patches - first
            above = patches.mean(axis=1, keepdims=True)
            patches -= above
            mean = first + above
        else:
            mean = np.zeros((len(patches), 1), np.float32)
        squares = np.einsum("nd,nd->n", patches, patches)[:, None]
        scale = np.sqrt(squares + np.float32(patches.shape[1] * self.floor**2))
        scale = np.maximum(scale, np.float32(1e-12))
        values = patches / scale
        if self.kind == "onoff":
            values = split_signs(values, axis=1)
        return Seen(values, mean, scale)

    def show(self, seen: Seen) -> NDArray[np.float32]:
        """Turn non-negative numbers back into patches (count, values)."""
        values = join_signs(seen.values, axis=1) if self.kind == "onoff" else seen.values
        shown: NDArray[np.float32] = values * seen.scale + seen.mean
        return shown
