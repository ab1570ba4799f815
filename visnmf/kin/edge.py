"""Checks of input that the kin need beside those of `visnmf.solve.edge`."""

from __future__ import annotations

from typing import Any

import numpy as np

from visnmf.errors import InvalidInputError
from visnmf.solve.edge import check_values

__all__ = ["check_dense", "check_signed"]


def check_dense(V: Any, name: str = "V") -> np.ndarray:
    """Return V as `check_values` does, but refuse it where it is sparse."""
    _refuse_sparse(V, name)
    return check_values(V, name)


def check_signed(V: Any, name: str = "V") -> np.ndarray:
    """Return V as `check_values` does, but with entries of either sign."""
    _refuse_sparse(V, name)
    values = V.V if hasattr(V, "V") and hasattr(V, "layout") else V
    if np.ma.is_masked(values):
        raise InvalidInputError(f"{name} has masked entries; fill them first")
    try:
        values = np.asarray(values)
    except ValueError as error:
        raise InvalidInputError(f"{name} is not an array of numbers: {error}") from error
    if values.dtype.kind == "i":  # the least integer has no absolute value of its type
        values = values.astype(np.float32 if values.dtype.itemsize <= 2 else np.float64)
    sizes = check_values(np.abs(values) if values.dtype.kind == "f" else values, name)
    return values.astype(sizes.dtype, copy=False)


def _refuse_sparse(V: Any, name: str) -> None:
    if hasattr(V, "tocsr"):
        raise InvalidInputError(
            f"{name} is sparse, which this method cannot factorize; use {name}.toarray()"
        )
