r"""The beta-divergences, Kullback-Leibler and Itakura-Saito among them.

For beta other than 0 and 1

.. math:: d(v, y) = \frac{v^\beta}{\beta (\beta - 1)} + \frac{y^\beta}{\beta}
          - \frac{v y^{\beta - 1}}{\beta - 1}

with the limits :math:`v \log(v / y) - v + y` at 1 (Kullback-Leibler) and
:math:`v / y - \log(v / y) - 1` at 0 (Itakura-Saito); half the squared difference at 2.
The gradient is pos - neg with pos = A y^(beta-1) and neg = A (v y^(beta-2)) (Févotte & Idier
2011, equation 32).
"""

from __future__ import annotations

import math
from functools import partial

import numpy as np

from visnmf.errors import InvalidInputError
from visnmf.losses.models import Quadratic, Split
from visnmf.matrices.protocol import FITTED, ONE, Bundle, Entrywise, Matrix, Terms

__all__ = ["Beta", "bundle_of"]


class Beta:
    """The sum of beta-divergences between the entries of V and of A'F.

    Parameters
    ----------
    matrix : Matrix
        V, of which the sum over its entries alone is taken once.
    beta : float
        1 is the Kullback-Leibler divergence, 0 the Itakura-Saito divergence, 2 half the
        squared difference.

    Notes
    -----
    A model costs two or three products of V with a factor and a pass over A'F, which is
    never formed whole. A sparse V is looked at where it is stored only, with beta = 1; any
    other beta goes over all places, blockwise.
    """

    kinds = frozenset({"split"})

    def __init__(self, matrix: Matrix, beta: float) -> None:
        self.beta = float(beta)
        self.name = {0.0: "itakura-saito", 1.0: "kullback-leibler"}.get(beta, f"beta={beta:g}")
        self.bundle = bundle_of(self.beta)
        self.clear = Bundle(self.bundle.name, _clear_kullback_leibler, 1, stored=True)
        self.check(matrix)
        self.const = self.constant(matrix)

    def constant(self, matrix: Matrix) -> float:
        """Return the part of the divergence that does not move with A'F."""
        return matrix.total(None, None, _constant(self.beta))

    @property
    def degrees(self) -> tuple[float, float]:
        """The lowest and the highest power of an entry of F in the majorizing function."""
        return min(self.beta - 1, 1.0), max(self.beta, 1.0)

    def turned(self) -> Beta:
        """Return the same: it looks at each entry for itself."""
        return self

    def check(self, matrix: Matrix) -> None:
        """Refuse zeros in V where the divergence from them is infinite."""
        if self.beta > 0:
            return
        positive = matrix.total(None, None, _POSITIVE)  # first: it may find images lost
        zeros = matrix.total(None, None, ONE) - positive
        if zeros > 0:
            raise InvalidInputError(
                f"V holds {math.ceil(zeros)} zeros, from which the {self.name} divergence is "
                "infinite; lift them to a floor first, for example "
                "visnmf.factorize(np.maximum(V, 1e-3 * V.mean()), ...), or use "
                "loss='kullback-leibler'"
            )

    def quadratic(
        self,
        matrix: Matrix,
        A: np.ndarray,
        F: np.ndarray,
        out: np.ndarray | None = None,
        *,
        uniform: bool = False,
    ) -> Quadratic:
        """Refuse: no quadratic is above this loss everywhere."""
        raise NotImplementedError(f"the {self.name} loss has no quadratic model")

    def split(self, matrix: Matrix, A: np.ndarray, F: np.ndarray, objective: bool = True) -> Split:
        """Return the gradient at F in two halves, and the loss there where it is wanted."""
        # A pass less over A'F where it cannot have come near zero
        clear = min(float(A.min()) * float(F.min()) * len(A), 1.0) > 1e-25
        bundle = self.clear if clear and self.beta == 1 else self.bundle
        sums, cost = matrix.gather(A, F, bundle, objective)
        if self.beta == 1:
            neg, pos = sums[0], matrix.contract(A, None, ONE)
            if objective:
                cost = matrix.total(A, F, FITTED) - cost
        else:
            neg, pos = sums
        return Split(neg, pos, cost + self.const, self.degrees, partial(self._at, matrix, A))

    def value(self, matrix: Matrix, A: np.ndarray, F: np.ndarray) -> float:
        """Return the divergence itself."""
        found = matrix.total(A, F, _costs(self.beta))
        if self.beta == 1:
            found = matrix.total(A, F, FITTED) - found
        return found + self.const

    def _at(self, matrix: Matrix, A: np.ndarray, F: np.ndarray) -> float:
        return self.value(matrix, A, F)


