"""What MiniBatchNMF has beside the core: a start from a sample, and when batches bring no more."""

from __future__ import annotations

from dataclasses import dataclass, field, replace

import numpy as np

from visnmf.estimator.base import asked
from visnmf.estimator.names import Penalties
from visnmf.matrices.protocol import Matrix
from visnmf.solve.plan import Plan
from visnmf.solve.run import run
from visnmf.solve.stopping import Rule, Trace

__all__ = ["Progress", "fit_sample", "sample_of"]

_A_PART, _LEAST = 50, 1000  # images a part in a sample, and in all at least
_NOISE = 10  # units of the last place that a cost may fall by from rounding alone
_TIMES = 4  # times its size from which a sample pays
_OPENING = Rule(20, change=2e-3)  # of the fit to it


def sample_of(matrix: Matrix, rank: int, rng: np.random.Generator) -> Matrix | None:
    """Return a sample of many images, in their order, or None where they are not that many."""
    n, size = matrix.shape[1], max(_A_PART * rank, _LEAST)
    if n < _TIMES * size:
        return None
    return matrix.take(np.sort(rng.choice(n, size, replace=False)))


def fit_sample(
    sample: Matrix, plan: Plan, penalties: Penalties, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return W' and H of a short fit to a sample, from the start that the plan asks for."""
    plan = replace(
        plan,
        rule=_OPENING,
        W=asked(penalties.components),
        H=asked(penalties.encodings),
        bounded=False,
    )
    found = run(sample, plan, Trace(), rng, {})
    if found.reason == "interrupted":
        raise KeyboardInterrupt
    return np.ascontiguousarray(found.W.T), np.ascontiguousarray(found.H)


@dataclass
class Progress:
    """Whether batches still bring anything: by the move of W, and by a smoothed cost.

    Parameters
    ----------
    tol : float
        Ends when no batch of a whole pass moves W by more than this share of its length; 0
        for never. One batch may hold nothing that moves it.
    patience : int, optional
        Ends after so many batches in a row without a new lowest smoothed cost, but not before
        each image was seen.
    n : int
        Images in all.
    """

    tol: float
    patience: int | None
    n: int
    smoothed: float | None = None
    lowest: float = field(default=np.inf)
    idle: int = 0
    still: int = 0  # images since W moved
    seen: int = 0  # images in all so far

    def ends(self, cost: float, count: int, before: np.ndarray, W: np.ndarray) -> str:
        """Note a batch of `count` images; return why to end, or an empty string."""
        share = min(count / (self.n + 1), 1)
        if self.smoothed is None:
            self.smoothed = cost
        else:
            self.smoothed += share * (cost - self.smoothed)
        moved = np.linalg.norm(W - before) > self.tol * np.linalg.norm(W)
        self.seen += count
        self.still = 0 if moved else self.still + count
        if self.tol > 0 and self.still >= self.n:
            return "small H change"
        lower = self.smoothed < self.lowest * (1 - _NOISE * np.finfo(W.dtype).eps)
        self.idle = 0 if lower else self.idle + 1
        self.lowest = min(self.lowest, self.smoothed)
        if self.patience is not None and self.idle >= self.patience and self.seen >= self.n:
            return "lack of improvement in objective function"
        return ""
