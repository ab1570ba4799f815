"""Greedy coordinate descent for sparse encodings, in NumPy: what the compiled one must equal.

Of an encoding that is nearly all zeros, a sweep over all parts moves few. Here each step moves
the one entry that has farthest to go (Hsieh & Dhillon, "Fast coordinate descent methods with
variable selection for non-negative matrix factorization", KDD 2011; Gauss-Southwell's rule),
and the work grows with the number of entries that are not zero instead of with rank^2.
"""

from __future__ import annotations

import importlib
import importlib.util
from typing import Protocol, cast

import numpy as np

__all__ = ["Greedy", "choose_greedy", "descend"]

_WORTH_LOADING = 2_000_000
"""The least entries of the encodings for compiled code."""


class Greedy(Protocol):
    """A module of greedy descent; this one tells what it does."""

    def descend(  # noqa: D102
        self, B: np.ndarray, G: np.ndarray, H: np.ndarray, limit: int, goal: float
    ) -> int: ...


def descend(B: np.ndarray, G: np.ndarray, H: np.ndarray, limit: int, goal: float) -> int:
    """Minimize h'G h / 2 - b'h over h >= 0 for each row b of B, from h = 0.

    Parameters
    ----------
    B : ndarray (n, rank)
        A row a problem; a penalty on the sum of h is subtracted already. Becomes B - H G.
    G : ndarray (rank, rank)
        The Gram matrix of parts of unit length: its diagonal is 1.
    H : ndarray (n, rank)
        Written: the encodings, a row each.
    limit : int
        The most steps of a row.
    goal : float
        A row is done when no entry would move farther than this share of its first step.

    Returns
    -------
    int
        The steps taken in all.
    """
    H[...] = 0
    first = B.max(axis=1, initial=0)
    stop = B.dtype.type(goal) * first
    active = np.flatnonzero(first > 0)
    taken = 0
    for _ in range(limit):
        moves = np.maximum(B[active], -H[active])
        best = np.abs(moves).argmax(axis=1)
        step = moves[np.arange(len(active)), best]
        going = np.abs(step) > stop[active]
        active, best, step = active[going], best[going], step[going]
        if not len(active):
            break
        H[active, best] += step
        B[active] -= step[:, None] * G[best]
        taken += len(active)
    return taken


def choose_greedy(size: int) -> Greedy:
    """Return the compiled descent where numba is installed and so many entries are asked for."""
    name = "greedy"
    if size >= _WORTH_LOADING and importlib.util.find_spec("numba") is not None:
        name = "compiled_greedy"
    try:
        return cast(Greedy, importlib.import_module(f"visnmf.kernels.{name}"))
    except ImportError:  # numba refuses a NumPy that is newer than it knows
        return cast(Greedy, importlib.import_module("visnmf.kernels.greedy"))
