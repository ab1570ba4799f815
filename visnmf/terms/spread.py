"""Spread of the parts around their mean: weight/2 * sum_k |f_k - mean|^2 (Berman et al. 2004)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from visnmf.terms.checks import check_amount
from visnmf.terms.protocol import Bound

__all__ = ["Spread"]


@dataclass(frozen=True)
class Spread:
    """How far the rows of F lie from each other, as ICE has it.

    In unmixing, where the shares of a pixel sum to one, the pixels lie in a simplex whose corners
    are the spectra, and any larger simplex holds them too. This term, on W, looks for a
    small one: the sum of squared distances between corners stands for its volume.

    Parameters
    ----------
    weight : float
        At least 0. The loss is a sum over all pixels, so it should grow with their number.

    Raises
    ------
    InvalidInputError
        The weight is negative or not finite.

    References
    ----------
    Berman, Kiiveri, Lagerstrom, Ernst, Dunne & Huntington, "ICE: a statistical approach to
    identifying endmembers in hyperspectral images", IEEE TGRS 42 (2004), equation 7.

    Examples
    --------
    >>> import numpy as np
    >>> F = np.array([[1.0, 2.0], [3.0, 2.0]])
    >>> Spread(10.0).value(F)
    10.0
    """

    weight: float

    name = "spread"
    convex = True
    separable = True
    degrees = (1.0, 2.0)

    def __post_init__(self) -> None:
        """Check the weight."""
        object.__setattr__(self, "weight", check_amount(self.weight, "weight"))

    def check(self, shape: tuple[int, int]) -> None:
        """Accept any factor."""

    def scaled(self, share: float) -> Spread:
        """Return the penalty with a share of its weight, as beside some of the images."""
        return replace(self, weight=share * self.weight)

    def value(self, F: np.ndarray) -> float:
        """Return the penalty at F."""
        apart = F - F.mean(axis=0, dtype=np.float64)
        return 0.5 * self.weight * float(np.square(apart).sum())

    def split(self, F: np.ndarray) -> tuple[np.ndarray | float, np.ndarray | float]:
        """Return weight times F, and weight times its mean row."""
        return self.weight * F, self.weight * F.mean(axis=0)

    def bound(self, F: np.ndarray) -> Bound:
        """Return the penalty itself: G = weight (I - 11' / rank)."""
        rank = len(F)
        return Bound(G=(self.weight * (np.eye(rank) - 1 / rank)).astype(F.dtype))
