"""What a user may give beside V, checked: a start, known parts, a smoothing, terms."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from visnmf.arguments import check_number
from visnmf.errors import InvalidInputError
from visnmf.matrices.protocol import SQUARED_VALUE, Matrix
from visnmf.solve.compose import Asked
from visnmf.solve.edge import check_cast, check_factor, check_values
from visnmf.solve.naming import delta_of

__all__ = ["check_delta", "check_known", "check_smoothing", "check_start", "described"]

_LEAST_DELTA = 1e-4  # of the root mean square of V: from there down fits stay where they begin


def check_start(
    matrix: Matrix, rank: int, W: Any, H: Any, mixing: np.ndarray | None
) -> tuple[np.ndarray, np.ndarray] | None:
    """Return W' and H where they are given; with smoothing, the H that it is still to act on."""
    if W is None and H is None:
        return None
    if W is None or H is None:
        raise InvalidInputError("give both W and H to start from, or neither")
    m, n = matrix.shape
    W = check_factor(W, (m, rank), matrix.dtype, "W")
    H = check_factor(H, (rank, n), matrix.dtype, "H")
    if mixing is not None:
        H = np.maximum(np.linalg.pinv(mixing) @ H, 0).astype(matrix.dtype)
    return W.T, H


def check_delta(loss: str | float, matrix: Matrix) -> None:
    """Refuse a delta of the Huber loss beside which all residuals are large.

    Its steps then hardly move, and what comes of them is where they began.
    """
    delta = delta_of(loss)
    if delta is None:
        return
    m, n = matrix.shape
    usual = math.sqrt(matrix.total(None, None, SQUARED_VALUE) / (m * n))
    if delta < _LEAST_DELTA * usual:
        raise InvalidInputError(
            f"the delta in loss={loss!r} is less than {_LEAST_DELTA:g} of the root mean square of "
            f"V, {usual:.3g}, so that next to all residuals count in proportion; use loss='l1', "
            "which they all do with, or loss='huber', which takes its delta from V"
        )


def check_known(
    known: Any, shape: tuple[int | None, int | None], matrix: Matrix, name: str
) -> np.ndarray | None:
    """Return known parts or encodings as rows, in V's dtype."""
    if known is None:
        return None
    values = np.asarray(known)
    if values.ndim == 1:
        values = values[:, None] if shape[1] is None else values[None]
    values = check_cast(check_values(values, name), matrix.dtype, name)
    axis = 0 if shape[1] is None else 1
    if values.shape[axis] != shape[axis]:
        needed = "one row for each pixel" if axis == 0 else "one column for each image"
        raise InvalidInputError(
            f"{name} has shape {values.shape}, but V is {matrix.shape}; it needs {needed}"
        )
    return np.ascontiguousarray(values.T if axis == 0 else values)


def check_smoothing(smoothing: float, rank: int, matrix: Matrix) -> np.ndarray | None:
    """Return S of V ~ W S H."""
    theta = check_number(smoothing, "smoothing")
    if theta > 1:
        raise InvalidInputError(f"smoothing must be from 0 to 1, not {smoothing!r}")
    if theta == 0:
        return None
    return ((1 - theta) * np.eye(rank) + theta / rank).astype(matrix.dtype)


def described(asked: Asked) -> list[str]:
    """Return terms with their settings, arrays left out."""
    terms = [*asked.penalties, *([] if asked.constraint is None else [asked.constraint])]
    found = []
    for term in terms:
        settings = {
            name: value
            for name, value in vars(term).items()
            if isinstance(value, int | float | str) and not name.startswith("_")
        }
        told = ", ".join(f"{name}={value!r}" for name, value in settings.items())
        found.append(f"{type(term).__name__}({told})")
    return found
