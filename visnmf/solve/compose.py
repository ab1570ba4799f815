"""Which loss, terms and updates meet, settled before the first iteration or refused.

A refusal names what is missing and what would work.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from visnmf.arguments import check_choice
from visnmf.errors import InvalidInputError
from visnmf.kernels.choose import Kernels
from visnmf.losses.beta import Beta
from visnmf.losses.protocol import Loss
from visnmf.matrices.protocol import Matrix
from visnmf.solve.side import Side, Update
from visnmf.terms.ball import UnitBall
from visnmf.terms.elastic_net import ElasticNet
from visnmf.terms.hoyer import Sparseness
from visnmf.terms.protocol import Constraint, Penalty
from visnmf.updates.block_pivoting import BlockPivoting
from visnmf.updates.fast_gradient import FastGradient
from visnmf.updates.gradient import ProjectedGradient
from visnmf.updates.hals import Hals
from visnmf.updates.multiplicative import Multiplicative
from visnmf.updates.newton_kl import NewtonKL

__all__ = ["UPDATES", "Asked", "compose_side", "sort_terms"]

_FEW = 2  # sweeps where a set is not convex: going far at once ends in worse places

UPDATES = ("auto", "hals", "mu", "gradient", "fast gradient", "bpp", "newton")


@dataclass(frozen=True)
class Asked:
    """What a user asks of one factor.

    Parameters
    ----------
    penalties : tuple of Penalty
        What is added to the loss.
    constraint : Constraint, optional
        What the factor is held to.
    """

    penalties: tuple[Penalty, ...] = ()
    constraint: Constraint | None = None


def sort_terms(terms: Any, factor: str, shape: tuple[int, int]) -> Asked:
    """Return the terms of one factor, sorted and checked against its shape."""
    if terms is None:
        return Asked()
    several = isinstance(terms, Sequence) and not isinstance(terms, str)
    listed = list(terms) if several else [terms]
    penalties, constraints = [], []
    for term in listed:
        if isinstance(term, type):
            raise InvalidInputError(
                f"terms_{factor} holds the class {term.__name__}, but needs one made of it: "
                f"{term.__name__}(...)"
            )
        if isinstance(term, Constraint):
            constraints.append(term)
        elif isinstance(term, Penalty):
            penalties.append(term)
        else:
            raise InvalidInputError(
                f"terms_{factor} holds {term!r}, which is neither a penalty nor a constraint; "
                "visnmf.terms has both"
            )
        term.check(shape)
    if len(constraints) > 1:
        raise InvalidInputError(
            f"terms_{factor} holds {len(constraints)} constraints, "
            f"{' and '.join(term.name for term in constraints)}: no update keeps two at once; "
            "leave one, or ask for the other by a penalty"
        )
    return Asked(tuple(penalties), constraints[0] if constraints else None)


def _bounded(asked: Asked, other: Asked) -> Asked:
    """Hold a factor to |w_k| <= 1 where only the other one is penalized.

    Otherwise a part scaled up and its encodings down would undo the penalty.
    """
    if other.penalties and not asked.penalties:
        if asked.constraint is None:
            return Asked((), UnitBall())
        if isinstance(asked.constraint, Sparseness):
            return Asked((), replace(asked.constraint, unit=True))
    return asked


def compose_side(
    factor: str,
    asked: Asked,
    other: Asked,
    *,
    hold: bool,
    loss: Loss,
    matrix: Matrix,
    shape: tuple[int, int],
    free: np.ndarray | None,
    update: str,
    kernels: Kernels,
    sweeps: int = 8,
    ratio: float = 0.05,
) -> Side:
    """Return the side of one factor, with the update that suits what is asked, or refuse.

    Parameters
    ----------
    factor : str
        "W" or "H", for messages.
    asked, other : Asked
        Penalties and constraint of this factor, and of the other one.
    hold : bool
        Whether to hold it to |w_k| <= 1 where only the other one is penalized.
    loss, matrix
        The loss, and V as the factor sees it.
    shape : tuple of int
        Of the factor as it is kept, (rank, q).
    free : ndarray of int, optional
        The rows that are not known.
    update : str
        One of `UPDATES`.
    kernels, sweeps, ratio
        As `Hals` takes them.
    """
    held = _bounded(asked, other) if hold else asked
    check_choice(update, "update", UPDATES)
    if update == "auto" or (held is not asked and update in ("bpp", "newton")):
        update = _suited(held, loss)  # nobody asked for what holds it
    asked = held
    if held.constraint is not None and not held.constraint.convex:
        sweeps = min(sweeps, _FEW)
    made: dict[str, Update] = {
        "hals": Hals(kernels, sweeps, ratio),
        "mu": Multiplicative(),
        "gradient": ProjectedGradient(),
        "fast gradient": FastGradient(),
        "bpp": BlockPivoting(),
        "newton": NewtonKL(kernels),
    }
    step = made[update]
    kind = step.needs
    if kind == "any":
        kind = "quadratic" if "quadratic" in loss.kinds else "split"
    side = Side(step, kind, asked.penalties, asked.constraint, free, turned=factor == "W")
    _check_model(update, side, loss, matrix)
    _check_penalties(update, factor, side, shape)
    _check_constraint(update, factor, side, loss)
    return side


def _suited(asked: Asked, loss: Loss) -> str:
    constraint = asked.constraint
    if "quadratic" not in loss.kinds:
        sums = constraint is None or constraint.total is not None
        return "mu" if sums else "gradient"
    if constraint is None or constraint.couples in ("entry", "part"):
        return "hals"
    convex = constraint.convex and all(penalty.convex for penalty in asked.penalties)
    return "fast gradient" if convex else "gradient"


def _check_model(update: str, side: Side, loss: Loss, matrix: Matrix) -> None:
    if side.kind == "quadratic" and "quadratic" not in loss.kinds:
        raise InvalidInputError(
            f"update={update!r} needs a quadratic model, which the {loss.name} loss has not; use "
            "update='mu', 'gradient' or 'auto', or loss='frobenius'"
        )
    if side.kind != "entries":
        return
    if not isinstance(loss, Beta) or loss.beta != 1:
        raise InvalidInputError(
            f"update={update!r} is for loss='kullback-leibler', not for {loss.name}; use 'auto'"
        )
    if matrix.kind == "chunked":
        raise InvalidInputError(
            f"update={update!r} goes over all of V again and again, which is read in blocks here; "
            "use update='mu' or 'auto'"
        )
    if matrix.weighted:
        raise InvalidInputError(
            f"update={update!r} has no weights or missing entries; use update='mu' or 'auto'"
        )


def _check_penalties(update: str, factor: str, side: Side, shape: tuple[int, int]) -> None:
    for penalty in side.penalties:
        if not getattr(penalty, "bounded", True) and not _keeps_small(side.constraint):
            raise InvalidInputError(
                f"{penalty.name} on {factor} falls without end as {factor} grows; hold {factor} to "
                "UnitBall or Simplex as well"
            )
        if side.kind == "entries" and not isinstance(penalty, ElasticNet):
            raise InvalidInputError(
                f"update={update!r} has no step with {penalty.name} on {factor}, only with "
                "ElasticNet; use update='mu' or 'auto'"
            )
        if side.kind != "quadratic":
            continue
        if side.update.convex_only and not penalty.convex:
            raise InvalidInputError(
                f"update={update!r} needs a convex model, but {penalty.name} on {factor} is not "
                "convex; use update='hals', 'mu' or 'auto'"
            )
        if side.update.uniform_only:
            d = penalty.bound(np.zeros(shape, np.float32)).d
            if d is not None:
                raise InvalidInputError(
                    f"update={update!r} needs one curvature for all columns, which {penalty.name} "
                    f"on {factor} does not leave; use update='hals', 'fast gradient' or 'auto'"
                )


def _keeps_small(constraint: Constraint | None) -> bool:
    return constraint is not None and constraint.total is not None


def _check_constraint(update: str, factor: str, side: Side, loss: Loss) -> None:
    constraint = side.constraint
    if constraint is None:
        return
    by_sums = isinstance(side.update, Multiplicative) and constraint.total is None
    if constraint.couples not in side.update.couples or by_sums:
        raise InvalidInputError(
            f"update={update!r} cannot hold {factor} to {constraint.name}; use update='gradient' "
            "or 'auto'"
        )
    if isinstance(loss, Beta) and loss.beta <= 1 and not constraint.convex:
        raise InvalidInputError(
            f"{constraint.name} on {factor} leaves pixels that no part holds, from which the "
            f"{loss.name} divergence is infinite; use loss='frobenius', or ask for sparseness by "
            "terms ElasticNet(l1=...)"
        )
    if isinstance(side.update, FastGradient) and not constraint.convex:
        raise InvalidInputError(
            f"update={update!r} needs a convex set, but {constraint.name} on {factor} is not; use "
            "update='hals', 'gradient' or 'auto'"
        )
    if side.free is not None and constraint.couples == "image":
        raise InvalidInputError(
            f"{constraint.name} couples known rows of {factor} with free ones; know the other "
            "factor's parts instead, or leave the constraint out"
        )
