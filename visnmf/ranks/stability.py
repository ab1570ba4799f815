"""Stability: the rank up to which restarts find the same parts."""

from __future__ import annotations

from typing import Any

import numpy as np

from visnmf.errors import InvalidInputError
from visnmf.ranks.consensus import consensus_matrix, cophenetic_correlation, dispersion
from visnmf.ranks.grid import Grid, halves
from visnmf.ranks.result import RankChoice
from visnmf.ranks.silhouettes import matched_labels, part_silhouettes
from visnmf.ranks.watch import Asked
from visnmf.solve.restarts import fit_many
from visnmf.solve.result import Factorization

__all__ = ["by_stability"]

_STABLE = 0.5  # silhouette of a part that comes back (Rousseeuw 1987: "reasonable" and above)
_IMAGES = 1000  # that the consensus is formed of; its size is their square
_KEPT = 0.5  # of the restarts, those of least error: others are stuck in poor minima


def by_stability(V: np.ndarray, grid: Grid, asked: Asked) -> RankChoice:
    """Choose the highest rank whose parts come back, restart by restart.

    Each part of each restart belongs to a cluster with one part of each other one. The recommended
    rank is the highest at which even the worst cluster has a silhouette of 0.5 or more; if none
    has, the one of the greatest. One part too many takes other noise each time, so that its
    silhouette is below 0. The interval goes from the highest rank that is surely above that bound,
    by two standard errors, up to the first one that is surely below it.
    What clusters of images do (cophenetic correlation and dispersion) is told beside it.
    """
    if not V.any():
        raise InvalidInputError("V is zero; there is nothing to choose by")
    rng = np.random.default_rng(asked.seed)
    seeds = [int(seed) for seed in rng.integers(2**31, size=asked.restarts)]
    some = np.sort(rng.permutation(V.shape[1])[:_IMAGES])
    energy = float(np.square(V, dtype=np.float64).sum())
    found: dict[int, dict[str, float]] = {}

    def attempt(rank: int) -> bool:
        fits = [{"rank": rank, "seed": seed} for seed in seeds]
        runs = fit_many(V, fits, init="random", observed=asked.known, **asked.settings)
        found[rank] = _figures(runs, some, energy)
        return asked.watch.tell(rank, found[rank]["least"])

    stopped = any(attempt(rank) for rank in asked.watch.plan(list(grid.ranks)))
    while grid.refined and not stopped and (more := _around(found)):
        stopped = any(attempt(rank) for rank in asked.watch.plan(more))
    ranks = sorted(found)
    table = {name: np.array([found[rank][name] for rank in ranks]) for name in found[ranks[0]]}
    return RankChoice("stability", ranks=np.array(ranks), table=table, **_decided(found))


def _figures(runs: list[Factorization], some: np.ndarray, energy: float) -> dict[str, float]:
    """Return what restarts of one rank have in common."""
    runs = sorted(runs, key=lambda run: run.objective)
    clusters = [
        np.argmax(run.H[:, some] * np.linalg.norm(run.W, axis=0)[:, None], axis=0) for run in runs
    ]
    consensus = consensus_matrix(clusters)
    good = runs[: max(2, round(_KEPT * len(runs)))]
    parts = [run.W for run in good]
    scores = part_silhouettes(parts, matched_labels(parts))
    worst = scores[:, int(np.argmin(scores.mean(axis=0)))]
    return {
        "least": float(worst.mean()),
        "spread": float(worst.std(ddof=1) / np.sqrt(len(worst))),
        "silhouette": float(scores.mean()),
        "cophenetic": cophenetic_correlation(consensus),
        "dispersion": dispersion(consensus),
        "explained": 1 - 2 * runs[0].objective / energy,
    }


def _around(found: dict[int, dict[str, float]]) -> list[int]:
    """Return ranks above the recommended one, and beside a higher one where parts come back.

    Silhouettes need not fall steadily: where parts are alike, those of fewer ranks than there are
    parts are other mixtures each time, and only the mean shows where it gets better.
    """
    told = _decided(found)
    ranks = sorted(found)
    at = ranks.index(told["rank"])
    peak = max(range(at + 1, len(ranks)), key=lambda k: found[ranks[k]]["silhouette"], default=at)
    return halves(ranks, (at, at + 1, peak - 1, peak), told["rank"])


def _decided(found: dict[int, dict[str, float]]) -> dict[str, Any]:
    """Return the recommendation, by rank and figures."""
    ranks = sorted(found)
    score, spread = (np.array([found[r][name] for r in ranks]) for name in ("least", "spread"))
    stable = np.flatnonzero(score >= _STABLE)
    best = int(np.argmax(score))
    at = int(stable[-1]) if len(stable) else best
    bound = min(_STABLE, float(score[at]))
    sure = np.flatnonzero(score - 2 * spread >= bound)
    no = np.flatnonzero(score + 2 * spread < bound)
    low = ranks[int(sure[-1] if len(sure) else np.max(no[no < at], initial=-1) + 1)]
    high = ranks[int(np.min(no[no > at], initial=len(ranks))) - 1]
    if len(stable):
        reason = f"{ranks[at]} parts: the most that all come back when a fit begins elsewhere"
    else:
        reason = f"{ranks[at]} parts: at no rank do all come back; here they do best"
    reason += f" (silhouette of the worst {score[at]:.2f}); {low} to {high} may be as well."
    if len(stable) and at == len(ranks) - 1 and len(ranks) > 1:
        reason += " That is the highest tried, so more may come back too."
    return {"rank": ranks[at], "best": ranks[best], "interval": (low, high), "reason": reason}
