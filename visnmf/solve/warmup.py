"""Stand-ins for V while far from the end: V of low rank, a sample of the longer side, both.

The first iterations need no more of V than its gross shape. On a stand-in they cost a
share of what they cost on V:

- V of low rank q = 2.5 rank: the two products cost q (m + n) / (m n) of what they cost
  on V, the sweeps what they always do. Making it costs some q / rank products of V with a
  factor, or less where one side is short, so it is left out where V is small or where
  an iteration costs more than about half of one on V;
- some of its n columns (or rows, where they are more): a quarter of them, the rest being
  fitted when it ends. They cost nothing to take from V of low rank, and are left out under
  10 columns a part;
- a sample of V itself, where even to make V of low rank would be dear: a share of s / n,
  and one iteration on V to fit the rest; left out under 5 s columns. What was drawn is then
  taken as V above.

All of them multiply. A stand-in has served when an iteration's relative gain falls
below a bound in proportion to that share: what costs little may go on for longer.
The last phase is always on V itself.
"""

from __future__ import annotations

import copy
import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import NamedTuple

import numpy as np

from visnmf.losses.frobenius import Frobenius
from visnmf.losses.models import Point, length
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
_PART = 0.25  # columns of a low-rank stand-in to begin with
_LEAST_PART = 10  # columns a part that they have to be
_SLOW = 7e-3  # relative gain of an iteration that is worth an iteration on V itself


Settle = Callable[[Problem, Pair, str, float], str]
"""Iterates on a stand-in, named as in the history, that costs a share of V."""


class StandIns(NamedTuple):
    """Which stand-ins a run passes through; 0 leaves one out."""

    sample: int = 0
    """Columns (or rows, whichever are more) in the sample of V."""
    rank: int = 0
    """Rank of the low-rank stand-in of the sample, or of V."""
    share: float = 1.0
    """Cost of an iteration, over that of one on V."""
    part: int = 0
    """Columns of the low-rank stand-in to begin with."""
    part_share: float = 1.0
    """Cost of an iteration there, over that of one on V."""


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
    sweeps = sweep_cost * _SWEEPS * rank

    def cost(columns: int, low: int) -> float:
        """Return the cost of an iteration on so many columns of V, or of V of low rank."""
        products = low * (short + columns) if low else filled * short * columns
        return 2.0 * products + sweeps * (short + columns)

    sample, drawn = 0, long
    least = max(_LEAST_SAMPLE, 100 * rank)
    if wanted == "sample" or (wanted in ("auto", "both") and long >= 5 * least):
        sample = drawn = min(least, long)
    low = min(math.ceil(_RANK * rank), short)
    pays = cost(drawn, low) < _PAYS * cost(drawn, 0) and filled * short * drawn >= _LEAST_ENTRIES
    if not (wanted in ("low rank", "both") or (wanted == "auto" and pays)):
        return StandIns(sample, share=cost(drawn, 0) / cost(long, 0))
    part = int(_PART * drawn)
    if wanted == "low rank" or part < _LEAST_PART * rank:
        part = 0
    part_share = cost(part, low) / cost(long, 0) if part else 1.0
    return StandIns(sample, low, cost(drawn, low) / cost(long, 0), part, part_share)


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
    if not (stand_ins.sample or stand_ins.rank):
        return ""
    settle = partial(
        _settle, trace=trace, extrapolation=extrapolation, cold=cold, max_iter=max_iter
    )
    if m <= n:
        return _pass_through(problem, pair, stand_ins, lowered, rng, settle)
    flipped = Pair(pair.H, pair.W)
    turned = replace(problem, matrix=problem.matrix.T)
    lowered = None if lowered is None else lowered.T
    try:
        reason = _pass_through(turned, flipped, stand_ins, lowered, rng, settle)
    finally:  # also when interrupted
        pair.W, pair.H = flipped.H, flipped.W
    pair.start = None if flipped.start is None else (flipped.start[1], flipped.start[0])
    return reason


def _pass_through(
    problem: Problem,
    pair: Pair,
    stand_ins: StandIns,
    lowered: LowRank | None,
    rng: np.random.Generator,
    settle: Settle,
) -> str:
    """Iterate on the stand-ins of a V with no more rows than columns."""
    if not stand_ins.sample:
        return _on_low_rank(problem, pair, stand_ins, lowered, rng, settle)
    n = problem.matrix.shape[1]
    columns = np.sort(rng.choice(n, stand_ins.sample, replace=False))
    matrix = problem.matrix.take(columns)
    part = replace(problem, matrix=matrix, loss=Frobenius(matrix))

    def iterations(drawn: Pair) -> str:
        if stand_ins.rank:
            return _on_low_rank(part, drawn, stand_ins, None, rng, settle)
        return settle(part, drawn, "sample", stand_ins.share)

    return _on_columns(problem, pair, columns, iterations)


def _on_low_rank(
    problem: Problem,
    pair: Pair,
    stand_ins: StandIns,
    lowered: LowRank | None,
    rng: np.random.Generator,
    settle: Settle,
) -> str:
    """Iterate on V of low rank, on some of its columns first."""
    lowered = lowered or find_range(problem.matrix, stand_ins.rank, rng)
    whole = replace(problem, matrix=lowered)
    n = lowered.shape[1]
    if stand_ins.part:
        columns = np.sort(rng.choice(n, stand_ins.part, replace=False))
        some = lowered.take(columns)
        loss = copy.copy(problem.loss)
        # What the stand-in leaves out of V has no columns to tell it by
        left_out = max(loss.const - 0.5 * length(lowered.R) ** 2, 0.0)
        loss.const = 0.5 * length(some.R) ** 2 + left_out * len(columns) / n
        part = replace(problem, matrix=some, loss=loss)
        reason = _on_columns(
            whole, pair, columns, lambda drawn: settle(part, drawn, "part", stand_ins.part_share)
        )
        if reason:
            return reason
    return settle(whole, pair, "sample" if stand_ins.sample else "low rank", stand_ins.share)


def _on_columns(
    problem: Problem, pair: Pair, columns: np.ndarray, iterations: Callable[[Pair], str]
) -> str:
    """Iterate on some columns of V, then fit the encodings of all."""
    drawn = Pair(pair.W, np.ascontiguousarray(pair.H[:, columns]))
    try:
        reason = iterations(drawn)
    finally:  # also when interrupted
        pair.W = drawn.W
        pair.H[:, columns] = drawn.H
        model = problem.loss.model(problem.matrix, pair.W, out=np.empty_like(pair.H))
        problem.update.step(pair.H, model)
    if pair.start is None and drawn.start is not None:
        pair.start = _scaled(drawn.start, pair.H.shape[1] / len(columns))
    return reason


def _settle(
    problem: Problem,
    pair: Pair,
    phase: str,
    share: float,
    *,
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
        cold=cold and not trace.history,
    )
    return reason if reason in ("callback", "time_limit") else ""


def _scaled(start: tuple[Point, Point], times: float) -> tuple[Point, Point]:
    """Return what the start of the sample would tell if it were `times` as large."""
    of_H, of_W = start
    return (
        Point(of_H.objective * times, of_H.absolute * times, of_H.square * times),
        Point(of_W.objective * times, of_W.absolute * times, of_W.square * times**2),
    )
