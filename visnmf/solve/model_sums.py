"""Models of one factor, and KKT residuals of the other, added up over blocks of images.

Sums are values: what is added is left as it is, and each can go to another process.
"""

from __future__ import annotations

import math
from dataclasses import astuple, dataclass, replace
from typing import Any

import numpy as np

from visnmf.kernels.choose import Kernels
from visnmf.losses.models import Point, Quadratic, Split, pull_of
from visnmf.solve.side import Model, Side

__all__ = ["ModelSum", "PointSum", "point_of", "within_reach"]

_NAMES = {Quadratic: ("G", "B"), Split: ("neg", "pos")}
_NOTHING = np.zeros(0)


class ModelSum:
    """The sum of models of one F, in float64; of one alone, in its own type.

    Parameters
    ----------
    model : Quadratic or Split, optional
        The first one; none yet, if not given.
    """

    def __init__(self, model: Model | None = None) -> None:
        self._like: Model | None = None
        self._arrays: list[np.ndarray] = []
        self._numbers = np.zeros(3)
        if model is None:
            return
        names = _NAMES[type(model)]
        self._arrays = [getattr(model, name) for name in names]
        # Not the arrays once more; nor the value elsewhere, which holds V
        bare: dict[str, Any] = dict.fromkeys(names, _NOTHING)
        if isinstance(model, Quadratic):
            built = math.nan if model.built is None else model.built
            self._numbers = np.array([model.const, built, 0.0])
        else:
            bare["value"] = _unknown
            self._numbers = np.array([0.0, 0.0, model.objective])
        self._like = replace(model, **bare)

    def __add__(self, other: ModelSum) -> ModelSum:
        """Return the sum of two sums."""
        if self._like is None or other._like is None:
            return other if self._like is None else self
        found = ModelSum()
        found._like = self._like
        found._arrays = [_added(*pair) for pair in zip(self._arrays, other._arrays, strict=True)]
        found._numbers = self._numbers + other._numbers
        return found

    @property
    def nbytes(self) -> int:
        """The bytes of its arrays."""
        return sum(array.nbytes for array in self._arrays)

    def model(self, dtype: np.dtype[Any], value: Any = None) -> Model:
        """Return the sum.

        Parameters
        ----------
        dtype : dtype
            Of its arrays.
        value : callable, optional
            What a `Split` tells of other F; NaN, if not given.
        """
        like = self._like
        assert like is not None
        one, two = (array.astype(dtype) for array in self._arrays)
        const, built, objective = (float(number) for number in self._numbers)
        if isinstance(like, Quadratic):
            exact = math.isnan(built)
            return replace(like, G=one, B=two, const=const, built=None if exact else built)
        return replace(like, neg=one, pos=two, objective=objective, value=value or _unknown)


@dataclass(frozen=True)
class PointSum:
    """The KKT residual of a factor whose columns come in blocks; two of them add up.

    Parameters
    ----------
    absolute, square : float
        As of `visnmf.losses.models.Point`.
    pulled : float
        Sum of the squares of what the gradients pull up by.
    pos, entries : float
        Sums of the positive halves and of the factor, where their means bound the residual.
    count : float
        Of how many entries.
    """

    absolute: float = 0.0
    square: float = 0.0
    pulled: float = 0.0
    pos: float = 0.0
    entries: float = 0.0
    count: float = 0.0

    def __add__(self, other: PointSum) -> PointSum:
        """Return the sum of two sums."""
        return PointSum(*(a + b for a, b in zip(astuple(self), astuple(other), strict=True)))

    @property
    def pull(self) -> float:
        """The size of what the gradients pull up by."""
        return math.sqrt(self.pulled)

    @property
    def reach(self) -> float | None:
        """What bounds the residual of an entry of 1; None where nothing does."""
        if not self.count:
            return None
        return self.pos / max(self.entries, 1e-30 * self.count)

    @property
    def point(self) -> Point:
        """The residual."""
        return Point(math.nan, self.absolute, self.square)


def point_of(
    side: Side, F: np.ndarray, model: Model, kernels: Kernels
) -> tuple[PointSum, np.ndarray | None]:
    """Return what the model of some columns, built there, tells of them.

    Parameters
    ----------
    side : Side
        Of the factor.
    F : ndarray (rank, k)
        The columns.
    model : Quadratic or Split
        Built there.
    kernels : Kernels
        The sums.

    Returns
    -------
    sums : PointSum
        Without the residual where that is bounded by a mean over all columns.
    gradient : ndarray (rank, k) or None
        There, what `within_reach` goes on from.
    """
    pulled = pull_of(model) ** 2
    if isinstance(model, Split) and side.constraint is None and side.free is None:
        pos, entries = (float(X.sum(dtype=np.float64)) for X in (model.pos, F))
        sums = PointSum(pulled=pulled, pos=pos, entries=entries, count=float(F.size))
        return sums, model.gradient(F)
    found = side.point(F, model, kernels)
    return PointSum(found.absolute, found.square, pulled), None


def within_reach(gradient: np.ndarray, F: np.ndarray, reach: float) -> PointSum:
    """Return the residual of some columns, given what bounds it."""
    free = np.minimum(gradient, F * reach)
    squares = np.square(free, dtype=np.float64).sum()
    return PointSum(float(np.abs(free).sum(dtype=np.float64)), float(squares))


def _added(one: np.ndarray, two: np.ndarray) -> np.ndarray:
    """Return the sum in float64; one curvature for all columns is that of each."""
    if one.ndim != two.ndim:
        one, two = (X[:, :, None] if X.ndim == 2 else X for X in (one, two))
    return np.add(one, two, dtype=np.float64)


def _unknown(F: np.ndarray) -> float:
    return math.nan
