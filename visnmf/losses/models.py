"""What an update sees of a loss: a function of one factor alone.

The other factor A is held. A model is built at one F; `Quadratic` holds for every F where
the loss is a quadratic, and else is a bound above it that touches at the F that it was
built at. Models of the same F made from two blocks of images add up.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from visnmf.kernels.choose import Kernels

__all__ = [
    "Point",
    "Quadratic",
    "Split",
    "bound_at",
    "length",
    "projected",
    "pull_of",
    "value_built",
]


@dataclass(frozen=True)
class Point:
    """What a model tells of one F."""

    objective: float
    absolute: float
    """Sum of the absolute values of the projected gradient with respect to F."""
    square: float
    """Sum of its squares."""


@dataclass(frozen=True)
class Quadratic:
    """The function const - <B, F> + 1/2 <G, F F'> + 1/2 sum_j d_j |f_j|^2 of F (rank x q).

    Parameters
    ----------
    G : ndarray (rank, rank) or (rank, rank, q)
        One curvature for all columns of F, or one for each, as where each image has other
        pixels missing.
    B : ndarray (rank, q)
        The pull; of either sign.
    const : float
        The value at F = 0.
    d : ndarray (q,), optional
        Curvature that each column has beside G.
    convex : bool
        Whether G is positive semi-definite.
    built : float, optional
        The value at the F that it was built at, where that is known better than by const,
        from which much may cancel.
    """

    G: np.ndarray
    B: np.ndarray
    const: float
    d: np.ndarray | None = None
    convex: bool = True
    built: float | None = None

    @property
    def uniform(self) -> bool:
        """Whether all columns of F have the same curvature."""
        return self.d is None and self.G.ndim == 2

    def times(self, F: np.ndarray) -> np.ndarray:
        """Return the curvature times F."""
        if self.G.ndim == 2:
            product = self.G @ F
        else:
            product = np.einsum("klj,lj->kj", self.G, F)
        if self.d is not None:
            product += F * self.d
        return product

    def gradient(self, F: np.ndarray) -> np.ndarray:
        """Return the gradient at F."""
        return self.times(F) - self.B

    def value(self, F: np.ndarray) -> float:
        """Return the value at F, summed in float64."""
        pull = 0.5 * self.times(F) - self.B
        return self.const + float(np.einsum("kj,kj->k", pull, F).sum(dtype=np.float64))

    def at(self, F: np.ndarray, kernels: Kernels) -> Point:
        """Return value and KKT residual at F, summed in float64."""
        if not self.uniform:
            free = projected(F, self.gradient(F))
            return Point(self.value(F), *_sizes(free))
        sums = kernels.sums(F, self.G, self.B)
        # <G, F F'> = linear - slope; written so, less cancels near the optimum
        objective = self.const - 0.5 * (sums.linear + sums.slope)
        return Point(objective, sums.absolute, sums.square)

    def of_rows(self, rows: np.ndarray, F: np.ndarray) -> Quadratic:
        """Return the model of some rows of F, the others held as they are."""
        held = np.setdiff1d(np.arange(len(F)), rows)
        apart = replace(self, G=self.G[np.ix_(rows, held)], d=None)
        across = apart.times(F[held])
        G = self.G[np.ix_(rows, rows)]
        rest = np.zeros_like(F)
        rest[held] = F[held]
        B = self.B[rows] - across
        return replace(self, G=G, B=np.ascontiguousarray(B), const=self.value(rest), built=None)


@dataclass(frozen=True)
class Split:
    """A gradient in two halves at the F that it was built at, for multiplicative steps.

    Parameters
    ----------
    neg, pos : ndarray (rank, q)
        Non-negative; the gradient is pos - neg.
    objective : float
        The value at that F; NaN where it was not asked for.
    degrees : tuple of float
        The lowest and the highest power of an entry of F in the function that majorizes; a
        step with the exponent 1 / (highest - lowest) never raises it (Yang & Oja 2011).
    value : callable
        The value at any F; costs a pass over V.
    entries : object, optional
        V and A themselves, for updates that go by entries.
    """

    neg: np.ndarray
    pos: np.ndarray
    objective: float
    degrees: tuple[float, float]
    value: Callable[[np.ndarray], float]
    entries: Any = None

    @property
    def power(self) -> float:
        """The exponent that keeps a multiplicative step from raising the value."""
        low, high = self.degrees
        return 1.0 / (high - low)

    def gradient(self, F: np.ndarray) -> np.ndarray:
        """Return the gradient at the F that the model was built at, whichever is given."""
        return self.pos - self.neg

    def at(self, F: np.ndarray, kernels: Kernels | None = None) -> Point:
        """Return value and KKT residual at the F that the model was built at.

        Multiplicative steps leave no entry at zero. So the residual of an entry that the
        gradient pulls down is at most L times the entry, with L the mean of pos over that of F.
        """
        mean = max(float(F.mean(dtype=np.float64)), 1e-30)
        reach = F * (float(self.pos.mean(dtype=np.float64)) / np.float64(mean))
        return Point(self.objective, *_sizes(np.minimum(self.gradient(F), reach)))

    def of_rows(self, rows: np.ndarray, F: np.ndarray) -> Split:
        """Return the model of some rows of F, the others held as they are."""
        whole = F.copy()

        def value(part: np.ndarray) -> float:
            whole[rows] = part
            return self.value(whole)

        return replace(self, neg=self.neg[rows], pos=self.pos[rows], value=value)


def bound_at(F: np.ndarray, G: np.ndarray, slope: np.ndarray, value: float) -> Quadratic:
    """Return the quadratic of curvature G that has a value at F and falls along a slope there.

    Parameters
    ----------
    F : ndarray (rank, q)
        Where it is built.
    G : ndarray (rank, rank) or (rank, rank, q)
        The curvature.
    slope : ndarray (rank, q)
        The gradient there, turned round.
    value : float
        The value there.
    """
    fitted = Quadratic(G, slope, 0.0).times(F)
    B = slope + fitted
    at_F = np.einsum("kj,kj->k", 0.5 * fitted - B, F).sum(dtype=np.float64)
    return Quadratic(G, B, value - float(at_F), built=value)


def value_built(model: Quadratic | Split, F: np.ndarray, kernels: Kernels) -> float:
    """Return the value of a model at the F that it was built at."""
    if isinstance(model, Split):
        return model.objective
    if model.built is not None:
        return model.built
    return model.at(F, kernels).objective


def pull_of(model: Quadratic | Split) -> float:
    """Return the size of what a gradient pulls up by."""
    return length(model.B if isinstance(model, Quadratic) else model.neg)


def length(F: np.ndarray) -> float:
    """Return the root of the sum of squares, which float32 may not hold."""
    return math.sqrt(np.square(F, dtype=np.float64).sum())


def projected(F: np.ndarray, gradient: np.ndarray) -> np.ndarray:
    """Return the gradient less what pulls an entry at zero below zero."""
    return np.where(F > 0, gradient, np.minimum(gradient, 0))


def _sizes(free: np.ndarray) -> tuple[float, float]:
    return (
        float(np.abs(free).sum(dtype=np.float64)),
        float(np.square(free, dtype=np.float64).sum()),
    )
