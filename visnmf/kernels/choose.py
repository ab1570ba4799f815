"""Which kernels run: a matter of the problem and of what is installed, nothing else."""

from __future__ import annotations

import functools
import importlib
import importlib.util
import sys
import warnings
from types import FrameType
from typing import Protocol, cast

import numpy as np

from visnmf.arguments import check_choice
from visnmf.errors import MissingDependencyError
from visnmf.kernels.tiles import Sums

__all__ = ["KERNELS", "Kernels", "choose_kernels"]

KERNELS = ("auto", "compiled", "numpy")

_WORTH_LOADING = 50_000
"""The least rank^2 (m + n), multiply-adds of a sweep of both factors, for compiled code.

Below it a sweep of the NumPy kernels takes some tenths of a millisecond, and a whole
fit less than loading the compiled ones does.
"""

_OURS = ("visnmf", "sklearn")
"""Packages whose lines are not the user's: estimators are called through scikit-learn."""


class Kernels(Protocol):
    """A module of sweeps over one factor; `visnmf.kernels.reference` tells what each does."""

    SWEEP_COST: float

    def hals(  # noqa: D102
        self, F: np.ndarray, G: np.ndarray, B: np.ndarray, sweeps: int, ratio: float
    ) -> None: ...

    def nnls(  # noqa: D102
        self, F: np.ndarray, G: np.ndarray, B: np.ndarray, sweeps: int, goal: float
    ) -> int: ...

    def push(  # noqa: D102
        self, behind: np.ndarray, F: np.ndarray, beta: float
    ) -> np.ndarray: ...

    def sums(self, F: np.ndarray, G: np.ndarray, B: np.ndarray) -> Sums: ...  # noqa: D102


def choose_kernels(name: str, rank: int, length: int) -> Kernels:
    """Return the kernels for factors of `rank` rows and `length` columns in all.

    Parameters
    ----------
    name : {"auto", "compiled", "numpy"}
        "auto" takes the compiled ones where numba is installed and the problem is not tiny.
    rank, length : int
        The rank, and m + n.

    Raises
    ------
    MissingDependencyError
        If "compiled" is asked for and numba is not installed.
    InvalidInputError
        If the name is none of the three.
    """
    check_choice(name, "kernels", KERNELS)
    installed = importlib.util.find_spec("numba") is not None
    if name == "compiled" and not installed:
        raise MissingDependencyError(
            "kernels='compiled' needs numba: pip install 'visnmf[fast]', or use kernels='auto'"
        )
    compiled = name == "compiled" or (
        name == "auto" and installed and rank * rank * length >= _WORTH_LOADING
    )
    if compiled:
        try:
            return cast(Kernels, importlib.import_module("visnmf.kernels.compiled"))
        except ImportError as error:  # numba refuses a NumPy that is newer than it knows
            if name == "compiled":
                raise MissingDependencyError(f"numba cannot be loaded: {error}") from error
            _warn(str(error))
    return cast(Kernels, importlib.import_module("visnmf.kernels.reference"))


@functools.cache
def _warn(reason: str) -> None:
    """Tell at the user's line that numba is no help, once in a process and not at every fit."""
    warnings.warn(
        f"numba is installed but cannot be loaded, so NumPy does its work: {reason}",
        RuntimeWarning,
        stacklevel=1 + _depth(sys._getframe()),
    )


def _depth(frame: FrameType | None) -> int:
    """Return how many frames from this one on are ours, or scikit-learn's around ours."""
    depth = 0
    while frame is not None and _package(frame) in _OURS:
        frame, depth = frame.f_back, depth + 1
    return depth


def _package(frame: FrameType) -> str:
    return str(frame.f_globals.get("__name__", "")).partition(".")[0]
