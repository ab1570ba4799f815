"""What the terms ask of their settings and of the shape of a factor."""

from __future__ import annotations

from typing import Any

import numpy as np

from visnmf.errors import InvalidInputError

__all__ = ["check_amount", "check_columns"]

_MOST = 1e300  # what makes sense, and a float can hold


def check_amount(value: Any, name: str) -> float:
    """Return a finite number of at least zero."""
    real = isinstance(value, int | float | np.integer | np.floating)
    if isinstance(value, bool) or not real or not 0 <= value < _MOST:
        raise InvalidInputError(f"{name} must be a finite number of at least 0, not {value!r}")
    return float(value)


def check_columns(shape: tuple[int, int], needed: int, what: str) -> None:
    """Refuse a factor that does not have the columns that a term was made for."""
    if shape[1] != needed:
        raise InvalidInputError(
            f"{what} {needed}, but the factor has {shape[1]} columns; the columns of H are "
            "images, those of W' are the pixels kept in V"
        )
