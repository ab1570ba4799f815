"""Models of one factor, and KKT residuals of the other, added up over blocks of images."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from visnmf.kernels.choose import Kernels
from visnmf.losses.models import Point, Quadratic, Split
from visnmf.solve.side import Model, Side, pull_of

__all__ = ["ModelSum", "PointSum"]

_NAMES = {Quadratic: ("G", "B"), Split: ("neg", "pos")}


class ModelSum:
    """The sum of models of one F, in float64."""

    def __init__(self) -> None:
        self._first: Model | None = None
        self._arrays: list[np.ndarray] = []
        self._numbers = np.zeros(3)

    def add(self, model: Model) -> None:
        """Add one."""
        arrays = [getattr(model, name) for name in _NAMES[type(model)]]
        if self._first is None:
            self._first = model
            self._arrays = [np.zeros(array.shape) for array in arrays]
        for whole, array in zip(self._arrays, arrays, strict=True):
            whole += array
        if isinstance(model, Quadratic):
            built = math.nan if model.built is None else model.built
            self._numbers += (model.const, built, 0.0)
        else:
            self._numbers += (0.0, 0.0, model.objective)

    def model(
        self, dtype: np.dtype[Any], value: Callable[[np.ndarray], float] | None = None
    ) -> Model:
        """Return the sum; a `Split` needs what tells its value elsewhere, where steps ask."""
        first = self._first
        assert first is not None
        arrays = [array.astype(dtype) for array in self._arrays]
        const, built, objective = (float(number) for number in self._numbers)
        if isinstance(first, Quadratic):
            G, B = arrays
            return replace(first, G=G, B=B, const=const, built=None if built != built else built)
        neg, pos = arrays
        found = replace(first, neg=neg, pos=pos, objective=objective)
        return found if value is None else replace(found, value=value)


class PointSum:
    """The KKT residual of a factor whose columns come in blocks.

    Parameters
    ----------
    side : Side
        Of the factor.
    kernels : Kernels
        The sums.
    """

    def __init__(self, side: Side, kernels: Kernels) -> None:
        self._side, self._kernels = side, kernels
        self._squares = self._absolute = self._size = 0.0
        self._parts: list[tuple[np.ndarray, np.ndarray]] = []
        self._means = np.zeros(3)

    def add(self, F: np.ndarray, model: Model) -> None:
        """Add a block."""
        self._size += pull_of(model) ** 2
        side = self._side
        if isinstance(model, Split) and side.constraint is None and side.free is None:
            # What bounds it is a mean over all columns
            self._parts.append((F, model.gradient(F)))
            self._means += (model.pos.sum(dtype=np.float64), F.sum(dtype=np.float64), F.size)
            return
        point = side.point(F, model, self._kernels)
        self._absolute += point.absolute
        self._squares += point.square

    @property
    def pull(self) -> float:
        """The size of what the gradients pull up by."""
        return math.sqrt(self._size)

    def point(self) -> Point:
        """Return the residual of all."""
        pos, mean, count = self._means
        reach = pos / max(mean, 1e-30 * max(count, 1))
        for F, gradient in self._parts:
            free = np.minimum(gradient, F * reach)
            self._absolute += float(np.abs(free).sum(dtype=np.float64))
            self._squares += float(np.square(free, dtype=np.float64).sum())
        self._parts = []
        return Point(math.nan, self._absolute, self._squares)
