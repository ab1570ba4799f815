"""Elastic net: l1 * sum F + l2/2 * |F|^2 (Zou & Hastie 2005)."""

from __future__ import annotations

from dataclasses import dataclass, replace

import numpy as np

from visnmf.terms.checks import check_amount
from visnmf.terms.protocol import Bound

__all__ = ["ElasticNet"]


@dataclass(frozen=True)
class ElasticNet:
    """The sum of F and half the sum of its squares, each times a weight.

    l1 drives entries to zero, one by one (Hoyer 2002); l2 keeps them small. On one factor
    alone a penalty can be evaded: that factor shrinks while the other one grows. Give the
    other one a penalty too, or hold its parts to `UnitBall`.

    Parameters
    ----------
    l1, l2 : float
        Weights of at least 0.

    Raises
    ------
    InvalidInputError
        A weight is negative or not finite.

    References
    ----------
    Zou & Hastie, "Regularization and variable selection via the elastic net", Journal of
    the Royal Statistical Society B 67 (2005). Hoyer, "Non-negative sparse coding", NNSP 2002.

    Examples
    --------
    >>> import numpy as np
    >>> ElasticNet(l1=1.0, l2=2.0).value(np.array([[1.0, 3.0]]))
    14.0
    """

    l1: float = 0.0
    l2: float = 0.0

    name = "elastic net"
    convex = True
    separable = True

    def __post_init__(self) -> None:
        """Check both weights."""
        for name in ("l1", "l2"):
            object.__setattr__(self, name, check_amount(getattr(self, name), name))

    @property
    def degrees(self) -> tuple[float, float]:
        """A linear and a quadratic function, each where it has a weight."""
        return (1.0 if self.l1 or not self.l2 else 2.0, 2.0 if self.l2 else 1.0)

    def check(self, shape: tuple[int, int]) -> None:
        """Accept any factor."""

    def scaled(self, share: float) -> ElasticNet:
        """Return the penalty with a share of its weight, as beside some of the images."""
        return replace(self, l1=share * self.l1, l2=share * self.l2)

    def value(self, F: np.ndarray) -> float:
        """Return the penalty at F."""
        squares = np.einsum("kj,kj->k", F, F).sum(dtype=np.float64)
        return float(self.l1 * F.sum(dtype=np.float64) + 0.5 * self.l2 * squares)

    def split(self, F: np.ndarray) -> tuple[np.ndarray | float, np.ndarray | float]:
        """Return l1 + l2 F, and zero."""
        return F * self.l2 + self.l1, 0.0

    def bound(self, F: np.ndarray) -> Bound:
        """Return the penalty itself, which is a quadratic: G = l2 I, B = -l1."""
        return Bound(
            G=self.l2 * np.eye(len(F), dtype=F.dtype) if self.l2 else None,
            B=np.full((1, 1), -self.l1, F.dtype) if self.l1 else None,
        )
