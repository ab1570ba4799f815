"""V as an array in memory, in either order; never copied."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from visnmf.matrices.protocol import SQUARED_RESIDUAL, SQUARED_VALUE, VALUE, Entrywise

__all__ = ["Dense"]

_SHORT = 1 << 14  # squares that are added up in the type of the entries
_BLOCK = 1 << 18  # entries of A'F that are formed at a time


class Dense:
    """A matrix V that lies in memory as a float array.

    Parameters
    ----------
    values : ndarray (m, n)
        V, float32 or float64; kept, not copied.
    """

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

    def take(self, columns: np.ndarray) -> Dense:
        """Return a matrix of some columns, each contiguous in memory."""
        return Dense(np.ascontiguousarray(self.values.T[columns]).T)

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
            return np.matmul(A, self.values, out=out)
        assert F is not None
        if out is None:
            out = np.empty((len(A), self.shape[1]), self.dtype)
        for columns, block in self._blocks():
            np.matmul(A, function.of(block, A.T @ F[:, columns]), out=out[:, columns])
        return out

    def total(self, A: np.ndarray | None, F: np.ndarray | None, function: Entrywise) -> float:
        """Return the sum of f(V, A'F) in float64."""
        if function is SQUARED_VALUE:
            return sum(_square(block) for _, block in self._blocks())
        whole = 0.0
        for columns, block in self._blocks():
            fitted = block if A is None or F is None else A.T @ F[:, columns]
            if function is SQUARED_RESIDUAL:
                assert fitted is not block  # V itself is never written to
                fitted -= block
                whole += _square(fitted)
                continue
            whole += float(function.of(block, fitted).sum(dtype=np.float64))
        return whole

    def _blocks(self) -> Iterator[tuple[slice, np.ndarray]]:
        m, n = self.shape
        width = max(1, _BLOCK // max(m, 1))
        for start in range(0, n, width):
            columns = slice(start, start + width)
            yield columns, self.values[:, columns]


def _square(block: np.ndarray) -> float:
    """Return the sum of squares: short sums in the block's own type, the rest in float64."""
    rows = block.T if block.flags.f_contiguous else block
    return sum(
        float(np.einsum("ij,ij->i", part, part).sum(dtype=np.float64))
        for part in (rows[:, i : i + _SHORT] for i in range(0, rows.shape[1], _SHORT))
    )
