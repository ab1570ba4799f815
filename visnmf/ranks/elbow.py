"""Explained variance, and the rank from which more parts explain little more."""

from __future__ import annotations

import numpy as np

from visnmf.errors import InvalidInputError
from visnmf.ranks.chain import Chain
from visnmf.ranks.grid import Grid, halves
from visnmf.ranks.result import RankChoice
from visnmf.ranks.watch import Asked

__all__ = ["bends", "by_elbow"]

_NEAR = 0.9  # of the greatest bend: ranks that might as well be the elbow
_LEAST = 1e-5  # share of the energy that rounding to 8 bits leaves, at 50 dB


def by_elbow(V: np.ndarray, grid: Grid, asked: Asked) -> RankChoice:
    """Choose the rank at which the curve of what is left over bends most.

    Each rank is fitted once, to all of V, begun from the next lower one. The interval holds the
    ranks with nine tenths of the greatest bend.
    """
    energy = float(np.square(V, dtype=np.float64).sum())
    if not energy > 0:
        raise InvalidInputError("V is zero; there is nothing to explain")
    chain = Chain(V, asked.known, asked.seed, asked.settings)
    left: dict[int, float] = {}

    def attempt(rank: int) -> bool:
        left[rank] = 2 * chain.fit(rank).objective / energy
        return asked.watch.tell(rank, 1 - left[rank])

    def around() -> list[int]:
        ranks = sorted(left)
        at = int(np.argmax(bends(ranks, [left[rank] for rank in ranks])))
        return halves(ranks, (at - 1, at), ranks[at])

    stopped = any(attempt(rank) for rank in asked.watch.plan(list(grid.ranks)))
    while grid.refined and not stopped and (more := around()):
        stopped = any(attempt(rank) for rank in asked.watch.plan(more))
    return _told(left)


def bends(ranks: list[int], left: list[float]) -> np.ndarray:
    """Return how far the curve lies below the straight line between its ends, at least 0.

    The curve is the logarithm of what is left over, by rank. The farthest point is the
    elbow of Satopaa et al. (2011), with the logarithm taken since what the first parts explain
    dwarfs all else; what rounding to 8 bits leaves is no longer told apart.
    """
    height = np.log(np.maximum(left, _LEAST))
    span = max(ranks[-1] - ranks[0], 1)
    share = (np.array(ranks) - ranks[0]) / span
    return np.maximum(height[0] + share * (height[-1] - height[0]) - height, 0)


def _told(left: dict[int, float]) -> RankChoice:
    ranks = sorted(left)
    bend = bends(ranks, [left[rank] for rank in ranks])
    at = int(np.argmax(bend))
    near = np.flatnonzero(bend >= _NEAR * bend[at])
    rank, low, high = ranks[at], ranks[near[0]], ranks[near[-1]]
    if bend[at] > 0:
        reason = (
            f"{rank} parts: they explain {100 * (1 - left[rank]):.1f} % of the energy, and from "
            f"there on the curve is flat beside what came before; {low} to {high} lie on the bend."
        )
    else:
        reason = f"{rank} parts: the curve has no elbow, so that this says nothing."
    explained = 1 - np.array([left[rank] for rank in ranks])
    return RankChoice(
        "elbow", rank, rank, (low, high), reason, np.array(ranks),
        {"bend": bend, "explained": explained},
    )  # fmt: skip
