"""Which rank, which step, which way to store parts: the search for the smallest factors."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from visnmf.archive.basis import BasisMaker, PaintedParts, WholeParts
from visnmf.archive.canvas import Canvas
from visnmf.archive.curve import Curve
from visnmf.archive.goal import Goal
from visnmf.archive.progress import Report
from visnmf.archive.trial import Pair
from visnmf.solve.factorize import factorize

__all__ = ["Found", "Problem", "Spectrum", "first_step", "seek_factors", "share_of", "walk"]

_RATIO = 1.13  # between neighboring ranks that are tried
_MOST_RANK = 1024
_ITERATIONS = 120
_SMALL = 24 * 24  # pixels up to which parts are stored without loss only
_QUALITIES = (10, 16, 23, 30, 38, 46, 54, 62, 70, 78, 86, 93)  # of painted parts
_FIRST_QUALITY = 5
_BETTER = (9, -1)
_UNMET = 0.6  # dB: a curve that stays so far below does not get there
_WITHIN = 0.12  # dB: near enough to read a curve off
_KEPT = 4  # found factors that may yet be settled


@dataclass(frozen=True, eq=False)
class Problem:
    """What the search works on.

    Attributes
    ----------
    V : ndarray of float32 (m, n')
        Images in [0, 1], or a sample of them.
    n : int
        Images in the whole set.
    peak : int
        The level that 1 stands for, 255 or 65535.
    canvas : Canvas
        The frame of a picture.
    seed : int
        Of the fits.
    """

    V: np.ndarray
    n: int
    peak: int
    canvas: Canvas
    seed: int = 0

    def most_rank(self) -> int:
        """Return the greatest rank worth a try."""
        return max(1, min(min(self.V.shape) - 1, _MOST_RANK))

    def fit(self, rank: int) -> Pair:
        """Learn parts; Ctrl-C, which ends one fit in order, ends the search too."""
        found = factorize(self.V, rank, max_iter=_ITERATIONS, tol=0.0, change=1e-5, seed=self.seed)
        if found.reason == "interrupted":
            raise KeyboardInterrupt
        return Pair.of(found.W, found.H)


@dataclass(frozen=True, eq=False)
class Spectrum:
    """Squared errors of the best factors of each rank, of either sign: what no NMF can beat.

    Attributes
    ----------
    tails : ndarray of float64
        At place r, the squared error at rank r over that of rank 0.
    """

    tails: np.ndarray

    @classmethod
    def of(cls, V: np.ndarray) -> Spectrum:
        """Take it from the smaller Gram matrix of V (or of a sample of a long side)."""
        side = V if V.shape[0] <= V.shape[1] else V.T
        if side.shape[0] > 2048:
            rows = np.linspace(0, side.shape[0] - 1, 2048).astype(np.intp)
            side = side[rows]
        gram = (side @ side.T).astype(np.float64)
        values = np.maximum(np.linalg.eigvalsh(gram), 0.0)
        total = max(float(values.sum()), 1e-30)
        return cls(np.append(np.cumsum(values)[::-1], 0.0) / total)

    def rank_for(self, share: float) -> int:
        """Return the least rank whose error is at most this share of that of rank 0."""
        return int(np.argmax(self.tails <= share))


@dataclass(eq=False)
class Found:
    """The best factors found.

    Attributes
    ----------
    rank : int
        Asked for.
    curve : Curve
        Its trials.
    cost : float
        As `Curve.cost` reads it.
    """

    rank: int
    curve: Curve
    cost: float


def seek_factors(
    problem: Problem,
    goal: Goal,
    *,
    hopeless: float = math.inf,
    report: Report | None = None,
) -> list[Found]:
    """Seek rank, step and storage that meet a goal at the least cost.

    The cost falls and rises again with the rank, and does so smoothly, so a coarse walk over a
    geometric grid is refined around its lowest point; so is the quality of parts that are
    painted, in turn with it.

    Parameters
    ----------
    problem : Problem
        What to hold.
    goal : Goal
        What is wanted.
    hopeless : float
        Give up where the first ranks cost more than so much (see `Curve.cost`).
    report : Report, optional
        Told before each rank that is tried.

    Returns
    -------
    found : list of Found
        The best few, the best one first: what meets a goal on a sample, hardly, may not do so on
        all images. Empty where no rank meets the goal, or it is hopeless.
    """
    search = _Search(problem, goal, report)
    place = search.first()
    # Up until a rank can meet the goal at all, or takes too much even without doing so.
    while not search.can_meet(place) and search.spent <= hopeless and place + 2 < search.places:
        place += 2
    if not search.best or search.best[0].cost > hopeless:
        return []
    for stride in (2, 1, 1):
        before = place, search.quality
        if search.painted:
            search.choose_quality(place)
        place = walk(search.at, place, search.places, stride=stride, least=1)
        if stride == 1 and (place, search.quality) == before:
            break
    return search.best


def share_of(tried: int, usual: int = 8) -> float:
    """Return about which share of a search is over after so many ranks."""
    return tried / max(usual, tried + 2)


def walk(
    cost: Callable[[int], float], place: int, places: int, *, stride: int = 1, least: int = 0
) -> int:
    """Walk from a place to one whose neighbors at a stride cost no less."""
    for direction in (-stride, stride):
        start = place
        while least <= place + direction < places and cost(place + direction) < cost(place):
            place += direction
        if place != start:  # the other neighbor is where we come from
            break
    return place


class _Search:
    """Costs of ranks on a geometric grid and of ways to store parts, each found once.

    A quality is a place in `_QUALITIES`, or -1 for parts without loss.
    """

    def __init__(self, problem: Problem, goal: Goal, report: Report | None) -> None:
        self.problem, self.goal, self.report = problem, goal, report
        self.pairs: dict[int, Pair] = {}
        self.costs: dict[tuple[int, int], float] = {}
        self.best: list[Found] = []
        self.spent = -math.inf  # log2 of bytes of what was tried last and is not good enough
        self.painted = problem.canvas.pixels > _SMALL
        self.quality = _FIRST_QUALITY if self.painted else -1
        most = problem.most_rank()
        self.places = next(p for p in range(1, 10_000) if self.rank(p) >= most) + 1

    def rank(self, place: int) -> int:
        """Return the rank at a place of the grid."""
        rank = place if place <= _LINEAR else round(_LINEAR * _RATIO ** (place - _LINEAR))
        return min(max(1, rank), self.problem.most_rank())

    def first(self) -> int:
        """Return the place to begin at."""
        V, goal = self.problem.V, self.goal
        if goal.psnr is not None:
            energy = max(float(np.einsum("mj,mj->", V, V, dtype=np.float64)), 1e-30)
            wanted = V.size / 10.0 ** ((goal.psnr + 1.2) / 10.0)
            rank = Spectrum.of(V).rank_for(min(1.0, wanted / energy))
        else:
            assert goal.nbytes is not None
            rank = int(0.8 * 8 * goal.nbytes / (2.5 * self.problem.n + 2.0 * len(V)))
        rank = min(max(rank, 1), self.problem.most_rank())
        return next(p for p in range(1, self.places) if self.rank(p) >= rank)

    def can_meet(self, place: int) -> bool:
        """Tell whether a rank meets the goal, by better and better ways to store parts."""
        for quality in (self.quality, *(_BETTER if self.painted else ())):
            if math.isfinite(self.cost(place, quality)):
                self.quality = quality
                return True
        return False

    def choose_quality(self, place: int) -> None:
        """Take the way to store parts that costs least at a rank."""
        start = self.quality if self.quality >= 0 else len(_QUALITIES) - 1
        best = walk(lambda quality: self.cost(place, quality), start, len(_QUALITIES))
        self.quality = -1 if self.cost(place, -1) < self.cost(place, best) else best

    def at(self, place: int) -> float:
        """Return the cost of a rank with the way to store parts that is chosen now."""
        return self.cost(place, self.quality)

    def cost(self, place: int, quality: int) -> float:
        """Return the cost of a rank and a quality; infinite if the goal is not met there."""
        rank = self.rank(place)
        if (rank, quality) not in self.costs:
            self.costs[rank, quality] = self._try(rank, quality)
        return self.costs[rank, quality]

    def _try(self, rank: int, quality: int) -> float:
        problem, goal = self.problem, self.goal
        if rank not in self.pairs:
            if self.report:
                self.report(f"rank {rank}", share_of(len(self.pairs)))
            self.pairs[rank] = problem.fit(rank)
        pair = self.pairs[rank]
        maker: BasisMaker
        if quality < 0:
            maker = WholeParts(problem.canvas, problem.n, problem.peak, effort=7)
        else:
            maker = PaintedParts(problem.canvas, _QUALITIES[quality], problem.peak)
        curve = Curve(problem.V, pair, maker, problem.n, problem.peak)
        first = first_step(problem, pair, goal, maker)
        curve.seek(goal, first, within=_WITHIN, most=3, rounds=int(quality < 0))
        if not curve.meets(goal, _UNMET):
            if goal.psnr is not None:
                self.spent = math.log2(max(trial.nbytes for trial in curve.trials))
            return math.inf
        if goal.psnr is not None and not curve.meets(goal, _WITHIN):
            # Near, but perhaps as near as these parts ever come: no step helps a rank too low.
            finer = 0.6 * min(trial.step for trial in curve.trials)
            curve.seek(goal, finer, within=_WITHIN, most=2, above=True, rounds=int(quality < 0))
            if not curve.meets(goal):
                return math.inf
        cost = curve.cost(goal)
        self.best = sorted([*self.best, Found(rank, curve, cost)], key=lambda f: f.cost)[:_KEPT]
        return cost


_LINEAR = 8  # ranks up to it are all on the grid


def first_step(problem: Problem, pair: Pair, goal: Goal | None, maker: BasisMaker) -> float:
    """Guess the step that meets a goal: rounding adds step^2 / 12 for each number of H.

    A number of W, whose step is coarser, counts once for the whole set. Without a goal,
    the step that adds half as much error as the rank leaves.
    """
    V = problem.V
    own = pair.error(V)
    share = V.shape[1] / problem.n
    entries = pair.H.size + maker.coarse * share * pair.W.size
    if goal is None or goal.psnr is not None:
        if goal is None:
            room = 0.5 * own
        else:
            assert goal.psnr is not None
            room = V.size / 10.0 ** (goal.psnr / 10.0) - own
        return 1.4 * math.sqrt(12.0 * max(room, 0.02 * own, 1e-12) / entries)
    assert goal.nbytes is not None
    bits = max(8.0 * 0.8 * share * goal.nbytes / pair.H.size, 0.3)
    bits = min(bits, 8.0)
    spread = math.sqrt(float(np.einsum("kj,kj->", pair.H, pair.H)) / pair.H.size)
    reach = spread * float(np.mean(np.linalg.norm(pair.W, axis=1)))
    return 2.0 * max(reach, 1e-6) / 2.0**bits  # black pictures have no reach
