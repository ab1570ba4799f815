"""V with a weight for each entry, 0 where it is not known."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from visnmf.kernels.masking import choose_masking
from visnmf.matrices.blocks import add_up, column_blocks, dot, fitted, room_for
from visnmf.matrices.protocol import Bundle, Entrywise

__all__ = ["Masked"]


class Masked:
    """A dense matrix whose entries count by weights.

    Parameters
    ----------
    values : ndarray (m, n)
        V, float32 or float64, 0 where the weight is 0: what is not known is not read.
    weights : ndarray (m, n)
        Booleans, or numbers in [0, 1] of V's dtype.
    density : float, optional
        What passes for the mean of the weights; that of a whole V, of which this is a block.
    """

    kind = "masked"
    weighted = True

    def __init__(
        self, values: np.ndarray, weights: np.ndarray, density: float | None = None
    ) -> None:
        self.values = values
        self.weights = weights
        self._density = density

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers of rows and of columns."""
        return self.values.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """The float type of the entries."""
        return self.values.dtype

    @property
    def T(self) -> Masked:
        """The transposed matrix, sharing memory."""
        return Masked(self.values.T, self.weights.T, self._density)

    @property
    def work(self) -> float:
        """Multiply-adds of a product with one row, and of the fit that it needs."""
        return 2.0 * self.values.size

    @property
    def density(self) -> float:
        """The mean of the weights."""
        if self._density is not None:
            return self._density
        return float(self.weights.mean(dtype=np.float64))

    def astype(self, dtype: np.dtype[Any]) -> Masked:
        """Return a copy with entries of another float type."""
        weights = self.weights if self.weights.dtype == bool else self.weights.astype(dtype)
        return Masked(self.values.astype(dtype), weights, self._density)

    def take(self, columns: np.ndarray) -> Masked:
        """Return a matrix of some columns, each contiguous in memory."""
        values, weights = (
            np.ascontiguousarray(A.T[columns]).T for A in (self.values, self.weights)
        )
        return Masked(values, weights, self._density)

    def scaled(self, rows: np.ndarray, columns: np.ndarray) -> Masked:
        """Return a copy with each entry times the numbers of its row and of its column."""
        return Masked(self.values * rows[:, None] * columns, self.weights)

    def gram(self) -> np.ndarray:
        """Return V V', what is not known being 0."""
        values = self.values * self.weights
        return values @ values.T

    def contract(
        self,
        A: np.ndarray,
        F: np.ndarray | None,
        function: Entrywise,
        out: np.ndarray | None = None,
    ) -> np.ndarray:
        """Return A @ (M * f(V, A'F)) for the weights M."""
        if out is None:
            out = np.empty((len(A), self.shape[1]), self.dtype)
        for columns, block, weights in self._blocks():
            near = block if F is None else fitted(A, F, columns, block)
            np.matmul(A, _weighted(function.of(block, near), weights), out=out[:, columns])
        return out

    def total(self, A: np.ndarray | None, F: np.ndarray | None, function: Entrywise) -> float:
        """Return the sum of M * f(V, A'F) in float64."""
        whole = 0.0
        for columns, block, weights in self._blocks():
            near = block if A is None or F is None else fitted(A, F, columns, block)
            whole += float(_weighted(function.of(block, near), weights).sum(dtype=np.float64))
        return whole

    def gather(
        self, A: np.ndarray, F: np.ndarray, bundle: Bundle, cost: bool = True
    ) -> tuple[list[np.ndarray], float]:
        """Return the contractions and the sum of a bundle, each entry times its weight."""
        sums = [np.empty((len(A), self.shape[1]), self.dtype) for _ in range(bundle.count)]
        room = room_for(self.shape, self.dtype)
        whole = 0.0
        for columns, block, weights in self._blocks():
            arrays, pair = bundle.of(block, fitted(A, F, columns, block, room), cost)
            if pair is not None:
                whole += dot(pair[0], _weighted(pair[1], weights))
            for found, out in zip(arrays, sums, strict=True):
                np.matmul(A, _weighted(found, weights), out=out[:, columns])
        return sums, whole if cost else float("nan")

    def residual(self, A: np.ndarray, F: np.ndarray) -> tuple[np.ndarray, float]:
        """Return A @ (M * (V - A'F)), and the sum of M * (V - A'F)^2, in one pass."""
        m, n = self.shape
        sums = np.empty((len(A), n), self.dtype)
        kernel = choose_masking(self.values.size)
        by_column = self.values.flags.f_contiguous
        V, M = (X.T if by_column else X for X in (self.values, self.weights))
        V, M = np.ascontiguousarray(V), np.ascontiguousarray(M)  # no copies, as a rule

        def task(columns: slice, room: np.ndarray) -> float:
            near = fitted(A, F, columns, self.values[:, columns], room)
            every = slice(0, m)
            if by_column:
                found = kernel.residual(V, M, (columns, every), near.T)
            else:
                found = kernel.residual(V, M, (every, columns), near)
            np.matmul(A, near, out=sums[:, columns])
            return found

        return sums, add_up(self.shape, self.dtype, 2.0 * A.size * n, task)

    def grams(self, A: np.ndarray) -> np.ndarray:
        """Return sum_i M[i, j] a_i a_i' for each column j, (rank, rank, n)."""
        rank, n = len(A), self.shape[1]
        upper = np.triu_indices(rank)
        pairs = A[upper[0]] * A[upper[1]]
        G = np.empty((rank, rank, n), self.dtype)
        for columns, _, weights in self._blocks():
            found = pairs @ weights.astype(self.dtype, copy=False)
            G[upper[0], upper[1], columns] = found
            G[upper[1], upper[0], columns] = found
        return G

    def _blocks(self) -> Iterator[tuple[slice, np.ndarray, np.ndarray]]:
        for columns in column_blocks(self.shape):
            yield columns, self.values[:, columns], self.weights[:, columns]


def _weighted(found: np.ndarray, weights: np.ndarray) -> np.ndarray:
    return np.multiply(found, weights, dtype=found.dtype)
