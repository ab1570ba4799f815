r"""The curvature of a beta-divergence in one factor, told by a diagonal and one Gram matrix.

At V = Y the second derivative of the divergence at an entry y is :math:`w = y^{\beta - 2}`, and
that of the loss in column j of F is :math:`A\,\mathrm{diag}(w_j)\,A'`: one matrix for each
column, too many to form. But they differ from each other by their diagonals mostly, and the
diagonals of all of them are one product, :math:`D = (A \circ A) w`. What remains, how parts
overlap, is taken from one matrix, that of the mean weight of each row of V.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from visnmf.kernels.products import gram_of
from visnmf.matrices.blocks import add_up, fitted
from visnmf.matrices.dense import Dense

__all__ = ["Curvature", "curvature_of"]


@dataclass(frozen=True)
class Curvature:
    """The curvature in F at one point.

    Parameters
    ----------
    diagonal : ndarray (rank, q)
        The second derivative along each entry of F.
    rows : ndarray (m,)
        The mean weight of the entries in each row of V.
    """

    diagonal: np.ndarray
    rows: np.ndarray

    def scaled(self, A: np.ndarray, damping: float) -> tuple[np.ndarray, np.ndarray]:
        """Return G (rank x rank) and s (rank x q): that in column j is s_j s_j' * G.

        Parameters
        ----------
        A : ndarray (rank, m)
            The factor held.
        damping : float
            What the curvature is multiplied by.
        """
        G = gram_of(A * np.sqrt(self.rows))
        own = np.diagonal(G)
        alive = own > 0
        share = self.diagonal / np.where(alive, own, 1)[:, None]
        # Where nothing weighs in a step of any length is right: one that is not too long
        least = np.maximum(1e-6 * share.mean(axis=1, keepdims=True), np.finfo(G.dtype).tiny)
        share = np.where(alive[:, None], np.maximum(share, least), 1)
        return G, np.sqrt(G.dtype.type(damping) * share)


def curvature_of(matrix: Dense, A: np.ndarray, F: np.ndarray, beta: float) -> Curvature:
    """Return the curvature in F; costs a pass over A'F and a product.

    Parameters
    ----------
    matrix : Dense
        V (m x q).
    A, F : ndarray (rank, m), (rank, q)
        The factor held, and where the other one is; A'F is above zero.
    beta : float
        Which divergence.
    """
    m, q = matrix.shape
    squares = A * A
    diagonal = np.empty_like(F)
    sums: dict[int, np.ndarray] = {}
    least = np.finfo(F.dtype).tiny ** (0.9 / max(2 - beta, 1))

    def task(columns: slice, room: np.ndarray) -> float:
        block = matrix.values[:, columns]
        y = fitted(A, F, columns, block, room)
        np.maximum(y, y.dtype.type(least), out=y)
        weights = _power(y, beta - 2)
        np.matmul(squares, weights, out=diagonal[:, columns])
        sums[columns.start] = weights.sum(axis=1)
        return 0.0

    add_up(matrix.shape, matrix.dtype, 2.0 * A.size * q, task)
    rows = np.zeros(m)
    for start in sorted(sums):  # in this order on any number of threads
        rows += sums[start]
    return Curvature(diagonal, (rows / max(q, 1)).astype(F.dtype))


def _power(y: np.ndarray, exponent: float) -> np.ndarray:
    """Return y to a power, in place."""
    if exponent in (-1, -2):
        np.divide(1, y, out=y)
        return y if exponent == -1 else np.multiply(y, y, out=y)
    return np.power(y, y.dtype.type(exponent), out=y)