def bundle_of(beta: float) -> Bundle:
    """Return the functions of v and y that a beta-divergence needs, in one pass.

    They are neg and pos, and the part of the divergence that moves with y; at beta = 1 neg
    alone and v log y, which vanish at v = 0, the rest having closed forms.
    """
    if beta == 1:
        return Bundle("Kullback-Leibler divergence", _kullback_leibler, 1, stored=True)
    if beta == 0:
        return Bundle("Itakura-Saito divergence", _itakura_saito, 2)
    if beta == 2:
        return Bundle("squared residual", _square, 2)
    return Bundle(f"beta-divergence, beta={beta:g}", partial(_general, beta), 2)


def _kullback_leibler(v: np.ndarray, y: np.ndarray, cost: bool) -> Terms:
    return _clear_kullback_leibler(v, _positive(y, 1), cost)


def _clear_kullback_leibler(v: np.ndarray, y: np.ndarray, cost: bool) -> Terms:
    pair = (v, np.log(y)) if cost else None
    return (np.divide(v, y, out=y),), pair


def _itakura_saito(v: np.ndarray, y: np.ndarray, cost: bool) -> Terms:
    y = _positive(y, 0)
    inverse = 1 / y
    ratio = v * inverse
    pair = (np.ones_like(y), np.log(y) + ratio) if cost else None
    return (np.multiply(ratio, inverse, out=ratio), inverse), pair


def _square(v: np.ndarray, y: np.ndarray, cost: bool) -> Terms:
    return (v, y), (y, 0.5 * y - v) if cost else None


def _general(beta: float, v: np.ndarray, y: np.ndarray, cost: bool) -> Terms:
    y = _positive(y, beta)
    power = y ** (beta - 1)
    ratio = v / y
    # y^beta / beta - v y^(beta-1) / (beta-1), as power times a sum
    pair = (power, y / beta - v / (beta - 1)) if cost else None
    return (np.multiply(ratio, power, out=ratio), power), pair


def _positive(y: np.ndarray, beta: float) -> np.ndarray:
    """Lift what is so small that y^(beta-2) would leave the range of its type, in place."""
    reach = 30 if y.dtype == np.float32 else 100
    least = 10.0 ** (-reach / max(2 - beta, 1))
    return np.maximum(y, y.dtype.type(least), out=y)


def _costs(beta: float) -> Entrywise:
    """Return what `bundle_of` sums up, for each entry."""
    bundle = bundle_of(beta)

    def cost(v: np.ndarray, y: np.ndarray) -> np.ndarray:
        _, pair = bundle.of(v, y, True)
        assert pair is not None
        return pair[0] * pair[1]

    return Entrywise(f"sum of the {bundle.name}", cost, stored=bundle.stored)


def _constant(beta: float) -> Entrywise:
    """Return the part of the divergence that does not move with y."""
    if beta == 1:
        return Entrywise("v log v - v", lambda v, y: v * np.log(np.where(v > 0, v, 1)) - v, True)
    if beta == 0:
        return Entrywise("-log v - 1", lambda v, y: -np.log(np.where(v > 0, v, 1)) - 1)
    if beta == 2:
        return Entrywise("v^2 / 2", lambda v, y: 0.5 * v * v, True)
    scale = 1 / (beta * (beta - 1))
    if beta > 0:
        return Entrywise(f"v^{beta:g}", lambda v, y: scale * v**beta, stored=True)
    # What has no weight may be zero
    return Entrywise(f"v^{beta:g}", lambda v, y: scale * np.where(v > 0, v, 1) ** beta)


_POSITIVE = Entrywise("count of positive entries", lambda v, y: (v > 0).astype(v.dtype), True)
