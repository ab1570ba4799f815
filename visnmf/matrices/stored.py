"""Entries of V stored by columns: where they are, and A'F at those places only."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from scipy import sparse

from visnmf.kernels.sampling import Sampling, choose_sampling

__all__ = ["Stored"]


@dataclass(frozen=True)
class Stored:
    """Numbers at some places of a matrix of m rows and n columns, column after column.

    Parameters
    ----------
    m : int
        The number of rows.
    indptr : ndarray (n + 1,)
        Where each column begins.
    indices : ndarray (nnz,)
        The row of each entry, rising within a column.
    data : ndarray (nnz,)
        The entries.
    """

    m: int
    indptr: np.ndarray
    indices: np.ndarray
    data: np.ndarray

    @classmethod
    def of(cls, matrix: sparse.csc_array) -> Stored:
        """Return the entries of a canonical CSC matrix, sharing memory."""
        return cls(matrix.shape[0], matrix.indptr, matrix.indices, matrix.data)

    @property
    def n(self) -> int:
        """The number of columns."""
        return len(self.indptr) - 1

    def matrix(self, data: np.ndarray | None = None) -> sparse.csc_array:
        """Return the CSC matrix of these numbers, or of others at the same places."""
        data = self.data if data is None else data
        return sparse.csc_array((data, self.indices, self.indptr), shape=(self.m, self.n))

    def turned(self) -> Stored:
        """Return the entries of the transposed matrix, a copy."""
        by_row = self.matrix().tocsr()
        return Stored(self.n, by_row.indptr, by_row.indices, by_row.data)

    def astype(self, dtype: np.dtype[Any]) -> Stored:
        """Return a copy with entries of another float type."""
        return self.with_data(self.data.astype(dtype))

    def with_data(self, data: np.ndarray) -> Stored:
        """Return other numbers at the same places."""
        return Stored(self.m, self.indptr, self.indices, data)

    def fitted(self, A: np.ndarray, F: np.ndarray) -> np.ndarray:
        """Return A'F at the stored places, (nnz,); costs rank multiply-adds an entry."""
        return self._sums(A).fitted(A, F, self.indptr, self.indices)

    def contract(
        self, A: np.ndarray, data: np.ndarray | None = None, out: np.ndarray | None = None
    ) -> np.ndarray:
        """Return A @ V, (rank x n), for these numbers or others at the same places."""
        data = self.data if data is None else data
        return self._sums(A).contract(A, self.indptr, self.indices, data, out)

    def squares(self, A: np.ndarray, F: np.ndarray, weights: np.ndarray) -> float:
        """Return the sum of weights * (V - A'F)^2 over the stored places, in float64."""
        places = self.indptr, self.indices
        return self._sums(A).squares(A, F, places, self.data, weights)

    def _sums(self, A: np.ndarray) -> Sampling:
        return choose_sampling(len(A), len(self.indices))

    def take(self, columns: np.ndarray) -> Stored:
        """Return the entries of some columns."""
        return Stored.of(self.matrix()[:, columns])

    def scaled(self, rows: np.ndarray, columns: np.ndarray) -> Stored:
        """Return the entries, each times the numbers of its row and of its column."""
        return self.with_data(
            self.data * rows[self.indices] * np.repeat(columns, np.diff(self.indptr))
        )
