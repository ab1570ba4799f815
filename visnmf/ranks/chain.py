"""Fits of many ranks, each begun from one of a rank near it."""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from visnmf.ranks.growing import grow
from visnmf.ranks.merging import merge
from visnmf.solve.factorize import factorize
from visnmf.solve.interrupts import whole

__all__ = ["Chain", "Fit"]

_BETTER = 0.005  # share of the objective: another minimum, and not a fit that went on


@dataclass
class Fit:
    """The best fit of a rank so far, and what it was begun from.

    Parameters
    ----------
    W, H : ndarray (m, rank), (rank, n)
        The pair.
    objective : float
        Half the squared error of what is known.
    origins : set of (int, int)
        Ranks that it was begun from, and which fit of each.
    version : int
        How often a better one was found.
    """

    W: np.ndarray
    H: np.ndarray
    objective: float
    origins: set[tuple[int, int]]
    version: int = 0


@dataclass
class Chain:
    """The fits of one V, each begun from that of the next lower rank.

    Parameters
    ----------
    V : ndarray (m, n)
        Images as columns.
    observed : ndarray of bool (m, n), optional
        Which entries are known; the others are never looked at.
    seed : int
        Of the first fit.
    settings : dict
        As of `visnmf.factorize`.
    """

    V: np.ndarray
    observed: np.ndarray | None
    seed: int
    settings: dict[str, Any]
    fits: dict[int, Fit] = field(default_factory=dict)

    def fit(self, rank: int) -> Fit:
        """Return the fit of a rank, begun from the next lower one."""
        if rank not in self.fits:
            self.fits[rank] = self._from(rank, max((r for r in self.fits if r < rank), default=0))
        return self.fits[rank]

    def improve(self, rank: int) -> bool:
        """Begin a rank from the ranks beside it too, and keep what is better.

        A step over many ranks ends now and then in a poor minimum, where two parts share what is
        one, and another one is missing; from a rank beside it the same fit finds it.
        The answer is whether the fit is another one now.
        """
        known = self.fits[rank]
        below = max((r for r in self.fits if r < rank), default=0)
        above = min((r for r in self.fits if r > rank), default=0)
        for other in (below, above):
            if not other or (other, self.fits[other].version) in known.origins:
                continue
            again = self._from(rank, other)
            known.origins |= again.origins
            if again.objective < known.objective * (1 - _BETTER):
                again.origins, again.version = known.origins, known.version + 1
                self.fits[rank] = again
                return True
        return False

    def _from(self, rank: int, other: int) -> Fit:
        """Return a fit that begins from that of another rank; 0 for none."""
        start: dict[str, Any] = {}
        origins = set()
        if other:
            near = self.fits[other]
            if other < rank:
                start["W"], start["H"] = grow(self.V, self.observed, near.W, near.H, rank)
            else:
                start["W"], start["H"] = merge(near.W, near.H, rank)
            origins.add((other, near.version))
        settings = {**start, **self.settings, "observed": self.observed, "seed": self.seed}
        run = whole(factorize(self.V, rank, n_jobs=1, **settings))
        return Fit(run.W, run.H, run.objective, origins)
