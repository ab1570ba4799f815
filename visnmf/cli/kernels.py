"""Whether a program that runs once should load the compiled kernels."""

from __future__ import annotations

__all__ = ["ENCODING", "kernels_for_one_run"]

_LOADING_SECONDS = 0.6
"""What importing numba and loading cached kernels costs a process; compiling, thrice that."""

_SECONDS_PER_ROW = 4e-6
_SECONDS_PER_STEP = 3e-11
"""What NumPy takes longer for a row of a factor, and for a multiply-add of a sweep."""

_SWEEPS = 8
"""Inner sweeps of an iteration of a fit."""

_ITERATIONS = 100
"""Iterations after which most fits have ended, whatever their bound."""

ENCODING = 6
"""What encoding pictures takes, in iterations of a fit."""


def kernels_for_one_run(rank: int, length: int, iterations: int) -> str:
    """Return the `kernels` setting that ends a single run sooner.

    Parameters
    ----------
    rank : int
        The rank.
    length : int
        Columns of the factors that are swept: m + n for a fit, n for an encoding.
    iterations : int
        The most iterations of a fit, or `ENCODING`.

    Returns
    -------
    {"auto", "numpy"}
        "numpy" where loading the compiled kernels would cost more than they save.
    """
    rows = 2 * rank * _SWEEPS * min(iterations, _ITERATIONS)
    saved = rows * (_SECONDS_PER_ROW + _SECONDS_PER_STEP * rank * length / 2)
    return "auto" if saved > _LOADING_SECONDS else "numpy"
