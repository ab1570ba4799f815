"""The Frobenius loss of a V that is known at few places, as each column's own quadratic.

A matrix rank x rank for each column would be memory and time of rank^2 a column. So nothing is
formed before it is asked for: sweeps go straight over the known entries. What penalties add to
the pull and to the curvature's diagonal, and what known rows of the factor take away from the
pull, goes along.
"""

from __future__ import annotations

from functools import cached_property

import numpy as np

from visnmf.kernels.columns import ColumnKernels
from visnmf.losses.models import Quadratic
from visnmf.matrices.entries import Entries
from visnmf.matrices.protocol import FITTED, SQUARED_RESIDUAL, VALUE

__all__ = ["MOST", "KnownEntries"]

MOST = 1 << 27
"""The most numbers in the curvatures of all columns together: half a gigabyte or so."""


class KnownEntries(Quadratic):
    """The loss over the known entries as a function of F, exact; built at one F.

    Parameters
    ----------
    matrix : Entries
        V.
    A, F : ndarray (rank, m), (rank, n)
        The factor that is held, and the one that the model is built at; neither may change
        before `built` is read.
    const : float
        The value at F = 0.
    """

    def __init__(self, matrix: Entries, A: np.ndarray, F: np.ndarray, const: float) -> None:
        self._set(matrix=matrix, A=A, F=F, const=const, d=None, convex=True, pull=None, added=0.0)

    matrix: Entries
    A: np.ndarray
    F: np.ndarray
    pull: np.ndarray | None
    """B, where it is another than that of the loss over all rows of F."""
    added: float | None
    """The value of what was added to the loss, at the F that it was built at; None of rows."""

    @property
    def uniform(self) -> bool:
        """Never: each column has a curvature of its own."""
        return False

    @property
    def too_large(self) -> bool:
        """Whether the curvatures of all columns are too many to be formed."""
        return len(self.A) ** 2 * self.matrix.shape[1] > MOST

    @cached_property
    def G(self) -> np.ndarray:
        """All curvatures but for d, (rank, rank, n)."""
        return self.matrix.grams(self.A)

    @cached_property
    def B(self) -> np.ndarray:
        """The pull: A (M * V), unless another is given."""
        return self.matrix.contract(self.A, None, VALUE) if self.pull is None else self.pull

    @cached_property
    def built(self) -> float | None:
        """The value at the F that it was built at, from the residuals there."""
        if self.added is None:
            return None
        return 0.5 * self.matrix.total(self.A, self.F, SQUARED_RESIDUAL) + self.added

    def times(self, F: np.ndarray) -> np.ndarray:
        """Return the curvature times F."""
        product = self.matrix.contract(self.A, F, FITTED)
        if self.d is not None:
            product += F * self.d
        return product

    def beside(
        self, B: np.ndarray | None, d: np.ndarray | None, const: float, value: float, convex: bool
    ) -> KnownEntries:
        """Return the sum with const - <B, F> + 1/2 sum_j d_j |f_j|^2, in which None is zero.

        Parameters
        ----------
        B, d : ndarray (rank, n), (n,), optional
            What is added to the pull, and to the curvature.
        const, value : float
            What is added at F = 0, and at the F that this model was built at.
        convex : bool
            Whether what is added is.
        """
        if d is not None and self.d is not None:
            d = self.d + d
        return self._with(
            const=self.const + const,
            pull=self.pull if B is None else self.B + B,
            d=self.d if d is None else d,
            convex=self.convex and convex,
            added=None if self.added is None else self.added + value,
        )

    def of_rows(self, rows: np.ndarray, F: np.ndarray) -> KnownEntries:
        """Return the model of some rows of F, the others held as they are."""
        rest = F.copy()
        rest[rows] = 0
        pulled = self.times(rest)
        at_rest = np.einsum("kj,kj->k", 0.5 * pulled - self.B, rest).sum(dtype=np.float64)
        return self._with(
            A=self.A[rows],
            F=F[rows],
            const=self.const + float(at_rest),
            pull=self.B[rows] - pulled[rows],
            added=None,
        )

    def descend(self, F: np.ndarray, kernels: ColumnKernels, sweeps: int, ratio: float) -> None:
        """Sweep over F, in place; the matrices are formed for some columns at a time."""
        columns, weights = self.matrix.columns, self.matrix.weights
        places = columns.indptr, columns.indices
        known = self.A, places, columns.data, weights.data
        kernels.descend(F, *known, sweeps, ratio, self.pull, self.d)

    def _with(self, **changes: object) -> KnownEntries:
        """Return a model in which some things are others."""
        model = KnownEntries(self.matrix, self.A, self.F, self.const)
        kept = {"d": self.d, "convex": self.convex, "pull": self.pull, "added": self.added}
        model._set(**{**kept, **changes})
        return model

    def _set(self, **things: object) -> None:
        vars(self).update(things)  # a frozen dataclass takes none otherwise
