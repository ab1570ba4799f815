"""V as a sparse array: an entry that is not stored is zero.

Stored by columns and by rows, so that both steps run over contiguous entries. Sums of
functions that vanish at v = 0, and what closed forms make of the others, touch stored
entries only; a function that needs A'F at the zeros too goes over all m n places, in
blocks of columns that are dense one at a time.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from visnmf.matrices.blocks import (
    column_blocks,
    dot,
    fitted,
    fitted_total,
    ones_contracted,
)
from visnmf.matrices.protocol import (
    FITTED,
    ONE,
    RESIDUAL,
    SQUARED_RESIDUAL,
    VALUE,
    Bundle,
    Entrywise,
)
from visnmf.matrices.stored import Stored

__all__ = ["Sparse"]

_COST = 4.0  # a multiply-add with a stored entry, over one of a dense product


class Sparse:
    """A sparse matrix V.

    Parameters
    ----------
    columns : Stored
        The entries by columns.
    rows : Stored, optional
        The same by rows, as columns of the transposed matrix; made if not given.
    """

    kind = "sparse"
    weighted = False

    def __init__(self, columns: Stored, rows: Stored | None = None) -> None:
        self.columns = columns
        self.rows = columns.turned() if rows is None else rows

    @classmethod
    def of(cls, V: sparse.sparray) -> Sparse:
        """Return the matrix of any scipy.sparse array or matrix."""
        return cls(Stored.of(sparse.csc_array(V)))

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers of rows and of columns."""
        return self.columns.m, self.columns.n

    @property
    def dtype(self) -> np.dtype[Any]:
        """The float type of the entries."""
        return self.columns.data.dtype

    @property
    def T(self) -> Sparse:
        """The transposed matrix, sharing memory."""
        return Sparse(self.rows, self.columns)

    @property
    def work(self) -> float:
        """Multiply-adds of a product with one row, in those of a dense matrix."""
        return _COST * len(self.columns.data)

    def stored_columns(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return V in compressed columns: indptr (n + 1,), indices and data."""
        return self.columns.indptr, self.columns.indices, self.columns.data

    def astype(self, dtype: np.dtype[Any]) -> Sparse:
        """Return a copy with entries of another float type."""
        return Sparse(self.columns.astype(dtype), self.rows.astype(dtype))

    def take(self, columns: np.ndarray) -> Sparse:
        """Return a matrix of some columns."""
        return Sparse(self.columns.take(columns))

    def scaled(self, rows: np.ndarray, columns: np.ndarray) -> Sparse:
        """Return a copy with each entry times the numbers of its row and of its column."""
        return Sparse(self.columns.scaled(rows, columns), self.rows.scaled(columns, rows))

    def gram(self) -> np.ndarray:
        """Return V V', dense (m x m)."""
        V = self.columns.matrix()
        return (V @ V.T).toarray()

    def contract(
        self,
        A: np.ndarray,
        F: np.ndarray | None,
        function: Entrywise,
        out: np.ndarray | None = None,
    ) -> np.ndarray:
        """Return A @ f(V, A'F)."""
        if function is VALUE:
            return self.columns.contract(A, out=out)
        if function is ONE:
            return ones_contracted(A, self.shape[1], self.dtype)
        assert F is not None
        if function in (FITTED, RESIDUAL):
            out = np.matmul(A @ A.T, F, out=out)
            return (
                out if function is FITTED else np.subtract(self.columns.contract(A), out, out=out)
            )
        if function.stored:
            found = function.of(self.columns.data, self.columns.fitted(A, F))
            return self.columns.contract(A, found, out)
        if out is None:
            out = np.empty((len(A), self.shape[1]), self.dtype)
        for columns in column_blocks(self.shape):
            block = self._block(columns)
            np.matmul(A, function.of(block, fitted(A, F, columns, block)), out=out[:, columns])
        return out

    def total(self, A: np.ndarray | None, F: np.ndarray | None, function: Entrywise) -> float:
        """Return the sum of f(V, A'F) in float64."""
        stored = self.columns
        if function is ONE:
            return float(np.prod(self.shape))
        if A is None or F is None:
            return float(function.of(stored.data, stored.data).sum(dtype=np.float64))
        if function is FITTED:
            return fitted_total(A, F)
        if function is SQUARED_RESIDUAL:
            # In float64, since much cancels near an exact fit: the sum of y^2 over all places,
            # and of v (v - 2 y) over the stored ones
            left, right = (X.astype(np.float64) for X in (A, F))
            squares = np.einsum("kl,kl->", left @ left.T, right @ right.T)
            values = stored.data.astype(np.float64)
            return max(float(squares) + dot(values, values - 2 * stored.fitted(left, right)), 0.0)
        if function.stored:
            found = function.of(stored.data, stored.fitted(A, F))
            return float(found.sum(dtype=np.float64))
        whole = 0.0
        for columns in column_blocks(self.shape):
            block = self._block(columns)
            found = function.of(block, fitted(A, F, columns, block))
            whole += float(found.sum(dtype=np.float64))
        return whole

    def gather(
        self, A: np.ndarray, F: np.ndarray, bundle: Bundle, cost: bool = True
    ) -> tuple[list[np.ndarray], float]:
        """Return the contractions and the sum of a bundle, over stored entries if that will do."""
        if bundle.stored:
            stored = self.columns
            arrays, pair = bundle.of(stored.data, stored.fitted(A, F), cost)
            sums = [stored.contract(A, found) for found in arrays]
            return sums, dot(*pair) if pair is not None else float("nan")
        sums = [np.empty((len(A), self.shape[1]), self.dtype) for _ in range(bundle.count)]
        whole = 0.0
        for columns in column_blocks(self.shape):
            block = self._block(columns)
            arrays, pair = bundle.of(block, fitted(A, F, columns, block), cost)
            for found, out in zip(arrays, sums, strict=True):
                np.matmul(A, found, out=out[:, columns])
            if pair is not None:
                whole += dot(*pair)
        return sums, whole if cost else float("nan")

    def _block(self, columns: slice) -> np.ndarray:
        return self.columns.matrix()[:, columns].toarray(order="F")
