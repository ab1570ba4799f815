"""Residuals of a block of a V with weights, in NumPy: what the compiled ones must equal."""

from __future__ import annotations

import importlib
import importlib.util
from typing import Protocol, cast

import numpy as np

__all__ = ["Masking", "choose_masking", "residual"]

_WORTH_LOADING = 500_000
"""The least entries of V for compiled code."""


class Masking(Protocol):
    """A module of residuals; this one tells what it does."""

    def residual(  # noqa: D102
        self, V: np.ndarray, M: np.ndarray, place: tuple[slice, slice], Y: np.ndarray
    ) -> float: ...


def residual(V: np.ndarray, M: np.ndarray, place: tuple[slice, slice], Y: np.ndarray) -> float:
    """Write M * (V - Y) over Y; return the sum of M * (V - Y)^2, in float64.

    Parameters
    ----------
    V, M : ndarray (m, n)
        The entries and their weights, booleans or numbers.
    place : tuple of slice
        Where in V the block lies.
    Y : ndarray
        The block of A'F.
    """
    np.subtract(V[place], Y, out=Y)
    if M.dtype == bool:
        np.multiply(Y, M[place], out=Y, dtype=Y.dtype)
        return float(np.einsum("ij,ij->i", Y, Y).sum(dtype=np.float64))
    plain = Y.copy()
    Y *= M[place]
    return float(np.einsum("ij,ij->i", plain, Y).sum(dtype=np.float64))


def choose_masking(size: int) -> Masking:
    """Return the compiled residuals where numba is installed and V has so many entries."""
    name = "masking"
    if size >= _WORTH_LOADING and importlib.util.find_spec("numba") is not None:
        name = "compiled_masking"
    try:
        return cast(Masking, importlib.import_module(f"visnmf.kernels.{name}"))
    except ImportError:  # numba refuses a NumPy that is newer than it knows
        return cast(Masking, importlib.import_module("visnmf.kernels.masking"))
