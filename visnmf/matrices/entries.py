"""V known at some places only, few of all: users' ratings, sparsely sampled pictures.

What is not stored is not known, and counts nowhere. Every sum costs time and memory in
proportion to the entries that are known.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from visnmf.matrices.blocks import dot
from visnmf.matrices.protocol import SQUARED_RESIDUAL, Bundle, Entrywise
from visnmf.matrices.stored import Stored

__all__ = ["Entries"]

_COST = 8.0  # a multiply-add with a stored entry, over one of a dense product


class Entries:
    """A matrix V of known entries, with weights in [0, 1].

    Parameters
    ----------
    columns, weights : Stored, Stored
        Entries by columns, zeros among them, and their weights at the same places.
    rows, row_weights : Stored, optional
        The same by rows, as columns of the transposed matrix; made if not given.
    """

    kind = "entries"
    weighted = True

    def __init__(
        self,
        columns: Stored,
        weights: Stored,
        rows: Stored | None = None,
        row_weights: Stored | None = None,
    ) -> None:
        self.columns, self.weights = columns, weights
        self.rows = columns.turned() if rows is None else rows
        self.row_weights = weights.turned() if row_weights is None else row_weights

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers of rows and of columns."""
        return self.columns.m, self.columns.n

    @property
    def dtype(self) -> np.dtype[Any]:
        """The float type of the entries."""
        return self.columns.data.dtype

    @property
    def T(self) -> Entries:
        """The transposed matrix, sharing memory."""
        return Entries(self.rows, self.row_weights, self.columns, self.weights)

    @property
    def work(self) -> float:
        """Multiply-adds of a product with one row, in those of a dense matrix."""
        return _COST * len(self.columns.data)

    @property
    def density(self) -> float:
        """The mean of the weights over all places."""
        return float(self.weights.data.sum(dtype=np.float64)) / float(np.prod(self.shape))

    def astype(self, dtype: np.dtype[Any]) -> Entries:
        """Return a copy with entries of another float type."""
        held = (self.columns, self.weights, self.rows, self.row_weights)
        return Entries(*(stored.astype(dtype) for stored in held))

    def take(self, columns: np.ndarray) -> Entries:
        """Return a matrix of some columns."""
        return Entries(self.columns.take(columns), self.weights.take(columns))

    def scaled(self, rows: np.ndarray, columns: np.ndarray) -> Entries:
        """Return a copy with each entry times the numbers of its row and of its column."""
        return Entries(
            self.columns.scaled(rows, columns),
            self.weights,
            self.rows.scaled(columns, rows),
            self.row_weights,
        )

    def gram(self) -> np.ndarray:
        """Return V V', what is not known being 0, dense (m x m)."""
        V = self.columns.matrix(self.columns.data * self.weights.data)
        return (V @ V.T).toarray()

    def contract(
        self,
        A: np.ndarray,
        F: np.ndarray | None,
        function: Entrywise,
        out: np.ndarray | None = None,
    ) -> np.ndarray:
        """Return A @ (M * f(V, A'F)) over the known entries."""
        found = self._of(A, F, function)
        return self.columns.contract(A, found * self.weights.data, out)

    def total(self, A: np.ndarray | None, F: np.ndarray | None, function: Entrywise) -> float:
        """Return the sum of M * f(V, A'F) over the known entries, in float64."""
        if function is SQUARED_RESIDUAL and A is not None and F is not None:
            return self.columns.squares(A, F, self.weights.data)
        return dot(self._of(A, F, function), self.weights.data)

    def gather(
        self, A: np.ndarray, F: np.ndarray, bundle: Bundle, cost: bool = True
    ) -> tuple[list[np.ndarray], float]:
        """Return the contractions and the sum of a bundle over the known entries."""
        data, weights = self.columns.data, self.weights.data
        arrays, pair = bundle.of(data, self.columns.fitted(A, F), cost)
        whole = float("nan") if pair is None else dot(pair[0], pair[1] * weights)
        return [self.columns.contract(A, found * weights) for found in arrays], whole

    def residual(self, A: np.ndarray, F: np.ndarray) -> tuple[np.ndarray, float]:
        """Return A @ (M * (V - A'F)), and the sum of M * (V - A'F)^2."""
        found = self.columns.data - self.columns.fitted(A, F)
        weighted = found * self.weights.data
        return self.columns.contract(A, weighted), dot(found, weighted)

    def grams(self, A: np.ndarray) -> np.ndarray:
        """Return sum_i M[i, j] a_i a_i' over the known entries of each column, (rank, rank, n)."""
        rank = len(A)
        G = np.empty((rank, rank, self.shape[1]), self.dtype)
        for k in range(rank):  # a row of pairs at a time bounds what is held beside G
            found = self.columns.contract(A[k:] * A[k], self.weights.data)
            G[k, k:] = found
            G[k:, k] = found
        return G

    def _of(self, A: np.ndarray | None, F: np.ndarray | None, function: Entrywise) -> np.ndarray:
        data = self.columns.data
        near = data if A is None or F is None else self.columns.fitted(A, F)
        return function.of(data, near)
