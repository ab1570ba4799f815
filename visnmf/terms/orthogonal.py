"""Orthogonality of the parts: weight * sum over pairs k < l of f_k . f_l (Li et al. 2001)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from visnmf.terms.checks import check_amount
from visnmf.terms.protocol import Bound

__all__ = ["Orthogonal"]


@dataclass(frozen=True)
class Orthogonal:
    """The inner products of each pair of rows of F, added up.

    For F >= 0 it is zero where no two rows share an entry: parts that do not overlap, or
    images that have one part each. It is a quadratic of F, though not a convex one: along a
    single row it is linear. It does not hold the rows to a length; where the other
    factor can grow in their stead, hold its rows to `UnitBall`.

    Parameters
    ----------
    weight : float
        At least 0.

    Raises
    ------
    InvalidInputError
        The weight is negative or not finite.

    References
    ----------
    Li, Hou, Zhang & Cheng, "Learning spatially localized, parts-based representation",
    CVPR 2001. Ding, Li, Peng & Park, "Orthogonal nonnegative matrix tri-factorizations for
    clustering", KDD 2006.

    Examples
    --------
    >>> import numpy as np
    >>> F = np.array([[1.0, 2.0, 0.0], [0.0, 3.0, 5.0]])
    >>> Orthogonal(10.0).value(F)
    60.0
    """

    weight: float

    name = "orthogonality"
    convex = False
    separable = True
    degrees = (2.0, 2.0)

    def __post_init__(self) -> None:
        """Check the weight."""
        object.__setattr__(self, "weight", check_amount(self.weight, "weight"))

    def check(self, shape: tuple[int, int]) -> None:
        """Accept any factor."""

    def scaled(self, share: float) -> Orthogonal:
        """Return the penalty with a share of its weight, as beside some of the images."""
        return replace(self, weight=share * self.weight)

    def value(self, F: np.ndarray) -> float:
        """Return the penalty at F."""
        above = np.cumsum(F[:-1], axis=0, dtype=np.float64)
        return self.weight * float(np.einsum("kj,kj->", above, F[1:]))

    def split(self, F: np.ndarray) -> tuple[np.ndarray | float, np.ndarray | float]:
        """Return weight times the sum of all other rows, and zero."""
        return self._curvature(F) @ F, 0.0

    def bound(self, F: np.ndarray) -> Bound:
        """Return the penalty itself: G = weight (11' - I)."""
        return Bound(G=self._curvature(F))

    def _curvature(self, F: np.ndarray) -> np.ndarray:
        return (self.weight * (1 - np.eye(len(F)))).astype(F.dtype)
