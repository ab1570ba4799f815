"""The Frobenius loss 1/2 ||V - A'F||^2, exact as a quadratic of either factor."""

from __future__ import annotations

import numpy as np

from visnmf.kernels.products import gram_of
from visnmf.losses.beta import bundle_of
from visnmf.losses.known import MOST, KnownEntries
from visnmf.losses.models import Quadratic, Split
from visnmf.matrices.chunked import Chunked
from visnmf.matrices.entries import Entries
from visnmf.matrices.masked import Masked
from visnmf.matrices.protocol import SQUARED_RESIDUAL, SQUARED_VALUE, VALUE, Matrix
from visnmf.matrices.turned import Turned

__all__ = ["Frobenius"]

_SQUARE = bundle_of(2.0)
_DENSE = 0.5  # the share of known entries from which the bound beats one curvature a column


class Frobenius:
    """Half the sum of squared residuals, each times its weight where V has weights.

    Parameters
    ----------
    matrix : Matrix
        V, whose squared norm is taken once.

    Notes
    -----
    With weights M in [0, 1] the quadratic is one of two. Where most of V is known, a bound
    above the loss that touches it at F: what is missing is filled in by A'F (the EM
    algorithm; Zhang et al. 2006), G = A A' and B = A (M * (V - A'F)) + G F. Where little is
    known that bound is too cautious, and each column j has its own exact curvature
    sum_i M_ij a_i a_i', while these fit into half a gigabyte or so; of stored entries, none are
    formed before they are asked for.
    """

    name = "frobenius"
    kinds = frozenset({"quadratic", "split"})

    def __init__(self, matrix: Matrix) -> None:
        self.const = self.constant(matrix)

    def constant(self, matrix: Matrix) -> float:
        """Return the loss at A'F = 0."""
        return 0.5 * matrix.total(None, None, SQUARED_VALUE)

    def turned(self) -> Frobenius:
        """Return the same: it looks at each entry for itself."""
        return self

    def check(self, matrix: Matrix) -> None:
        """Accept any V."""

    def model(self, matrix: Matrix, A: np.ndarray, out: np.ndarray) -> Quadratic:
        """Return the loss of a V without weights, for all F: G = A A', B = A V, in `out`."""
        return Quadratic(gram_of(A), matrix.contract(A, None, VALUE, out=out), self.const)

    def quadratic(
        self,
        matrix: Matrix,
        A: np.ndarray,
        F: np.ndarray,
        out: np.ndarray | None = None,
        *,
        uniform: bool = False,
    ) -> Quadratic:
        """Return the loss as a quadratic of F, or a bound that touches it at F."""
        if not matrix.weighted:
            return self.model(matrix, A, np.empty_like(F) if out is None else out)
        assert isinstance(matrix, Masked | Entries | Chunked | Turned)
        rank, n = F.shape
        if isinstance(matrix, Entries) and not uniform and matrix.density < _DENSE:
            return KnownEntries(matrix, A, F, self.const)
        if not uniform and matrix.density < _DENSE and rank * rank * n <= MOST:
            return Quadratic(matrix.grams(A), matrix.contract(A, None, VALUE, out=out), self.const)
        G = gram_of(A)
        fitted = G @ F
        B, squares = matrix.residual(A, F)
        B += fitted
        pull = 0.5 * fitted - B
        at_F = float(np.einsum("kj,kj->k", pull, F).sum(dtype=np.float64))
        return Quadratic(G, B, 0.5 * squares - at_F, built=0.5 * squares)

    def split(self, matrix: Matrix, A: np.ndarray, F: np.ndarray, objective: bool = True) -> Split:
        """Return the gradient at F as A A'F - A V (Lee & Seung 2001, theorem 1)."""
        if matrix.weighted:
            (neg, pos), cost = matrix.gather(A, F, _SQUARE, objective)
            cost += self.const
        else:
            exact = self.model(matrix, A, np.empty_like(F))
            neg, pos = exact.B, exact.G @ F
            cost = exact.value(F) if objective else float("nan")
        return Split(neg, pos, cost, (1.0, 2.0), lambda G: self.value(matrix, A, G))

    def value(self, matrix: Matrix, A: np.ndarray, F: np.ndarray) -> float:
        """Return the loss itself, from the residuals outright."""
        return 0.5 * matrix.total(A, F, SQUARED_RESIDUAL)
