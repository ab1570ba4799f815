r"""Factors under a residual: how many parts make the whole smallest.

More parts leave less over, but cost bytes themselves. The steps of W and H follow from the rank:
with sigma^2 the mean squared residual of the real factors and e the bound, rounding H at
step D adds D^2 / 12 for each number of H, and the bytes of H and of the residual together are
least near

.. math:: D^2 = 12 \sigma^2 + (2 e + 1)^2

since the residual costs 1/2 log2(variance) bits a value, and a number of H -log2(D).
"""

from __future__ import annotations

import math

import numpy as np

from visnmf.archive.basis import WholeParts
from visnmf.archive.coders import encode_image
from visnmf.archive.fixed_point import rebuild, weighted
from visnmf.archive.progress import Report
from visnmf.archive.residual import leave_over
from visnmf.archive.search import Problem, Spectrum, share_of, walk
from visnmf.archive.trial import Pair, Trial, compact

__all__ = ["base_of", "compact_for_residual", "seek_layers"]

_RANKS = (
    *(1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 12, 14, 16, 19, 22, 26, 30, 35, 40, 47, 55, 64, 75, 88),
    *(103, 120, 140, 164, 192, 225, 263, 308, 360),
)
_EFFORT = 7  # of the residual's coder during the search


def base_of(trial: Trial, columns: slice = slice(None)) -> np.ndarray:
    """Return the levels that parts and encodings give, shape (n, m)."""
    basis = trial.basis
    weights = weighted(basis.parts, basis.scales)
    return rebuild(weights, trial.H[:, columns], basis.shift, basis.top)


def compact_for_residual(problem: Problem, pair: Pair, bound: int, *, effort: int = 9) -> Trial:
    """Bring a pair to whole numbers that serve best under a residual.

    Parameters
    ----------
    problem : Problem
        What the pair is of.
    pair : Pair
        In real numbers.
    bound : int
        The most that a level may be off; 0 for none.
    effort : int
        Of the coder of the parts.
    """
    V, peak = problem.V, problem.peak
    variance = pair.error(V) / V.size
    step = math.sqrt(12.0 * variance + ((2 * bound + 1) / peak) ** 2)
    # No encoding may be beyond what 16 bits hold.
    longest = float((pair.H * np.linalg.norm(pair.W, axis=1)[:, None]).max())
    step = max(step, longest / 32768.0)
    maker = WholeParts(problem.canvas, problem.n, peak, effort=effort)
    return compact(V, pair, step, maker, n=problem.n)


def seek_layers(
    problem: Problem,
    levels: np.ndarray,
    bound: int,
    *,
    hopeless: float = math.inf,
    report: Report | None = None,
) -> tuple[int, float] | None:
    """Seek the rank whose factors and residual together are smallest.

    Parameters
    ----------
    problem : Problem
        Images, or a sample of them.
    levels : ndarray of uint8 or uint16 (n', m)
        The same ones as levels.
    bound : int
        The most that a level may be off.
    hopeless : float
        Bytes that the best rank must stay below.
    report : Report, optional
        Told before each rank that is tried.

    Returns
    -------
    rank, nbytes : int and float, or None
        None where no rank stays below `hopeless`. Bytes are scaled up to the whole set.
    """
    ranks = [r for r in _RANKS if r <= problem.most_rank()]
    sizes: dict[int, float] = {}

    def size(place: int) -> float:
        if place not in sizes:
            if report:
                report(f"rank {ranks[place]}", share_of(len(sizes), usual=5))
            pair = problem.fit(ranks[place])
            trial = compact_for_residual(problem, pair, bound, effort=7)
            left = leave_over(levels, base_of(trial), 2 * bound + 1)
            sheets = sum(len(encode_image(s, _EFFORT)[1]) for s in problem.canvas.lay(left))
            sizes[place] = trial.nbytes + sheets * problem.n / len(levels)
        return sizes[place]

    place = walk(size, _guess(problem, bound, ranks), len(ranks), stride=2)
    place = walk(size, place, len(ranks))
    best = size(place)  # not tried yet where there is one rank alone
    return (ranks[place], best) if best < hopeless else None


def _guess(problem: Problem, bound: int, ranks: list[int]) -> int:
    """Return the place of the rank at which Gaussian entropies add up to least."""
    V = problem.V
    n = V.shape[1]
    mean = float(np.einsum("mj,mj->", V, V, dtype=np.float64)) / V.size * problem.peak**2
    floor = (2 * bound + 1) ** 2 / 12.0
    tails = Spectrum.of(V).tails[ranks] * mean * 1.15 + floor
    bits = 0.5 * V.size * np.log2(tails) + 4.0 * np.array(ranks) * (n + len(V) * n / problem.n)
    return int(np.argmin(bits))
