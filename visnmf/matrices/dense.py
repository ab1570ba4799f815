"""V as an array in memory, in either order; never copied."""

from __future__ import annotations

from typing import Any

import numpy as np

from visnmf.kernels.products import product
from visnmf.matrices.blocks import (
    add_up,
    dot,
    fitted,
    fitted_total,
    ones_contracted,
)
from visnmf.matrices.protocol import (
    FITTED,
    ONE,
    SQUARED_RESIDUAL,
    SQUARED_VALUE,
    VALUE,
    Bundle,
    Entrywise,
)

__all__ = ["Dense"]


class Dense:
    """A matrix V that lies in memory as a float array.

    Parameters
    ----------
    values : ndarray (m, n)
        V, float32 or float64; kept, not copied.
    """

    kind = "dense"
    weighted = False

    def __init__(self, values: np.ndarray) -> None:
        self.values = values

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers of rows and of columns."""
        return self.values.shape

    @property
    def dtype(self) -> np.dtype[Any]:
        """The float type of the entries."""
        return self.values.dtype

    @property
    def T(self) -> Dense:
        """The transposed matrix, sharing memory."""
        return Dense(self.values.T)

    @property
    def work(self) -> float:
        """Multiply-adds of a product with one row."""
        return float(self.values.size)

    def astype(self, dtype: np.dtype[Any]) -> Dense:
        """Return a copy with entries of another float type."""
        return Dense(self.values.astype(dtype))

    def take(self, columns: np.ndarray) -> Dense:
        """Return a matrix of some columns, each contiguous in memory."""
        return Dense(np.ascontiguousarray(self.values.T[columns]).T)

    def scaled(self, rows: np.ndarray, columns: np.ndarray) -> Dense:
        """Return a copy with each entry times the numbers of its row and of its column."""
        return Dense(self.values * rows[:, None] * columns)

    def gram(self) -> np.ndarray:
        """Return V V', (m x m)."""
        return self.values @ self.values.T

    def contract(
        self,
        A: np.ndarray,
        F: np.ndarray | None,
        function: Entrywise,
        out: np.ndarray | None = None,
    ) -> np.ndarray:
        """Return A @ f(V, A'F); for the values themselves it is one matrix product."""
        if function is VALUE:
            return product(A, self.values, out)
        if function is ONE:
            return ones_contracted(A, self.shape[1], self.dtype)
        assert F is not None
        if function is FITTED:
            return np.matmul(A @ A.T, F, out=out)
        found = np.empty((len(A), self.shape[1]), self.dtype) if out is None else out

        def task(columns: slice, room: np.ndarray) -> float:
            block = self.values[:, columns]
            values = function.of(block, fitted(A, F, columns, block, room))
            np.matmul(A, values, out=found[:, columns])
            return 0.0

        add_up(self.shape, self.dtype, 2.0 * A.size * self.shape[1], task)
        return found

    def total(self, A: np.ndarray | None, F: np.ndarray | None, function: Entrywise) -> float:
        """Return the sum of f(V, A'F) in float64."""
        if function is FITTED:
            assert A is not None
            assert F is not None
            return fitted_total(A, F)
        if function is ONE:
            return float(self.values.size)

        def task(columns: slice, room: np.ndarray) -> float:
            block = self.values[:, columns]
            if function is SQUARED_VALUE:
                return dot(block, block)
            if A is None or F is None:
                return float(function.of(block, block).sum(dtype=np.float64))
            near = fitted(A, F, columns, block, room)
            if function is SQUARED_RESIDUAL:
                near -= block
                return dot(near, near)
            return float(function.of(block, near).sum(dtype=np.float64))

        rank = 1 if A is None else len(A)
        return add_up(self.shape, self.dtype, float(self.values.size) * rank, task)

    def gather(
        self, A: np.ndarray, F: np.ndarray, bundle: Bundle, cost: bool = True
    ) -> tuple[list[np.ndarray], float]:
        """Return the contractions and the sum of a bundle, block by block."""
        sums = [np.empty((len(A), self.shape[1]), self.dtype) for _ in range(bundle.count)]

        def task(columns: slice, room: np.ndarray) -> float:
            block = self.values[:, columns]
            arrays, pair = bundle.of(block, fitted(A, F, columns, block, room), cost)
            for found, out in zip(arrays, sums, strict=True):
                np.matmul(A, found, out=out[:, columns])
            return 0.0 if pair is None else dot(*pair)

        work = float(A.size) * self.shape[1] * (1 + bundle.count)
        whole = add_up(self.shape, self.dtype, work, task)
        return sums, whole if cost else float("nan")
