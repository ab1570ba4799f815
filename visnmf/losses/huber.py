r"""The Huber loss: squares of small residuals, absolute values of large ones.

Of a residual r = v - y

.. math:: \rho(r) = \begin{cases} r^2 / 2 & |r| \le \delta \\
          \delta |r| - \delta^2 / 2 & |r| > \delta \end{cases}

(Huber 1964). What hides a part of a picture then pulls at the parts by at most :math:`\delta` a
pixel. The slope :math:`\psi(r) = \min(\max(r, -\delta), \delta)` has Lipschitz constant 1, so
that at any residual :math:`r_0`

.. math:: \rho(r) \le \rho(r_0) + \psi(r_0) (r - r_0) + \tfrac12 (r - r_0)^2

(the additive half-quadratic form of Geman & Yang 1995): one curvature A A' for all columns, as
of the squared loss, which HALS and the other updates of quadratics then lower. Multiplicative
steps take the other half-quadratic bound, with the weights
:math:`\omega = \psi(r_0) / r_0`: the gradient is A (w y) - A (w v) (Du, Li & Shen 2012).
"""

from __future__ import annotations

from functools import partial

import numpy as np

from visnmf.kernels.products import gram_of
from visnmf.losses.models import Quadratic, Split, bound_at
from visnmf.matrices.protocol import Bundle, Entrywise, Matrix, Terms

__all__ = ["Huber", "halves_of", "huber"]


class Huber:
    """The sum of Huber's function of the residuals, each times its weight where V has weights.

    Parameters
    ----------
    matrix : Matrix
        V, of which the loss at A'F = 0 is taken once.
    delta : float
        The residual, above 0, from which it grows in proportion and no longer by squares.

    Notes
    -----
    A model costs two products and a pass over all places of A'F, blockwise; over the known
    entries where entries are missing.
    """

    kinds = frozenset({"quadratic", "split"})

    def __init__(self, matrix: Matrix, delta: float) -> None:
        self.delta = float(delta)
        self.name = f"huber:{self.delta:.6g}"
        self._slopes = Bundle("Huber loss", partial(_slopes, self.delta), 1)
        self._halves = halves_of("Huber loss", self.delta)
        self._cost = Entrywise("Huber loss", partial(_cost, self.delta))
        self.const = self.constant(matrix)

    def constant(self, matrix: Matrix) -> float:
        """Return the loss at A'F = 0."""
        at_zero = Entrywise("Huber loss at zero", partial(_at_zero, self.delta), stored=True)
        return matrix.total(None, None, at_zero)

    def turned(self) -> Huber:
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
        """Return a bound above the loss that touches it at F, with one curvature."""
        (slope,), cost = matrix.gather(A, F, self._slopes)
        return bound_at(F, gram_of(A), slope, cost)

    def split(self, matrix: Matrix, A: np.ndarray, F: np.ndarray, objective: bool = True) -> Split:
        """Return the gradient at F in two halves, and the loss there where it is wanted."""
        (neg, pos), cost = matrix.gather(A, F, self._halves, objective)
        return Split(neg, pos, cost, (1.0, 2.0), partial(self.value, matrix, A))

    def value(self, matrix: Matrix, A: np.ndarray, F: np.ndarray) -> float:
        """Return the loss itself, from the residuals outright."""
        return matrix.total(A, F, self._cost)


def huber(r: np.ndarray, delta: float) -> np.ndarray:
    """Return Huber's function of residuals.

    Parameters
    ----------
    r : ndarray
        Residuals.
    delta : float
        Where squares end.

    Examples
    --------
    >>> huber(np.array([0.5, -3.0]), 1.0)
    array([0.125, 2.5  ])
    """
    clipped = np.clip(r, -delta, delta)
    return clipped * (r - 0.5 * clipped)


def halves_of(name: str, delta: float, scale: float = 1.0) -> Bundle:
    """Return w v and w y with the weights w, and Huber's function, all over `scale`."""
    return Bundle(name, partial(_halves, delta, scale), 2)


def _slopes(delta: float, v: np.ndarray, y: np.ndarray, cost: bool) -> Terms:
    r = np.subtract(v, y, out=y)
    clipped = np.clip(r, -delta, delta)
    return (clipped,), (clipped, r - 0.5 * clipped) if cost else None


def _halves(delta: float, scale: float, v: np.ndarray, y: np.ndarray, cost: bool) -> Terms:
    r = v - y
    clipped = np.clip(r, -delta, delta)
    size = np.maximum(np.abs(r), delta)
    weights = np.divide(delta / scale, size, out=size)
    pair = (clipped, (r - 0.5 * clipped) / scale) if cost else None
    return (weights * v, np.multiply(weights, y, out=weights)), pair


def _cost(delta: float, v: np.ndarray, y: np.ndarray) -> np.ndarray:
    return huber(v - y, delta)


def _at_zero(delta: float, v: np.ndarray, y: np.ndarray) -> np.ndarray:
    return huber(v, delta)
