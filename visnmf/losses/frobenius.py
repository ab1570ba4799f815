"""The Frobenius loss 1/2 ||V - A'F||^2, exact as a quadratic of either factor."""

from __future__ import annotations

import numpy as np

from visnmf.losses.models import Quadratic
from visnmf.matrices.protocol import SQUARED_RESIDUAL, SQUARED_VALUE, VALUE, Matrix

__all__ = ["Frobenius"]


class Frobenius:
    """Half the sum of squared residuals; its models are `Quadratic`.

    Parameters
    ----------
    matrix : Matrix
        V, whose squared norm is taken once.
    """

    def __init__(self, matrix: Matrix) -> None:
        self.const = 0.5 * matrix.total(None, None, SQUARED_VALUE)

    def model(self, matrix: Matrix, A: np.ndarray, out: np.ndarray) -> Quadratic:
        """Return the loss as a function of F (rank x n): G = A A', B = A V, in `out`."""
        return Quadratic(A @ A.T, matrix.contract(A, None, VALUE, out=out), self.const)

    @staticmethod
    def value(matrix: Matrix, A: np.ndarray, F: np.ndarray) -> float:
        """Return the loss itself, from the residuals outright."""
        return 0.5 * matrix.total(A, F, SQUARED_RESIDUAL)
