"""What is told while ranks are tried: how far it is, and how long it may take."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from visnmf.ranks.result import RankChoice

__all__ = ["Asked", "Tried", "Watch"]


@dataclass(frozen=True)
class Tried:
    """A rank that was tried.

    Attributes
    ----------
    rank : int
        Which.
    score : float
        What the criterion says of it: its held-out error, the silhouette of its worst part, what
        it explains, or its cost.
    done, total : int
        How many ranks were tried, and how many there will be as far as is known; around the
        answer more come.
    seconds : float
        Since the survey began.
    left : float
        Seconds that those may still take, if time goes with the rank; NaN where it cannot be told.
    """

    rank: int
    score: float
    done: int
    total: int
    seconds: float
    left: float


@dataclass
class Watch:
    """Tells a callback of each rank that was tried.

    Parameters
    ----------
    callback : callable, optional
        Called with a `Tried`; a true answer ends the survey.
    """

    callback: Callable[[Tried], object] | None = None
    began: float = field(default_factory=time.monotonic)
    tried: list[int] = field(default_factory=list)
    ahead: list[int] = field(default_factory=list)

    def plan(self, ranks: list[int]) -> list[int]:
        """Note which ranks come next, and return them."""
        self.ahead = list(ranks)
        return ranks

    def tell(self, rank: int, score: float) -> bool:
        """Note that a rank was tried; return whether that is enough."""
        self.tried.append(rank)
        self.ahead = [other for other in self.ahead if other != rank]
        if self.callback is None:
            return False
        seconds = time.monotonic() - self.began
        work = sum(self.tried)
        left = seconds / work * sum(self.ahead) if work else math.nan
        done = len(self.tried)
        return bool(self.callback(Tried(rank, score, done, done + len(self.ahead), seconds, left)))


@dataclass(frozen=True)
class Asked:
    """What a criterion is asked for, beside V and the ranks.

    Parameters
    ----------
    seed : int
        Of masks and fits.
    settings : dict
        Of each fit, as of `visnmf.factorize`.
    folds : int
        Masks, of "heldout".
    restarts : int
        Of each rank, of "stability".
    watch : Watch
        Who is told.
    known : ndarray of bool (m, n), optional
        Which entries of V are known; the others are 0 there.
    """

    seed: int
    settings: dict[str, Any]
    folds: int
    restarts: int
    watch: Watch
    known: np.ndarray | None = None


Criterion = Callable[..., RankChoice]
