"""What a loss tells of V and A'F."""

from __future__ import annotations

from typing import Protocol

import numpy as np

from visnmf.losses.models import Quadratic, Split
from visnmf.matrices.protocol import Matrix

__all__ = ["Loss"]


class Loss(Protocol):
    """The sum over all entries of a divergence between v and the entry of A'F beside it.

    The matrix is given at each call, so that one loss (`turned`, if it must be) serves V
    and its transpose. A model
    is of F (rank x n), with A held.
    """

    @property
    def name(self) -> str:
        """What messages call it."""
        ...

    const: float
    """The part of the loss that does not move with A'F."""

    def constant(self, matrix: Matrix) -> float:
        """Return that part of another matrix, such as some columns of V."""
        ...

    @property
    def kinds(self) -> frozenset[str]:
        """Which models there are: "quadratic", "split"."""
        ...

    def turned(self) -> Loss:
        """Return the loss as V' has it: the same, unless images are more to it than pixels."""
        ...

    def check(self, matrix: Matrix) -> None:
        """Refuse a V for which the loss is not finite, by InvalidInputError."""
        ...

    def quadratic(
        self,
        matrix: Matrix,
        A: np.ndarray,
        F: np.ndarray,
        out: np.ndarray | None = None,
        *,
        uniform: bool = False,
    ) -> Quadratic:
        """Return the loss as a quadratic of F, or a bound that touches it; B may go to `out`.

        A uniform one has the same curvature for all columns of F.
        """
        ...

    def split(self, matrix: Matrix, A: np.ndarray, F: np.ndarray, objective: bool = True) -> Split:
        """Return the gradient at F in two halves, and the loss there where it is wanted."""
        ...

    def value(self, matrix: Matrix, A: np.ndarray, F: np.ndarray) -> float:
        """Return the loss itself, from the entries outright."""
        ...
