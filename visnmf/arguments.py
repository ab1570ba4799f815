"""What callers give, checked: a number, a choice, something to call, the name of a file."""

from __future__ import annotations

import os
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from visnmf.errors import InvalidInputError

__all__ = [
    "check_callable",
    "check_choice",
    "check_floats",
    "check_generator",
    "check_instance",
    "check_integer",
    "check_number",
    "check_path",
    "check_sequence",
]

_LONG = 80  # letters of a value that a message shows


def _shown(value: Any) -> str:
    """Return a value as a message shows it."""
    try:
        return f"{value!r:.{_LONG}}"
    except ValueError:  # Python does not write numbers of thousands of digits
        return "a number of thousands of digits"


def check_integer(value: Any, name: str, least: int, most: int = sys.maxsize) -> int:
    """Return a whole number that is large enough, and small enough for arrays and floats."""
    if isinstance(value, bool) or not isinstance(value, int | np.integer) or value < least:
        raise InvalidInputError(
            f"{name} must be a whole number of at least {least}, not {_shown(value)}"
        )
    if value > most:
        raise InvalidInputError(f"{name} must be at most {most:,}, not {_shown(value)}")
    return int(value)


def check_number(value: Any, name: str, least: float = 0.0) -> float:
    """Return a number that is large enough, perhaps infinite."""
    real = isinstance(value, int | float | np.integer | np.floating)
    if isinstance(value, bool) or not real or not value >= least:
        bound = f" of at least {least:g}" if np.isfinite(least) else ""
        raise InvalidInputError(f"{name} must be a number{bound}, not {_shown(value)}")
    try:
        return float(value)
    except OverflowError as error:  # of Python's own, which know no bound
        raise InvalidInputError(
            f"{name} must be a number that a float holds, not {_shown(value)}"
        ) from error


def check_choice(value: Any, name: str, known: Sequence[str]) -> str:
    """Return a name that is one of those known."""
    if not isinstance(value, str) or value not in known:
        raise InvalidInputError(
            f"{name}={_shown(value)} is not known; use one of {', '.join(known)}"
        )
    return value


def check_callable(value: Any, name: str) -> Any:
    """Return something that can be called, or None."""
    if value is not None and not callable(value):
        raise InvalidInputError(
            f"{name} must be a function, or something else that can be called, or None, "
            f"not {_shown(value)}"
        )
    return value


def check_path(value: Any, name: str) -> Path:
    """Return the name of a file or folder as a Path."""
    if not isinstance(value, str | os.PathLike):
        raise InvalidInputError(
            f"{name} must be the name of a file or folder, text or a Path, not {_shown(value)}"
        )
    return Path(value)


def check_instance(value: Any, name: str, kind: type | tuple[type, ...], maker: str) -> Any:
    """Return a value of this kind, or say by what one is made.

    Parameters
    ----------
    value : object
        What was given.
    name : str
        Of the argument.
    kind : type or tuple of types
        What is needed.
    maker : str
        By what one is made, such as "visnmf.load_images makes one".
    """
    if not isinstance(value, kind):
        kinds = kind if isinstance(kind, tuple) else (kind,)
        wanted = " or ".join(each.__name__ for each in kinds)
        raise InvalidInputError(
            f"{name} must be of the type {wanted}, not {type(value).__name__}; {maker}"
        )
    return value


def check_sequence(value: Any, name: str, what: str) -> list[Any]:
    """Return the items of a list, a tuple or an array, but not the letters of a text."""
    if isinstance(value, str | bytes) or not hasattr(value, "__iter__"):
        raise InvalidInputError(f"{name} must be a list of {what}, not {_shown(value)}")
    try:
        return list(value)
    except TypeError as error:  # an array without dimensions
        raise InvalidInputError(f"{name} must be a list of {what}, not {value!r}") from error


def check_generator(seed: Any) -> np.random.Generator:
    """Return a generator of whatever `numpy.random.default_rng` makes one of."""
    try:
        return np.random.default_rng(seed)
    except (TypeError, ValueError) as error:
        raise InvalidInputError(
            f"seed must be a whole number of at least 0, not {_shown(seed)}"
        ) from error


def check_floats(value: Any, name: str) -> np.ndarray:
    """Return an array of float64, of whatever can be one."""
    try:
        return np.asarray(value, dtype=np.float64)
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidInputError(
            f"{name} must hold numbers, which {_shown(value)} does not: {error}"
        ) from error
