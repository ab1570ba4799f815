"""What an update sees of a loss: a function of one factor alone.

The other factor A is held. Models of the same F made from two blocks of images add up.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from visnmf.kernels.choose import Kernels

__all__ = ["Point", "Quadratic"]


@dataclass(frozen=True)
class Point:
    """What a model tells of one F."""

    objective: float
    absolute: float
    """Sum of the absolute values of the projected gradient with respect to F."""
    square: float
    """Sum of its squares."""


@dataclass(frozen=True)
class Quadratic:
    """The function const - <B, F> + 1/2 <G, F F'> of F (rank x q)."""

    G: np.ndarray
    B: np.ndarray
    const: float

    def at(self, F: np.ndarray, kernels: Kernels) -> Point:
        """Return value and KKT residual at F, summed in float64."""
        sums = kernels.sums(F, self.G, self.B)
        # <G, F F'> = linear - slope; written so, less cancels near the optimum
        objective = self.const - 0.5 * (sums.linear + sums.slope)
        return Point(objective, sums.absolute, sums.square)
