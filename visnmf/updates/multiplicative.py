"""Multiplicative updates (Lee & Seung 2001), with the exponent that keeps them monotone.

A gradient pos - neg in two non-negative halves gives the step F <- F (neg / pos)^p,
which never raises the function with p = 1 / (highest - lowest degree) of the powers of F
that majorize it (Févotte & Idier 2011; Yang & Oja 2011). Where each row or column of F has
a sum to keep, the multiplier of that sum joins pos.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from visnmf.losses.models import Split
from visnmf.terms.protocol import Constraint

__all__ = ["Multiplicative", "lift", "scale_into"]

_NEWTON = 60  # the most steps towards a multiplier; six do mostly


@dataclass(frozen=True)
class Multiplicative:
    """One multiplicative step for each model."""

    name: ClassVar[str] = "mu"
    needs: ClassVar[str] = "split"
    couples: ClassVar[frozenset[str]] = frozenset({"part", "image"})
    convex_only: ClassVar[bool] = False
    uniform_only: ClassVar[bool] = False

    def step(
        self,
        F: np.ndarray,
        model: Split,
        effort: float = 1.0,
        constraint: Constraint | None = None,
    ) -> None:
        """Lower the function that the model is of, in place."""
        tiny = F.dtype.type(np.finfo(F.dtype).tiny)
        pos = np.maximum(model.pos, tiny)
        power = model.power
        if constraint is not None:
            low, high = model.degrees
            power = 1 / (max(high, constraint.degree) - low)
            pos = np.maximum(_multiplied(F, model.neg, pos, power, constraint), tiny)
        ratio = np.divide(model.neg, pos, out=pos)
        if power == 0.5:
            np.sqrt(ratio, out=ratio)
        elif power != 1:
            np.power(ratio, F.dtype.type(power), out=ratio)
        F *= ratio
        lift(F)
        if constraint is not None and constraint.exact:
            scale_into(F, constraint)


def lift(F: np.ndarray, floor: float = 1e-10) -> None:
    """Lift entries to at least `floor` times their mean, in place.

    An entry at zero would never come back from there by a multiplicative step, and one on
    its way would be a denormal float that makes products several times slower.
    """
    least = max(floor * float(F.mean(dtype=np.float64)), 1e-30)
    np.maximum(F, F.dtype.type(least), out=F)


def scale_into(F: np.ndarray, constraint: Constraint) -> None:
    """Scale each row or column of F > 0 so that its sum is what it should be, in place."""
    axis = 1 if constraint.couples == "part" else 0
    assert constraint.total is not None
    sums = (F.astype(np.float64) ** constraint.degree).sum(axis=axis, keepdims=True)
    scale = (constraint.total / sums) ** (1 / constraint.degree)
    F *= (scale if constraint.exact else np.minimum(scale, 1)).astype(F.dtype)


def _multiplied(
    F: np.ndarray, neg: np.ndarray, pos: np.ndarray, power: float, constraint: Constraint
) -> np.ndarray:
    """Return pos with what makes the sums of F^r over rows or columns right.

    That is mu F^(r-1), with one multiplier mu for each sum. The sum of (F (neg / (pos + mu
    F^(r-1)))^p)^r falls and is convex in mu, so that Newton's method from where one entry
    alone makes the sum goes there without turning back.
    """
    axis = 1 if constraint.couples == "part" else 0
    total, degree = constraint.total, constraint.degree
    assert total is not None
    kind = F.dtype
    F, neg, pos = (X.astype(np.float64) for X in (F, neg, pos))
    weight = F ** (degree - 1)
    root = neg * (F / total ** (1 / degree)) ** (1 / power)
    alive = root > 0
    mu = np.where(alive, (root - pos) / np.where(alive, weight, 1), -np.inf)
    mu = mu.max(axis=axis, keepdims=True)
    mu = np.where(np.isfinite(mu), mu, 0)
    if not constraint.exact:
        mu = np.maximum(mu, 0)
    for _ in range(_NEWTON):
        below = np.where(alive, np.maximum(pos + mu * weight, 1e-300), 1)
        parts = np.where(alive, F * (neg / below) ** power, 0) ** degree
        excess = parts.sum(axis=axis, keepdims=True) - total
        slope = -power * degree * (parts * weight / below).sum(axis=axis, keepdims=True)
        move = np.where(slope < 0, excess / np.where(slope < 0, -slope, 1), 0)
        mu = mu + np.maximum(move, 0)
        if np.all(excess <= 1e-12 * total):
            break
    return (pos + mu * weight).astype(kind)
