"""V of low rank, as a stand-in for V while far from the end.

V ~ L'R, where one of L and R has orthonormal rows that span most of what V's columns
(or rows) span, found by a randomized range finder (Halko, Martinsson & Tropp 2011,
algorithm 4.4). A product with it costs q (m + n) multiply-adds a part and not m n.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from visnmf.kernels.products import gram_of, product
from visnmf.matrices.protocol import (
    SQUARED_RESIDUAL,
    SQUARED_VALUE,
    VALUE,
    Bundle,
    Entrywise,
    Matrix,
)

__all__ = ["LowRank", "find_range", "takes_gram"]

_GRAM_PAYS = 6  # rows over q up to which V V' costs less than power steps on V
_GRAM_ROWS = 2048  # rows up to which V V' is small, whatever V is


class LowRank:
    """The matrix L'R, which knows its products and no single entry.

    Parameters
    ----------
    L, R : ndarray (q, m), (q, n)
        The factors; either may be the orthonormal one.
    beyond : float
        The squared length of what V has beyond L'R, where that is known and at right angles to
        it: sums of squares then are those of V.
    """

    kind = "low-rank"
    weighted = False

    def __init__(self, L: np.ndarray, R: np.ndarray, beyond: float = 0.0) -> None:
        self.L = L
        self.R = R
        self.beyond = beyond

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers of rows and of columns."""
        return self.L.shape[1], self.R.shape[1]

    @property
    def dtype(self) -> np.dtype[Any]:
        """The float type of the entries."""
        return self.L.dtype

    @property
    def T(self) -> LowRank:
        """The transposed matrix, sharing memory."""
        return LowRank(self.R, self.L, self.beyond)

    @property
    def work(self) -> float:
        """Multiply-adds of a product with one row."""
        return float(self.L.size + self.R.size)

    def astype(self, dtype: np.dtype[Any]) -> LowRank:
        """Return a copy with entries of another float type."""
        return LowRank(self.L.astype(dtype), self.R.astype(dtype), self.beyond)

    def take(self, columns: np.ndarray) -> LowRank:
        """Return a matrix of some columns."""
        return LowRank(self.L, self.R[:, columns], self.beyond * len(columns) / self.R.shape[1])

    def scaled(self, rows: np.ndarray, columns: np.ndarray) -> LowRank:
        """Return a copy with each entry times the numbers of its row and of its column."""
        return LowRank(self.L * rows, self.R * columns)

    def gram(self) -> np.ndarray:
        """Return V V', (m x m)."""
        return self.L.T @ (self.R @ self.R.T) @ self.L

    def contract(
        self,
        A: np.ndarray,
        F: np.ndarray | None,
        function: Entrywise,
        out: np.ndarray | None = None,
    ) -> np.ndarray:
        """Return A @ L' @ R."""
        if function is not VALUE:
            raise NotImplementedError(f"a low-rank stand-in has no {function.name}")
        return product(product(A, self.L.T), self.R, out)

    def total(self, A: np.ndarray | None, F: np.ndarray | None, function: Entrywise) -> float:
        """Return the sum of the entries, of their squares, or of the squared residuals."""
        if function is VALUE:
            sums = (X.sum(axis=1, dtype=np.float64) for X in (self.L, self.R))
            return float(np.dot(*sums))
        if function not in (SQUARED_VALUE, SQUARED_RESIDUAL):
            raise NotImplementedError(f"a low-rank stand-in has no sums of the {function.name}")
        left, right = self.L, self.R
        if function is SQUARED_RESIDUAL:
            assert A is not None
            assert F is not None
            left, right = np.vstack([left, -A]), np.vstack([right, F])
        grams = (gram_of(X).astype(np.float64) for X in (left, right))
        return max(float(np.einsum("kl,kl->", *grams)), 0.0) + self.beyond

    def gather(
        self, A: np.ndarray, F: np.ndarray, bundle: Bundle, cost: bool = True
    ) -> tuple[list[np.ndarray], float]:
        """Refuse: the entries are not known."""
        raise NotImplementedError(f"a low-rank stand-in has no sums of the {bundle.name}")

    def leading(self, rank: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return the leading singular triplets U (m, rank), S (rank,) and Z (rank, n).

        The rows of L must be the orthonormal ones.
        """
        values, vectors = np.linalg.eigh((self.R @ self.R.T).astype(np.float64))
        order = np.argsort(values)[::-1][:rank]
        S = np.sqrt(np.maximum(values[order], 0))
        E = vectors[:, order].T
        kept = S > S[0] * np.finfo(self.dtype).eps
        inverse = np.where(kept, 1 / np.where(kept, S, 1), 0)
        U = (E.astype(self.dtype) @ self.L).T
        Z = (E * inverse[:, None]).astype(self.dtype) @ self.R
        return U, S.astype(self.dtype), Z


def takes_gram(m: int, n: int, size: int) -> bool:
    """Tell whether `find_range` works on V V' of a V with no more rows than columns."""
    return m <= min(_GRAM_PAYS * size, max(_GRAM_ROWS, n // 8))


def find_range(matrix: Matrix, size: int, rng: np.random.Generator) -> LowRank:
    """Return a stand-in of rank `size` for a matrix with no more rows than columns.

    Parameters
    ----------
    matrix : Matrix
        V (m x n), m <= n.
    size : int
        The rank q, at most m.
    rng : Generator
        Where the random directions come from.

    Returns
    -------
    LowRank
        With L of orthonormal rows and R = L V. It costs q m n + m^2 n multiply-adds where m
        is at most some times q, else 4 q m n.
    """
    m, n = matrix.shape
    if takes_gram(m, n, size):
        G = matrix.gram()
        L = rng.standard_normal((size, m), np.float32).astype(matrix.dtype, copy=False)
        for _ in range(2):
            L = _orthonormal(L @ G)
    else:
        L = rng.standard_normal((size, n), np.float32).astype(matrix.dtype, copy=False)
        L = _orthonormal(matrix.T.contract(L, None, VALUE))
        L = _orthonormal(matrix.contract(L, None, VALUE))
        L = _orthonormal(matrix.T.contract(L, None, VALUE))
    return LowRank(L, matrix.contract(L, None, VALUE))


def _orthonormal(rows: np.ndarray) -> np.ndarray:
    return np.ascontiguousarray(np.linalg.qr(rows.T)[0].T)
