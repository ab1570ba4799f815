"""What a survey of ranks gives back, and how it recommends one."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

__all__ = ["RankChoice", "recommend"]

_SLIGHT = 0.02  # of the least error: a part that gains less is hardly one
_NOTHING = 1e-5  # share of energy that rounding to 8 bits leaves, at 50 dB


@dataclass(frozen=True, eq=False)
class RankChoice:
    """Ranks that were tried, what speaks for each, and the one to take.

    Attributes
    ----------
    ranks : ndarray of int
        What was tried, ascending.
    error : ndarray of float64
        The squared error of the hidden entries of each rank, as a share of their energy.
    excess : ndarray of float64
        How much more than that of the best rank.
    uncertainty : ndarray of float64
        One standard error of that difference, over groups of images and masks; 0 at the best.
    rank : int
        The recommended one: the lowest within one standard error of the best, or with hardly
        more error (2 %, or 1e-5 of the energy).
    best : int
        The rank of the least error.
    interval : tuple of int
        The lowest and the highest rank that was tried within two standard errors of the best.
    reason : str
        Why, in words.
    """

    ranks: np.ndarray
    error: np.ndarray
    excess: np.ndarray
    uncertainty: np.ndarray
    rank: int
    best: int
    interval: tuple[int, int]
    reason: str

    def summary(self) -> str:
        """Return the table of the ranks, and the recommendation."""
        lines = ["rank  held-out error  over the best  (+- one standard error)"]
        for row in zip(self.ranks, self.error, self.excess, self.uncertainty, strict=True):
            mark = "  <- recommended" if row[0] == self.rank else ""
            lines.append("{:4.0f}  {:14.6f}  {:13.6f}  {:.6f}".format(*map(float, row)) + mark)
        return "\n".join([*lines, self.reason])

    def __repr__(self) -> str:
        low, high = self.interval
        return f"<RankChoice: {self.rank} parts, {low} to {high}; {len(self.ranks)} ranks tried>"


def recommend(ranks: list[int], errors: np.ndarray) -> dict[str, Any]:
    """Return what RankChoice tells, from errors (ranks, groups) that add up to shares.

    The standard error is that of differences within groups: what all ranks miss alike of a group
    says nothing about ranks.
    """
    means = errors.mean(axis=1)
    place = int(np.argmin(means))
    apart = errors - errors[place]
    groups = errors.shape[1]
    deviation = apart.std(axis=1, ddof=1) / np.sqrt(groups)
    excess = apart.mean(axis=1)
    slight = max(_SLIGHT * float(means[place]), _NOTHING)
    first = int(np.argmax(excess <= np.maximum(deviation, slight)))
    near = np.flatnonzero(excess <= np.maximum(2 * deviation, slight))
    best, rank = ranks[place], ranks[first]
    low, high = ranks[near[0]], ranks[near[-1]]
    reason = f"{rank} parts: "
    if rank == best:
        reason += "hidden pixels are filled in best by them"
    else:
        reason += f"the fewest that fill in hidden pixels as well as {best} do, or nearly so"
    reason += f"; {low} to {high} do about as well."
    if best == ranks[-1] and len(ranks) > 1:
        reason += " The best is the highest tried, so more may be better."
    return {
        "ranks": np.array(ranks), "error": means, "excess": excess, "uncertainty": deviation,
        "rank": rank, "best": best, "interval": (low, high), "reason": reason,
    }  # fmt: skip
