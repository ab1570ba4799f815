r"""The L2,1 loss: the sum of the lengths of the images' residuals, which are not squared.

.. math:: \|V - W H\|_{2,1} = \sum_j \|v_j - W h_j\|

(Kong, Ding & Huang 2011): an image that no parts fit counts by how far off it is, not by the
square, and so pulls less at the parts. Each step lowers the squares with the weights of the last
residuals

.. math:: \tfrac12 \mathrm{tr}\, (V - W H) D (V - W H)', \qquad
          D_{jj} = 1 / \max(\|v_j - W h_j\|, \epsilon)

a bound that touches. In W that is the squared loss of the images over the roots of their residuals'
lengths; in H each image's problem stays what it was. A length under a small :math:`\epsilon` is
rounded off to :math:`\|r\|^2 / (2 \epsilon) + \epsilon / 2`.
"""

from __future__ import annotations

from copy import copy
from functools import partial

import numpy as np

from visnmf.kernels.products import gram_of
from visnmf.losses.known import MOST
from visnmf.losses.models import Quadratic, Split, bound_at
from visnmf.matrices.protocol import SQUARED_VALUE, VALUE, Bundle, Matrix, Terms

__all__ = ["NEAR", "ImageNorms"]

NEAR = 1e-3
"""Lengths of residuals that are rounded off, over the root mean square of the images' lengths."""


class ImageNorms:
    """The sum over the images of the lengths of their residuals, over the known entries each.

    Parameters
    ----------
    matrix : Matrix
        V, its columns images; its norm tells which residuals are next to zero.

    Notes
    -----
    A model costs four products and a pass over all places of A'F, blockwise; over the known
    entries where entries are missing.
    """

    name = "l21"
    kinds = frozenset({"quadratic", "split"})
    images_are_rows = False

    def __init__(self, matrix: Matrix) -> None:
        images = max(matrix.shape[1], 1)
        length = np.sqrt(matrix.total(None, None, SQUARED_VALUE) / images)
        self.eps = float(NEAR * length) if length > 0 else 1.0
        self.const = self.constant(matrix)

    def constant(self, matrix: Matrix) -> float:
        """Return what rounding adds at most."""
        return 0.5 * self.eps * matrix.shape[1]

    def turned(self) -> ImageNorms:
        """Return the loss of V', whose rows are images."""
        found = copy(self)
        found.images_are_rows = not self.images_are_rows
        return found

    def check(self, matrix: Matrix) -> None:
        """Accept any V."""

    def quadratic(
        self,
        matrix: Matrix,
        A: np.ndarray,
        F: np.ndarray,
        out: np.ndarray | None = None,
        *,
        uniform: bool = False,
    ) -> Quadratic:
        """Return a bound above the loss that touches it at F.

        In H each column has the curvature of its image, unless one for all is asked for or
        these would not fit into memory.
        """
        if self.images_are_rows:
            return self._of_parts(matrix, A, F)
        slope, weights, value = self._seen(matrix, A, F)
        slope *= weights
        G = gram_of(A)
        if uniform or G.size * F.shape[1] > MOST:
            return bound_at(F, G * weights.max(initial=0), slope, value)
        return bound_at(F, G[:, :, None] * weights, slope, value)

    def split(self, matrix: Matrix, A: np.ndarray, F: np.ndarray, objective: bool = True) -> Split:
        """Return the gradient at F in two halves, and the loss there where it is wanted."""
        if self.images_are_rows:
            _, weights, value = self._seen(matrix.T, F, A)
            matrix_by, A_by = _weighted(matrix, A, weights)
            (neg, pos), _ = matrix_by.gather(A_by, F, _HALVES, False)
        else:
            _, weights, value = self._seen(matrix, A, F)
            (neg, pos), _ = matrix.gather(A, F, _HALVES, False)
            neg, pos = neg * weights, pos * weights
        told = value if objective else float("nan")
        return Split(neg, pos, told, (1.0, 2.0), partial(self.value, matrix, A))

    def value(self, matrix: Matrix, A: np.ndarray, F: np.ndarray) -> float:
        """Return the loss itself, from the residuals outright."""
        if self.images_are_rows:
            matrix, A, F = matrix.T, F, A
        return self._seen(matrix, A, F)[2]

    def _of_parts(self, matrix: Matrix, A: np.ndarray, F: np.ndarray) -> Quadratic:
        """Return the bound in W, from V' and H: one curvature for all pixels."""
        _, weights, value = self._seen(matrix.T, F, A)
        roots = np.sqrt(weights)
        G = gram_of(A * roots)
        if not matrix.weighted:  # no copy of V
            B = matrix.contract(A * weights, None, VALUE)
            return bound_at(F, G, B - G @ F, value)
        matrix_by, A_by = _weighted(matrix, A, weights)
        (slope,), _ = matrix_by.gather(A_by, F, _RESIDUAL, False)
        return bound_at(F, G, slope, value)

    def _seen(
        self, matrix: Matrix, A: np.ndarray, F: np.ndarray
    ) -> tuple[np.ndarray, np.ndarray, float]:
        """Return A (M * (V - A'F)), the images' weights and the loss, from V, W' and H."""
        one, zero = np.ones((1, A.shape[1]), A.dtype), np.zeros((1, F.shape[1]), F.dtype)
        # A row of ones sums the squares up, beside one of zeros that leaves A'F as it is
        beside = np.concatenate([A, one]), np.concatenate([F, zero])
        (slope, squares), _ = matrix.gather(*beside, _SQUARES, False)
        lengths = np.sqrt(np.maximum(squares[-1].astype(np.float64), 0))
        clipped = np.minimum(lengths, self.eps)
        value = float((clipped * (lengths - 0.5 * clipped)).sum()) / self.eps + self.const
        weights = (1 / np.maximum(lengths, self.eps)).astype(F.dtype)
        return slope[:-1], weights, value


def _weighted(matrix: Matrix, A: np.ndarray, weights: np.ndarray) -> tuple[Matrix, np.ndarray]:
    """Return V' and H with their images times the roots of weights; copies."""
    roots = np.sqrt(weights)
    return matrix.scaled(roots, np.ones(matrix.shape[1], A.dtype)), A * roots


def _residual(v: np.ndarray, y: np.ndarray, cost: bool) -> Terms:
    return (np.subtract(v, y, out=y),), None


def _squares(v: np.ndarray, y: np.ndarray, cost: bool) -> Terms:
    r = np.subtract(v, y, out=y)
    return (r, r * r), None


def _both(v: np.ndarray, y: np.ndarray, cost: bool) -> Terms:
    return (v, y), None


_RESIDUAL = Bundle("residual", _residual, 1)
_SQUARES = Bundle("squared residual", _squares, 2)
_HALVES = Bundle("halves of the squared residual", _both, 2)
