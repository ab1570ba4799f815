"""Models of one factor, and KKT residuals of the other, added up over blocks of images."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from visnmf.kernels.choose import Kernels
from visnmf.losses.models import Point, Quadratic, Split, pull_of
from visnmf.solve.side import Model, Side

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
    F : ndarray (rank, n)
        The factor, whole; what is added are models of its columns.
    make_room : callable
        Returns an array of F's shape to keep gradients in, where they are looked at twice.
    """

    def __init__(
        self, side: Side, kernels: Kernels, F: np.ndarray, make_room: Callable[[], np.ndarray]
    ) -> None:
        self._side, self._kernels, self._F, self._make_room = side, kernels, F, make_room
        self.room: np.ndarray | None = None
        self._ranges: list[slice | np.ndarray] = []
        self._squares = self._absolute = self._size = 0.0
        self._means = np.zeros(3)

    def add(self, columns: slice | np.ndarray, F: np.ndarray, model: Model) -> None:
        """Add a block: the model of some columns, built there."""
        self._size += pull_of(model) ** 2
        side = self._side
        if isinstance(model, Split) and side.constraint is None and side.free is None:
            # What bounds it is a mean over all columns
            if self.room is None:
                self.room = self._make_room()
            self.room[:, columns] = model.gradient(F)
            self._ranges.append(columns)
            self._means += (model.pos.sum(dtype=np.float64), F.sum(dtype=np.float64), F.size)
            return
        self._add(side.point(F, model, self._kernels))

    @property
    def pull(self) -> float:
        """The size of what the gradients pull up by."""
        return math.sqrt(self._size)

    def point(self) -> Point:
        """Return the residual of all."""
        pos, mean, count = self._means
        reach = pos / max(mean, 1e-30 * max(count, 1))
        for columns in self._ranges:
            assert self.room is not None
            free = np.minimum(self.room[:, columns], self._F[:, columns] * reach)
            squares = np.square(free, dtype=np.float64).sum()
            self._add(Point(0.0, float(np.abs(free).sum(dtype=np.float64)), float(squares)))
        self._ranges = []
        return Point(math.nan, self._absolute, self._squares)

    def _add(self, point: Point) -> None:
        self._absolute += point.absolute
        self._squares += point.square
