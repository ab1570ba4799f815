"""What a matrix V can be asked, whatever holds it.

A matrix is the sole owner of V: nothing else in the package looks at how V is kept.
All that a loss ever needs are sums over the entries of V and of A'F, the product
it is fitted by; `gather` takes several of them in one pass.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

__all__ = [
    "FITTED",
    "ONE",
    "RESIDUAL",
    "SQUARED_RESIDUAL",
    "SQUARED_VALUE",
    "VALUE",
    "Bundle",
    "Entrywise",
    "Matrix",
    "Terms",
]


@dataclass(frozen=True)
class Entrywise:
    """A function f(v, y) of an entry v of V and the entry y of A'F beside it."""

    name: str
    of: Callable[[np.ndarray, np.ndarray], np.ndarray]
    stored: bool = False
    """Whether f(0, y) = 0, so that a sparse V need look at its stored entries only."""


VALUE = Entrywise("value", lambda v, y: v, stored=True)
ONE = Entrywise("one", lambda v, y: np.ones_like(v))
FITTED = Entrywise("fitted", lambda v, y: y)
RESIDUAL = Entrywise("residual", lambda v, y: v - y)
SQUARED_VALUE = Entrywise("squared value", lambda v, y: v * v, stored=True)
SQUARED_RESIDUAL = Entrywise("squared residual", lambda v, y: (v - y) ** 2)

Terms = tuple[tuple[np.ndarray, ...], tuple[np.ndarray, np.ndarray] | None]
"""Arrays to contract, and two arrays whose product is to be summed up, or None."""


@dataclass(frozen=True)
class Bundle:
    """Several functions of v and y that share their parts, for one pass over A'F.

    Parameters
    ----------
    name : str
        What messages call it.
    of : callable
        Takes v, y and whether the sum is wanted; returns `Terms`. May write over y.
    count : int
        How many arrays there are to contract.
    stored : bool
        Whether all of them, and the product, are 0 where v = 0.
    """

    name: str
    of: Callable[[np.ndarray, np.ndarray, bool], Terms]
    count: int
    stored: bool = False


class Matrix(Protocol):
    """A matrix V (m x n) behind the sums that solvers need.

    A (rank x m) and F (rank x n) are the two factors, so that V ~ A'F. Sums go over all
    entries, each times its weight where there are weights.
    """

    @property
    def kind(self) -> str:
        """What messages call it."""
        ...

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers of rows and of columns."""
        ...

    @property
    def dtype(self) -> np.dtype[Any]:
        """The float type of the entries, of both factors and of all products."""
        ...

    @property
    def T(self) -> Matrix:
        """The transposed matrix, sharing memory."""
        ...

    @property
    def weighted(self) -> bool:
        """Whether entries have weights other than 1, as missing ones have 0."""
        ...

    @property
    def work(self) -> float:
        """Multiply-adds of a product with one row, in those of a dense matrix."""
        ...

    def astype(self, dtype: np.dtype[Any]) -> Matrix:
        """Return a copy with entries of another float type."""
        ...

    def take(self, columns: np.ndarray) -> Matrix:
        """Return a matrix of some columns, a copy."""
        ...

    def scaled(self, rows: np.ndarray, columns: np.ndarray) -> Matrix:
        """Return a copy with each entry times the numbers of its row and of its column."""
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
        """Return A @ f(V, A'F), (rank x n), without forming A'F whole.

        What is not written to `out` may be a read-only view. A function of V alone
        needs no F.
        """
        ...

    def total(self, A: np.ndarray | None, F: np.ndarray | None, function: Entrywise) -> float:
        """Return the sum of f(V, A'F) over all entries, added up in float64.

        A function of the entries of V alone needs no factors.
        """
        ...

    def gather(
        self, A: np.ndarray, F: np.ndarray, bundle: Bundle, cost: bool = True
    ) -> tuple[list[np.ndarray], float]:
        """Return A @ f(V, A'F) for each function of a bundle, and its sum, NaN if not wanted."""
        ...
