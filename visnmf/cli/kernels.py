"""Whether a program that runs once should load the compiled kernels."""

from __future__ import annotations

__all__ = ["ENCODING", "kernels_for_one_run"]

_WORTH_COMPILING = 1.25
"""Seconds to save before compiled kernels are asked for.

Where nothing is cached yet a process spends some 2 s on compiling; 1.25 s saved keep it within 1.3
times of what it would take without. Cached kernels load in 0.4 s, but whether they are cached
must not decide which path runs.
"""

_SECONDS_PER_ROW = 1e-6
_SECONDS_PER_STEP = 7e-11
"""What NumPy takes longer for a row of a factor, and for a multiply-add of a sweep."""

_SWEEPS = 8
"""Inner sweeps of an iteration of a fit."""

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
    rows = 2 * rank * _SWEEPS * min(iterations, _usual_iterations(rank, length))
    saved = rows * (_SECONDS_PER_ROW + _SECONDS_PER_STEP * rank * length / 2)
    return "auto" if saved > _WORTH_COMPILING else "numpy"


def _usual_iterations(rank: int, length: int) -> float:
    """Return after how many iterations most fits end, as `visnmf.solve.cost` tells.

    Written out, since that would load the solver before it is known to be needed.
    """
    return 20 * rank**0.7 / length ** (1 / 7)
