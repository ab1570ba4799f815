"""The rank that is left when one fit has pruned itself (Tan & Fevotte 2013)."""

from __future__ import annotations

import numpy as np

from visnmf.errors import InvalidInputError
from visnmf.ranks.grid import Grid
from visnmf.ranks.relevance import Prior, Relevance, noise_variance, prune, regrown
from visnmf.ranks.result import RankChoice
from visnmf.ranks.watch import Asked
from visnmf.solve.factorize import factorize
from visnmf.solve.interrupts import whole

__all__ = ["by_ard"]

_SHAPE = 5.0  # a of the paper, which found little difference from 5 to 500
_LAST = 3  # parts by which it is told that all others are needed
_NAT = 1.0  # a smaller difference of two costs says nothing
_NOISE = 1e-4  # share of the mean square that is taken for noise at least: fits come as near


def by_ard(V: np.ndarray, grid: Grid, asked: Asked) -> RankChoice:
    """Choose the rank at which the objective of ARD is least.

    One fit of the highest rank is made, and parts go from there. The noise is Gaussian, of a
    variance told by the singular values beyond that rank; parts and encodings have exponential
    priors (l1), whose scale b comes from the mean of V: b^2 = (a - 1)(a - 2) mean(V) / K, so that
    W H has that mean on average. Costs may rise for some parts and fall again: parts go until
    each explains more than any can cost. Then the ranks around the best one are begun from the
    next lower one too, so that none is judged by a poor minimum. The interval holds the ranks that
    cost at most as much more as the least part of the best pays for: c log(1 + its relevance).
    """
    if asked.known is not None:
        raise InvalidInputError(
            "criterion='ard' takes the noise from all of V, of which some is not known here; use "
            "'heldout', 'stability' or 'elbow'"
        )
    if not V.any():
        raise InvalidInputError("V is zero; there is nothing to choose by")
    low, high = grid.ranks[0], grid.ranks[-1]
    V = V / V.max()  # which changes no cost, but what is next to zero
    phi = max(noise_variance(V, high), _NOISE * float(np.square(V, dtype=np.float64).mean()))
    scale = np.sqrt((_SHAPE - 1) * (_SHAPE - 2) * float(V.mean(dtype=np.float64)) / high)
    prior = Prior("l1", 2.0, phi, _SHAPE, float(scale))
    run = whole(factorize(V, high, seed=asked.seed, **asked.settings))
    weight = prior.weight(V.shape)
    asked.watch.plan(list(range(low, high + 1)))
    states: list[Relevance] = []
    stopped = False
    for state in prune(V, run.W, run.H, prior, least=low):
        states.append(state)
        stopped = asked.watch.tell(len(state.H), state.cost)
        if stopped or _needed(states, weight):
            break
    states.reverse()
    at = states.index(_fewest(states))
    again = range(max(at - _LAST, 0) + 1, min(at + _LAST, len(states))) if not stopped else ()
    asked.watch.plan([len(states[place].H) for place in again])
    for place in again:
        other = regrown(V, states[place - 1], prior)
        if other.cost < states[place].cost:
            states[place] = other
        if asked.watch.tell(len(states[place].H), states[place].cost):
            break
    return _told(states, weight, high)


def _needed(states: list[Relevance], weight: float) -> bool:
    """Return whether the parts that are left explain more than they cost, each of them.

    The last ones that went did, although the least went first, and what a part costs is at most
    c log(1 + the highest relevance).
    """
    last, before = states[-1], states[-1 - _LAST :][0]
    gone = len(before.H) - len(last.H)
    most = weight * float(np.log1p(last.relevance[0]))
    return gone == _LAST and last.misfit - before.misfit > gone * most


def _fewest(states: list[Relevance]) -> Relevance:
    """Return the state of the fewest parts of those that cost no more, to a nat, than any."""
    least = min(state.cost for state in states)
    return min((s for s in states if s.cost <= least + _NAT), key=lambda state: len(state.H))


def _told(states: list[Relevance], weight: float, high: int) -> RankChoice:
    ranks = np.array([len(state.H) for state in states])
    cost = np.array([state.cost for state in states])
    least = np.array([state.relevance[-1] for state in states])
    at = states.index(_fewest(states))
    near = np.flatnonzero(cost - cost.min() <= max(weight * np.log1p(least[at]), _NAT))
    rank, lowest, highest = (int(ranks[place]) for place in (at, near[0], near[-1]))
    reason = f"{rank} parts are left of {high}: each of them pays for itself"
    reason += f"; {lowest} to {highest} cost about as much."
    if rank == high:
        reason += " None went, so more may be better."
    return RankChoice(
        "ard", rank, rank, (lowest, highest), reason, ranks,
        {"cost": cost - cost.min(), "relevance": least},
    )  # fmt: skip
