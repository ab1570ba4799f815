"""Hierarchical alternating least squares, accelerated.

Cyclic coordinate descent over the rows of a factor in closed form (Cichocki & Phan
2009), several sweeps for each product with V (Gillis & Glineur 2012).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from visnmf.kernels.choose import Kernels
from visnmf.losses.models import Quadratic

__all__ = ["Hals"]


@dataclass(frozen=True)
class Hals:
    """Sweeps over the rows of a factor.

    Parameters
    ----------
    kernels : Kernels
        The module whose sweeps run.
    sweeps : int
        The most sweeps a step; 1 is plain HALS.
    ratio : float
        A tile of columns is left when a sweep moves it by less than this share of the
        first sweep's move.
    """

    kernels: Kernels
    sweeps: int = 8
    ratio: float = 0.05

    def step(self, F: np.ndarray, model: Quadratic, effort: float = 1.0) -> None:
        """Lower the model over F >= 0, in place, with a share of the sweeps, but at least one."""
        sweeps = max(1, round(self.sweeps * effort))
        self.kernels.hals(F, model.G, model.B, sweeps, self.ratio)
