"""Losses by the names that users give them."""

from __future__ import annotations

import difflib
from typing import Any

import numpy as np

from visnmf.errors import InvalidInputError
from visnmf.losses.absolute import Absolute
from visnmf.losses.beta import Beta
from visnmf.losses.frobenius import Frobenius
from visnmf.losses.huber import Huber
from visnmf.losses.image_norms import ImageNorms
from visnmf.losses.protocol import Loss
from visnmf.matrices.protocol import Matrix

__all__ = ["LOSSES", "ROBUST", "delta_of", "is_robust", "make_loss", "named"]

LOSSES = {
    "frobenius": 2.0,
    "kullback-leibler": 1.0,
    "kl": 1.0,
    "itakura-saito": 0.0,
    "is": 0.0,
}
"""Names of losses, and their beta."""

ROBUST = ("huber", "l21", "l1")
"""Names of losses in which large residuals count less than their squares."""

_MOST_BETA = 1e100  # what a float holds, and more than makes sense


def make_loss(loss: str | float, matrix: Matrix) -> Loss:
    """Return a loss by its name or its beta, checked against V."""
    loss = named(loss)
    if loss == "l1":
        return Absolute(matrix)
    if loss == "l21":
        return ImageNorms(matrix)
    if isinstance(loss, str):
        delta = delta_of(loss)
        if delta is None:
            raise InvalidInputError(
                "loss='huber' needs its delta here, the residual from which it grows in "
                "proportion; use loss='huber:0.1' or another number, such as the one that "
                "visnmf.factorize chose: result.settings['loss'] tells"
            )
        return Huber(matrix, delta)
    return Frobenius(matrix) if loss == 2 else Beta(matrix, loss)


def named(loss: str | float) -> str | float:
    """Return a beta as a number, and the name of a robust loss in lower case."""
    known = ", ".join(repr(name) for name in (*LOSSES, *ROBUST))
    if not isinstance(loss, str):
        if _is_number(loss) and abs(loss) < _MOST_BETA:
            return float(loss)
        raise InvalidInputError(f"loss must be one of {known} or a finite beta, not {loss!r}")
    name = loss.strip().lower()
    if name in LOSSES:
        return LOSSES[name]
    first, colon, rest = name.partition(":")
    if first not in ROBUST:
        close = difflib.get_close_matches(first, (*LOSSES, *ROBUST), n=1)
        hint = f" (did you mean {close[0]!r}?)" if close else ""
        raise InvalidInputError(f"loss={loss!r} is not known{hint}; use one of {known} or a beta")
    if colon and first != "huber":
        raise InvalidInputError(f"loss={loss!r} takes no number after it; use loss={first!r}")
    if colon and not _is_delta(rest):
        raise InvalidInputError(
            f"the delta in loss={loss!r} must be a number above 0; use loss='huber:0.1' or another "
            "one, or loss='huber', which takes it from the pictures"
        )
    return name


def is_robust(loss: str | float) -> bool:
    """Tell whether a loss is one of `ROBUST`, with a number after it perhaps."""
    return isinstance(loss, str) and loss.strip().lower().partition(":")[0] in ROBUST


def delta_of(loss: str | float) -> float | None:
    """Return the number in "huber:0.1", None where there is none."""
    _, colon, rest = loss.partition(":") if isinstance(loss, str) else ("", "", "")
    return float(rest) if colon else None


def _is_delta(text: str) -> bool:
    try:
        return 0 < float(text) < np.inf
    except ValueError:
        return False


def _is_number(loss: Any) -> bool:
    return isinstance(loss, int | float | np.number) and not isinstance(loss, bool)
