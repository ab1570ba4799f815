"""Stand-ins for V while far from the end: a sample of the longer side, V of low rank.

The first iterations need no more of V than its gross shape. On a stand-in they cost a
share of what they cost on V:

- V of low rank q = 2.5 rank: the two products cost q (m + n) / (m n) of what they cost
  on V, the sweeps what they always do. Making it costs some q / rank products of V with a
  factor, or less where one side is short, so it is left out where V is small or where
  an iteration costs more than about half of one on V;
- a sample of s of the n columns (or of the rows, where they are more): a share of s / n,
  and one iteration on V to fit the rest when it ends; left out under 5 s columns.

Both together multiply. A stand-in has served when an iteration's relative gain falls
below a bound in proportion to that share: what costs little may go on for longer.
The last phase is always on V itself.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np

from visnmf.losses.frobenius import Frobenius
from visnmf.losses.models import Point
from visnmf.matrices.lowrank import LowRank, find_range
from visnmf.matrices.protocol import Matrix
from visnmf.solve.extrapolation import Extrapolation
from visnmf.solve.iterate import Pair, Problem, iterate
from visnmf.solve.stopping import Rule, Trace

__all__ = ["STAND_INS", "StandIns", "choose_stand_ins", "stand_in_of_low_rank", "warm_up"]

STAND_INS = ("auto", "none", "sample", "low rank", "both")

_RANK = 2.5  # rank of the low-rank stand-in, over the rank of the factorization
_LEAST_SAMPLE = 4000  # columns; or 100 a part, if that is more
_LEAST_ENTRIES = 500_000  # of V, for a low-rank stand-in to be worth making
_SWEEPS = 4  # of each factor in an iteration, on the average
_PAYS = 0.55  # the share of an iteration's cost below which low rank is worth its making
_SLOW = 3.5e-3  # relative gain of an iteration that is worth an iteration on V itself


class StandIns(NamedTuple):
    """Which stand-ins a run passes through; 0 leaves one out."""

    sample: int
    """Columns (or rows, whichever are more) in the sample."""
    rank: int
    """Rank of the low-rank stand-in."""
    share: float
    """Cost of an iteration, over that of one on V."""


def choose_stand_ins(
    shape: tuple[int, int],
    rank: int,
    wanted: str,
    sweep_cost: float = 1.0,
    work: float | None = None,
) -> StandIns:
    """Return the stand-ins that pay for V of this shape, or those that are wanted.

    Parameters
    ----------
    shape, rank
        Of the factorization.
    wanted : str
        One of `STAND_INS`.
    sweep_cost : float
        What a multiply-add of a sweep costs, over one of a matrix product.
    work : float, optional
        Multiply-adds of a product of V with one row, m n if not given.
    """
    short, long = min(shape), max(shape)
    filled = 1.0 if work is None else work / (short * long)
    sample, share = 0, 1.0
    least = max(_LEAST_SAMPLE, 100 * rank)
    if wanted in ("sample", "both") or (wanted == "auto" and long >= 5 * least):
        sample = min(least, long)
        share = sample / long
        long = sample
    low = min(math.ceil(_RANK * rank), short)
    products, lowered = 2.0 * filled * short * long, 2.0 * low * (short + long)
    sweeps = sweep_cost * _SWEEPS * rank * (short + long)
    lower = (lowered + sweeps) / (products + sweeps)
    pays = lower < _PAYS and filled * short * long >= _LEAST_ENTRIES
    if wanted in ("low rank", "both") or (wanted == "auto" and pays):
        return StandIns(sample, low, share * lower)
    return StandIns(sample, 0, share)


def stand_in_of_low_rank(matrix: Matrix, rank: int, rng: np.random.Generator) -> LowRank:
    """Return a low-rank stand-in of a matrix of any shape."""
    m, n = matrix.shape
    return find_range(matrix, rank, rng) if m <= n else find_range(matrix.T, rank, rng).T


def warm_up(
    problem: Problem,
    pair: Pair,
    stand_ins: StandIns,
    *,
    lowered: LowRank | None,
    trace: Trace,
    rng: np.random.Generator,
    extrapolation: bool,
    cold: bool,
    max_iter: int,
) -> str:
    """Improve a pair on stand-ins; return a reason to end the run, or an empty string.

    Parameters
    ----------
    problem, pair
        As for `iterate`; the pair is left ready to go on with V.
    stand_ins : StandIns
        What to pass through.
    lowered : LowRank or None
        The low-rank stand-in of V, where the start has made it already.
    trace : Trace
        Clock, history and callback.
    rng : Generator
        Draws the sample and the range finder's directions.
    extrapolation : bool
        Whether to extrapolate.
    cold : bool
        As for `iterate`.
    max_iter : int
        The most iterations.
    """
    m, n = problem.matrix.shape
    settle = partial(
        _settle,
        share=stand_ins.share,
        trace=trace,
        extrapolation=extrapolation,
        cold=cold,
        max_iter=max_iter,
    )
    if stand_ins.sample and m > n:
        flipped = Pair(pair.H, pair.W)
        turned = replace(problem, matrix=problem.matrix.T)
        try:
            reason = _on_sample(turned, flipped, stand_ins, rng, settle)
        finally:  # also when interrupted
            pair.W, pair.H = flipped.H, flipped.W
        pair.start = None if flipped.start is None else (flipped.start[1], flipped.start[0])
        return reason
    if stand_ins.sample:
        return _on_sample(problem, pair, stand_ins, rng, settle)
    if stand_ins.rank:
        lowered = lowered or stand_in_of_low_rank(problem.matrix, stand_ins.rank, rng)
        part = replace(problem, matrix=lowered)
        return settle(part, pair, "low rank")
    return ""


def _on_sample(
    problem: Problem,
    pair: Pair,
    stand_ins: StandIns,
    rng: np.random.Generator,
    settle: Callable[[Problem, Pair, str], str],
) -> str:
    """Iterate on some columns of V, then fit the encodings of all."""
    n = problem.matrix.shape[1]
    columns = np.sort(rng.choice(n, stand_ins.sample, replace=False))
    matrix = problem.matrix.take(columns)
    part = replace(problem, matrix=matrix, loss=Frobenius(matrix))
    drawn = Pair(pair.W, np.ascontiguousarray(pair.H[:, columns]))
    if stand_ins.rank:
        lowered = stand_in_of_low_rank(matrix, stand_ins.rank, rng)
        part = replace(part, matrix=lowered)
    try:
        reason = settle(part, drawn, "sample")
    finally:  # also when interrupted
        pair.W = drawn.W
        pair.H[:, columns] = drawn.H
        model = problem.loss.model(problem.matrix, pair.W, out=np.empty_like(pair.H))
        problem.update.step(pair.H, model)
    if drawn.start is not None:
        pair.start = _scaled(drawn.start, n / len(columns))
    return reason


def _settle(
    problem: Problem,
    pair: Pair,
    phase: str,
    *,
    share: float,
    trace: Trace,
    extrapolation: bool,
    cold: bool,
    max_iter: int,
) -> str:
    """Iterate until progress slows; say so only if it is the whole run that shall end."""
    reason = iterate(
        problem,
        pair,
        phase=phase,
        rule=Rule(max_iter, change=_SLOW * share),
        trace=trace,
        extrapolation=Extrapolation() if extrapolation else None,
        cold=cold,
    )
    return reason if reason in ("callback", "time_limit") else ""


def _scaled(start: tuple[Point, Point], times: float) -> tuple[Point, Point]:
    """Return what the start of the sample would tell if it were `times` as large."""
    of_H, of_W = start
    return (
        Point(of_H.objective * times, of_H.absolute * times, of_H.square * times),
        Point(of_W.objective * times, of_W.absolute * times, of_W.square * times**2),
    )
