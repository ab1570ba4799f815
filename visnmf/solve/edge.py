"""What comes in from users, checked once and brought to the form that the core trusts."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

from visnmf.errors import InvalidInputError
from visnmf.machine import memory_of_machine

__all__ = [
    "check_cast",
    "check_factor",
    "check_room",
    "check_seed",
    "check_values",
    "columns_of",
    "spawn",
]

_MOST = {4: 1e15, 8: 1e75}  # of a factor's entries, by the bytes of a float


def check_values(V: Any, name: str = "V") -> np.ndarray:
    """Return V as a float32 or float64 array of two dimensions, finite and non-negative.

    An ImageSet gives its columns. Floats of 32 and 64 bits in native byte order are taken
    as they are, not copied; all else becomes float64, but for integers of up to 16 bits,
    which float32 holds exactly, and float16. Products of fourth degree in the entries must
    stay in range: float32 whose largest entry is beyond 1e-9 to 1e9 becomes float64.
    """
    values = columns_of(V)
    if hasattr(values, "tocsr"):
        raise InvalidInputError(
            f"{name} is sparse, but has to be an array here; use {name}.toarray()"
        )
    if np.ma.is_masked(values):
        raise InvalidInputError(
            f"{name} has masked entries; fill them first, or give {name}.data with "
            f"observed=~{name}.mask where that is taken"
        )
    try:
        values = np.asarray(values)
    except ValueError as error:
        raise InvalidInputError(f"{name} is not an array of numbers: {error}") from error
    if values.dtype.kind not in "fiub":
        raise InvalidInputError(f"{name} must hold real numbers, but its dtype is {values.dtype}")
    if values.ndim != 2:
        raise InvalidInputError(
            f"{name} must have two dimensions, pixels x images, but its shape is "
            f"{values.shape}; visnmf.load_images makes such an array of pictures"
        )
    if 0 in values.shape:
        raise InvalidInputError(f"{name} is empty: its shape is {values.shape}")
    small = values.dtype.itemsize <= (4 if values.dtype.kind == "f" else 2)
    values = values.astype(np.float32 if small else np.float64, copy=False)
    least, most = float(values.min()), float(values.max())
    if not (math.isfinite(least) and math.isfinite(most)):
        bad = int(values.size - np.isfinite(values).sum())
        raise InvalidInputError(
            f"{name} holds {bad} entries that are NaN or infinite; replace them first, "
            "for example by numpy.nan_to_num"
        )
    if least < 0:
        raise InvalidInputError(
            f"{name} holds negative entries, down to {least:.6g}; non-negative matrix "
            "factorization needs entries of at least 0: shift or clip them first"
        )
    if values.dtype == np.float32 and 0 < most and not 1e-9 <= most <= 1e9:
        values = values.astype(np.float64)
    if 0 < most and not 1e-75 <= most <= 1e75:
        raise InvalidInputError(
            f"{name} holds entries up to {most:.3g}, too far from 1 for floats to multiply and "
            f"add up; scale {name} first"
        )
    return values


def columns_of(V: Any) -> Any:
    """Return the columns of an ImageSet; anything else as it is."""
    return V.V if hasattr(V, "V") and hasattr(V, "layout") else V


def check_room(rank: int, m: int, itemsize: int) -> None:
    """Refuse a rank whose parts, and their products with each other, this machine cannot hold."""
    memory = memory_of_machine()
    if memory is None:
        return  # not told on this system: then allocation itself must fail
    needed = rank * (m + rank) * itemsize
    if needed > memory:
        raise InvalidInputError(
            f"rank={rank} takes {needed / 2**30:,.0f} GiB for W and W'W, and this machine has "
            f"{memory / 2**30:.0f}; V of {m} rows needs far fewer parts"
        )


def check_seed(seed: Any) -> np.random.Generator:
    """Return the generator of a seed, or the one that is given."""
    if isinstance(seed, np.random.Generator):
        return seed
    if isinstance(seed, bool) or not isinstance(seed, int | np.integer) or seed < 0:
        raise InvalidInputError(
            f"seed must be a whole number of at least 0 or a numpy.random.Generator, not {seed!r}"
        )
    return np.random.default_rng(int(seed))


def spawn(seed: Any, count: int) -> list[np.random.Generator]:
    """Return so many children of a seed or a generator."""
    try:
        return check_seed(seed).spawn(count)
    except TypeError as error:
        raise InvalidInputError(
            "several fits need children of the generator, which one made from a RandomState "
            "cannot have; give a whole number, or numpy.random.default_rng(0)"
        ) from error


def check_factor(F: Any, shape: tuple[int, int], dtype: np.dtype[Any], name: str) -> np.ndarray:
    """Return a given factor of this shape as a non-negative array of V's dtype."""
    values = check_values(F, name)
    if values.shape != shape:
        raise InvalidInputError(f"{name} has shape {values.shape}; V and the rank need {shape}")
    return check_cast(values, dtype, name)


def check_cast(values: np.ndarray, dtype: np.dtype[Any], name: str) -> np.ndarray:
    """Return values in V's dtype, or refuse those that it cannot hold and multiply."""
    if values.size and float(values.max()) > _MOST[np.dtype(dtype).itemsize]:
        raise InvalidInputError(
            f"{name} holds entries up to {values.max():.3g}, too large to go with a V of dtype "
            f"{dtype}; scale {name} first"
        )
    return values.astype(dtype, copy=False)
