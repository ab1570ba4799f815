"""What a penalty or a constraint tells of one factor F (rank x q).

The rows of F are parts. As a term of H the columns of F are images; as a term of W they
are pixels, since the core keeps W transposed.
"""

from __future__ import annotations

from typing import NamedTuple, Protocol, runtime_checkable

import numpy as np

__all__ = ["Bound", "Constraint", "Penalty"]


class Bound(NamedTuple):
    """A quadratic above a penalty, up to a constant, that touches it at one F.

    It reads const - <B, F> + 1/2 <G, F F'> + 1/2 sum_j d_j |f_j|^2; None is zero.
    """

    G: np.ndarray | None = None
    """(rank, rank)."""
    B: np.ndarray | None = None
    """(rank, q), or anything that broadcasts to it."""
    d: np.ndarray | None = None
    """(q,), or anything that broadcasts to it."""


@runtime_checkable
class Penalty(Protocol):
    """A function of F that is added to the loss."""

    @property
    def name(self) -> str:
        """What messages call it."""
        ...

    @property
    def convex(self) -> bool:
        """Whether `bound` is convex in F."""
        ...

    @property
    def separable(self) -> bool:
        """Whether it is a sum over the columns of F, each for itself."""
        ...

    @property
    def degrees(self) -> tuple[float, float]:
        """The lowest and the highest power of an entry of F in its `split` form."""
        ...

    def check(self, shape: tuple[int, int]) -> None:
        """Refuse a factor of a shape that does not fit, by InvalidInputError."""
        ...

    def scaled(self, share: float) -> Penalty:
        """Return the penalty with a share of its weight, as beside some of the images."""
        ...

    def value(self, F: np.ndarray) -> float:
        """Return the penalty at F, in float64."""
        ...

    def split(self, F: np.ndarray) -> tuple[np.ndarray | float, np.ndarray | float]:
        """Return pos and neg, both non-negative, whose difference pos - neg is the gradient."""
        ...

    def bound(self, F: np.ndarray) -> Bound:
        """Return a quadratic above the penalty that touches it at F."""
        ...


@runtime_checkable
class Constraint(Protocol):
    """A set that F >= 0 is held to."""

    @property
    def name(self) -> str:
        """What messages call it."""
        ...

    @property
    def couples(self) -> str:
        """What its projection works on: "entry", "part" (a row of F) or "image" (a column)."""
        ...

    @property
    def convex(self) -> bool:
        """Whether the set is convex."""
        ...

    @property
    def total(self) -> float | None:
        """The sum, or the bound on it, of each row or column, where the set is no more than that.

        Such a set suits multiplicative steps, by a multiplier; None where it does not.
        """
        ...

    @property
    def degree(self) -> int:
        """What is summed up: the entries (1) or their squares (2)."""
        ...

    @property
    def exact(self) -> bool:
        """Whether the sum has to be `total`, and not only at most that."""
        ...

    def check(self, shape: tuple[int, int]) -> None:
        """Refuse a factor of a shape that does not fit, by InvalidInputError."""
        ...

    def project(self, F: np.ndarray) -> None:
        """Move F to the nearest point of the set with F >= 0, in place.

        F may be any rows of the factor where the set couples entries of a part only (a
        single one as a (1, q) array), any columns where it couples those of an image only.
        Entries of F may be negative on entry.
        """
        ...
