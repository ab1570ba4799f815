"""Held-out pixels: fit some entries of V, judge by the others (Wold 1978; Owen & Perry 2009).

Entries are hidden here and there in all images, a speckled mask, and V is factorized as a matrix
with missing entries. A rank that is too low misses structure in the hidden ones, a rank that is too
high fits noise that they do not share. What is hidden is never looked at before it is judged: not
by starts, not by scalings, not by the parts that are added from rank to rank.
"""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np

from visnmf.errors import InvalidInputError
from visnmf.kernels.threads import available
from visnmf.ranks.chain import Chain
from visnmf.ranks.grid import Grid, halves
from visnmf.ranks.result import RankChoice
from visnmf.ranks.watch import Asked

__all__ = ["by_heldout", "hidden_masks", "recommend"]

_SHARES = 10  # a fold hides one entry in ten
_GROUPS = 40  # of images, over which the error of a difference is told
_PART = 0.005  # of the least error: a part that gains less is hardly one
_SLIGHT = 0.02  # of the least error: what all parts that are left out may gain together
_NOTHING = 1e-5  # share of energy that rounding to 8 bits leaves, at 50 dB


def hidden_masks(
    shape: tuple[int, int],
    folds: int,
    rng: np.random.Generator,
    known: np.ndarray | None = None,
) -> list[np.ndarray]:
    """Return which entries each fold hides, no entry twice, by the shape alone.

    Each hides the same number of pixels of each image, to one; of what is known as large a share,
    by chance. Nothing is hidden of what is not known, and no row or column whole.
    """
    m, n = shape
    shares = max(_SHARES, folds)
    order = rng.permuted(np.broadcast_to(np.arange(m)[:, None], shape), axis=0)
    label = (order + rng.permutation(n)) % shares
    masks = []
    for fold in range(folds):
        mask = label == fold if known is None else (label == fold) & known
        _spare(mask, known)
        _spare(mask.T, None if known is None else known.T)
        masks.append(mask)
    return masks


def _spare(mask: np.ndarray, known: np.ndarray | None) -> None:
    """Let an entry of each row be seen that would be hidden whole."""
    bare = np.flatnonzero((mask if known is None else mask | ~known).all(axis=1))
    mask[bare, mask[bare].argmax(axis=1)] = False


def by_heldout(V: np.ndarray, grid: Grid, asked: Asked) -> RankChoice:
    """Choose the rank whose fits fill in hidden entries.

    Each mask has its chain of fits. Once the best and the recommended rank have neighbors beside
    them, the fits around are begun from each other too (`Chain.improve`), until none gets better.
    """
    folds = asked.folds
    if min(V.shape) < 2:
        raise InvalidInputError(f"V is {V.shape}; hiding pixels needs two rows and columns")
    if folds > min(_SHARES, len(V)):
        raise InvalidInputError(f"folds={folds} is too many; at most {min(_SHARES, len(V))} fit V")
    rng = np.random.default_rng(asked.seed)
    masks = hidden_masks(V.shape, folds, rng, asked.known)
    group = rng.permutation(V.shape[1]) % min(_GROUPS, V.shape[1])
    energy = float(sum(np.square(V[mask], dtype=np.float64).sum() for mask in masks))
    if not energy > 0:
        raise InvalidInputError("V is zero where pixels are hidden; there is nothing to choose by")
    seen = [~mask if asked.known is None else asked.known & ~mask for mask in masks]
    chains = [Chain(V, each, asked.seed, asked.settings) for each in seen]
    found: dict[int, np.ndarray] = {}

    def judge(chain: Chain, hidden: np.ndarray, rank: int) -> np.ndarray:
        fit = chain.fit(rank)
        missed = np.where(hidden, V - fit.W @ fit.H, 0)
        return np.bincount(group, np.square(missed, dtype=np.float64).sum(axis=0))

    with ThreadPoolExecutor(min(available(), folds)) as pool:

        def attempt(rank: int) -> bool:
            sums = np.concatenate(list(pool.map(judge, chains, masks, [rank] * folds)))
            found[rank] = sums * (sums.size / energy)
            return asked.watch.tell(rank, float(found[rank].mean()))

        def improved() -> list[int]:
            told = recommend(found)
            ranks = sorted(found)
            low, high = ranks.index(told["rank"]), ranks.index(told["best"])
            if high == len(ranks) - 1:  # the range is too low; there is no use in being exact
                return []
            for rank in ranks[max(low - 2, 0) : high + 2]:
                if any(list(pool.map(Chain.improve, chains, [rank] * folds))):
                    return [rank]
            return []

        stopped = any(attempt(rank) for rank in asked.watch.plan(list(grid.ranks)))
        while grid.refined and not stopped and (more := _around(found) or improved()):
            stopped = any(attempt(rank) for rank in asked.watch.plan(more))
    return RankChoice(criterion="heldout", **recommend(found))


def _around(found: dict[int, np.ndarray]) -> list[int]:
    """Return ranks half way to the neighbors of the best and below the recommended one.

    Then gaps further below, so that the fit of the recommended rank came up in small steps.
    """
    told = recommend(found)
    ranks = sorted(found)
    best, low = ranks.index(told["best"]), ranks.index(told["rank"])
    near = halves(ranks, (best - 1, best, low - 1), told["best"])
    return near or halves(ranks, (low - 2, low - 3) if best < len(ranks) - 1 else (), told["best"])


def recommend(found: dict[int, np.ndarray]) -> dict[str, Any]:
    """Return what RankChoice tells, from errors of groups by rank, whose means are shares.

    The recommended rank is the lowest within one standard error of the best (the rule of Breiman
    et al. 1984, section 3.4.3), or from which the parts up to the best are hardly ones: they gain
    less than 0.5 % of the least error each and less than 2 % together, since with many pixels
    the standard error is far below what anybody could see; or less than 1e-5 of the energy
    together, which rounding to 8 bits leaves. The interval goes from these two on as far as ranks
    are within two standard errors, 2 % or 1e-5: fits that go astray in some images have a large
    standard error, and are none the better for it. The standard error is that of differences
    within groups: what all ranks miss alike of a group says nothing about ranks.
    """
    ranks = sorted(found)
    errors = np.array([found[rank] for rank in ranks])
    means = errors.mean(axis=1)
    place = int(np.argmin(means))
    apart = errors - errors[place]
    deviation = apart.std(axis=1, ddof=1) / np.sqrt(errors.shape[1])
    excess = apart.mean(axis=1)
    fewer = np.abs(ranks[place] - np.array(ranks))
    slight = np.maximum(np.minimum(_PART * fewer, _SLIGHT) * means[place], _NOTHING)
    first = int(np.argmax(excess <= np.maximum(deviation, slight)))
    wide = max(_SLIGHT * float(means[place]), _NOTHING)
    far = np.flatnonzero(excess > np.maximum(2 * deviation, wide))
    best, rank = ranks[place], ranks[first]
    low = ranks[int(np.max(far[far < first], initial=-1)) + 1]
    high = ranks[int(np.min(far[far > place], initial=len(ranks))) - 1]
    reason = f"{rank} parts: "
    if rank == best:
        reason += "hidden pixels are filled in best by them"
    else:
        reason += f"the fewest that fill in hidden pixels as well as {best} do, or nearly so"
    reason += f"; {low} to {high} do about as well."
    if best == ranks[-1] and len(ranks) > 1:
        reason += " The best is the highest tried, so more may be better."
    return {
        "ranks": np.array(ranks), "rank": rank, "best": best, "interval": (low, high),
        "reason": reason,
        "table": {"error": means, "excess": excess, "uncertainty": deviation},
    }  # fmt: skip
