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
        neg, pos = model.neg, np.maximum(model.pos, tiny)
        power = model.power
        blind = (pos <= tiny) & (neg <= tiny)
        if blind.any():  # nothing known depends on these: they stay, or go with their sums
            amount = pos.mean(dtype=np.float64).astype(pos.dtype)
            neg, pos = (np.where(blind, max(amount, tiny), half) for half in (neg, pos))
        if constraint is not None:
            low, high = model.degrees
            power = 1 / (max(high, constraint.degree) - min(low, 1.0))
            neg, pos = _multiplied(F, neg, pos, power, constraint)
        ratio = np.divide(neg, pos, out=pos)
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
) -> tuple[np.ndarray, np.ndarray]:
    """Return neg and pos with what makes the sums of F^r over rows or columns right.

    That is mu F^(r-1) with one multiplier mu for each sum, on the side of its sign: pos where
    a sum is to fall, neg where it is to rise.
    """
    axis = 1 if constraint.couples == "part" else 0
    total, degree = constraint.total, constraint.degree
    assert total is not None
    kind = F.dtype
    F, neg, pos = (X.astype(np.float64) for X in (F, neg, pos))
    weight = F ** (degree - 1)
    sums = ((F * (neg / pos) ** power) ** degree).sum(axis=axis, keepdims=True)
    fall = _fall(F, neg, pos, weight, power, total, degree, axis)
    more = np.where(sums > total, fall, 0) * weight
    less = np.zeros_like(more)
    if constraint.exact and np.any(sums < total):
        less = np.where(sums < total, _rise(F, neg, pos, power, total, axis), 0)
    return (neg + less).astype(kind), (pos + more).astype(kind)


def _fall(
    F: np.ndarray,
    neg: np.ndarray,
    pos: np.ndarray,
    weight: np.ndarray,
    power: float,
    total: float,
    degree: int,
    axis: int,
) -> np.ndarray:
    """Return mu >= 0 at which the sums of (F (neg / (pos + mu weight))^p)^r are `total`.

    They fall and are convex in mu, so that Newton's method from where one entry alone makes
    the sum goes there without turning back.
    """
    root = neg * (F / total ** (1 / degree)) ** (1 / power)
    mu = np.where(weight > 0, (root - pos) / np.where(weight > 0, weight, 1), 0)
    mu = np.maximum(mu.max(axis=axis, keepdims=True), 0)
    for _ in range(_NEWTON):
        below = pos + mu * weight
        parts = (F * (neg / below) ** power) ** degree
        excess = parts.sum(axis=axis, keepdims=True) - total
        slope = power * degree * (parts * weight / below).sum(axis=axis, keepdims=True)
        mu = mu + np.where(slope > 0, np.maximum(excess, 0) / np.where(slope > 0, slope, 1), 0)
        if np.all(excess <= 1e-12 * total):
            break
    return mu


def _rise(
    F: np.ndarray, neg: np.ndarray, pos: np.ndarray, power: float, total: float, axis: int
) -> np.ndarray:
    """Return nu >= 0 at which the sums of F ((neg + nu) / pos)^p are `total`.

    They rise and are concave in nu, so that Newton's method from zero does not turn back.
    """
    # The slope at zero may be infinite
    nu = np.full_like(F.sum(axis=axis, keepdims=True), 1e-12 * float(pos.mean()))
    for _ in range(_NEWTON):
        above = neg + nu
        parts = F * (above / pos) ** power
        excess = total - parts.sum(axis=axis, keepdims=True)
        slope = power * (parts / above).sum(axis=axis, keepdims=True)
        nu = nu + np.where(slope > 0, np.maximum(excess, 0) / np.where(slope > 0, slope, 1), 0)
        if np.all(excess <= 1e-12 * total):
            break
    return nu
