"""What a matrix V can be asked, whatever holds it.

A matrix is the sole owner of V: nothing else in the package looks at how V is kept.
All that a loss ever needs are two sums over the entries of V and of A'F, the product
it is fitted by, so these are the two methods that a new kind of matrix must bring.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np

__all__ = ["RESIDUAL", "SQUARED_RESIDUAL", "SQUARED_VALUE", "VALUE", "Entrywise", "Matrix"]


@dataclass(frozen=True)
class Entrywise:
    """A function f(v, y) of an entry v of V and the entry y of A'F beside it."""

    name: str
    of: Callable[[np.ndarray, np.ndarray], np.ndarray]


VALUE = Entrywise("value", lambda v, y: v)
RESIDUAL = Entrywise("residual", lambda v, y: v - y)
SQUARED_VALUE = Entrywise("squared value", lambda v, y: v * v)
SQUARED_RESIDUAL = Entrywise("squared residual", lambda v, y: (v - y) ** 2)


class Matrix(Protocol):
    """A matrix V (m x n) behind the sums that solvers need.

    A (rank x m) and F (rank x n) are the two factors, so that V ~ A'F.
    """

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers of rows and of columns."""
        ...

    @property
    def dtype(self) -> np.dtype[Any]:
        """The float type of the entries, of both factors and of all products."""
        ...

    @property
    def T(self) -> Self:
        """The transposed matrix, sharing memory."""
        ...

    def take(self, columns: np.ndarray) -> Matrix:
        """Return a matrix of some columns, a copy."""
        ...

    def gram(self) -> np.ndarray:
        """Return V V', (m x m)."""
        ...

    def contract(
        self,
        A: np.ndarray,
        F: np.ndarray | None,
        function: Entrywise,
        out: np.ndarray | None = None,
    ) -> np.ndarray:
        """Return A @ f(V, A'F), (rank x n), without forming A'F whole."""
        ...

    def total(self, A: np.ndarray | None, F: np.ndarray | None, function: Entrywise) -> float:
        """Return the sum of f(V, A'F) over all entries, added up in float64.

        A function of the entries of V alone needs no factors.
        """
        ...
