r"""The L1 loss: the sum of absolute residuals, rounded off next to zero.

.. math:: \sum_{ij} |v_{ij} - y_{ij}|

where a residual of less than a small :math:`\epsilon` counts
:math:`r^2 / (2 \epsilon) + \epsilon / 2` instead, which meets :math:`|r|` smoothly: Huber's
function of :math:`\delta = \epsilon`, over :math:`\epsilon`, and half of :math:`\epsilon`. Each
step lowers the weighted squares

.. math:: \tfrac12 \sum_{ij} \omega_{ij} (v_{ij} - y_{ij})^2, \qquad
          \omega_{ij} = 1 / \max(|r_{ij}|, \epsilon)

of the last residuals, a bound that touches (iteratively reweighted least squares), by a
multiplicative step: the gradient is A (w y) - A (w v). Exact quadratics would need a curvature for
each column, rank times the work.
"""

from __future__ import annotations

from functools import partial

import numpy as np

from visnmf.losses.huber import halves_of, huber
from visnmf.losses.models import Quadratic, Split
from visnmf.matrices.protocol import ONE, VALUE, Entrywise, Matrix

__all__ = ["NEAR", "Absolute"]

NEAR = 1e-3
"""Residuals that are rounded off, over the mean entry of V."""


class Absolute:
    """The sum of absolute residuals, each times its weight where V has weights.

    Parameters
    ----------
    matrix : Matrix
        V, whose mean tells which residuals are next to zero.

    Notes
    -----
    A model costs three products and a pass over all places of A'F, blockwise; over the known
    entries where entries are missing.
    """

    name = "l1"
    kinds = frozenset({"split"})

    def __init__(self, matrix: Matrix) -> None:
        mean = matrix.total(None, None, VALUE) / max(matrix.total(None, None, ONE), 1e-300)
        self.eps = NEAR * mean if mean > 0 else 1.0
        self._halves = halves_of("L1 loss", self.eps, self.eps)
        self._cost = Entrywise("L1 loss", partial(_cost, self.eps))
        self.const = self.constant(matrix)

    def constant(self, matrix: Matrix) -> float:
        """Return the part of the loss that does not move with A'F."""
        return 0.5 * self.eps * matrix.total(None, None, ONE)

    def turned(self) -> Absolute:
        """Return the same: it looks at each entry for itself."""
        return self

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
        """Refuse: the one curvature that is above this loss everywhere is 1 / eps."""
        raise NotImplementedError("the l1 loss has no quadratic model")

    def split(self, matrix: Matrix, A: np.ndarray, F: np.ndarray, objective: bool = True) -> Split:
        """Return the gradient at F in two halves, and the loss there where it is wanted."""
        (neg, pos), cost = matrix.gather(A, F, self._halves, objective)
        return Split(neg, pos, cost + self.const, (1.0, 2.0), partial(self.value, matrix, A))

    def value(self, matrix: Matrix, A: np.ndarray, F: np.ndarray) -> float:
        """Return the loss itself, from the residuals outright."""
        return matrix.total(A, F, self._cost) + self.const


def _cost(eps: float, v: np.ndarray, y: np.ndarray) -> np.ndarray:
    return huber(v - y, eps) / eps
