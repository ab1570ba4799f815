"""The notch of a quality dial that meets a goal, in few trials.

With psnr(k) and bytes(k) of notch k, what is sought is the least k with psnr(k) >= goal, or the
greatest k with bytes(k) <= goal. Both are the least place with s >= 0 of an increasing s,

    s = psnr - goal    or    s = log2(goal / bytes),   places counted from the other end,

which is found between a place that falls short and one that does not. The next place to try is
where a curve that is expected, corrected by what the trials were off from it, crosses 0: usual
pictures first, a sample of the same pictures later. With a good sample two or three trials do.
"""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass, replace
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visnmf.archive.dials import Dial
from visnmf.archive.goal import Goal
from visnmf.archive.sheet_trial import SheetTrial

__all__ = ["Expected", "Sought", "cost_of", "seek_notch"]

_MOST = 14  # trials
_ENOUGH = 9  # on a fine dial: some codecs' PSNR jumps by more than is near
_PATIENCE = 6  # trials after which the bracket is halved
_NEAR = {"psnr": 0.02, "nbytes": 0.004}  # dB, or log2 of bytes, that will do on a fine dial
_ROUGHLY = 5.0  # times as much will do where a result is not final
_SURE = 0.4  # of the way between two notches that an expected trial must fall short


@dataclass(frozen=True, eq=False)
class Expected:
    """What the notches of a dial may give.

    Attributes
    ----------
    psnr, log_bytes : ndarray of float64
        One value a notch; log2 of bytes.
    trusted : bool
        Whether they are from the same pictures, so that differences of notches are about right.
    """

    psnr: NDArray[np.float64]
    log_bytes: NDArray[np.float64]
    trusted: bool = False

    @classmethod
    def usual(cls, dial: Dial, pixels: int) -> Expected:
        """Return what is usual of so many pixels."""
        return cls(dial.psnr, dial.log_bits + math.log2(pixels / 8))


@dataclass(frozen=True, eq=False)
class Sought:
    """What a search found.

    Attributes
    ----------
    best : SheetTrial or None
        The trial that meets the goal at the least cost; None if none does, or if given up.
    smallest : SheetTrial
        The trial of the fewest bytes.
    cost : float
        At the goal exactly, between two notches: log2 of bytes, or minus the dB. Infinite if the
        goal is out of reach.
    given_up : bool
        Whether the search ended since it could not win.
    expected : Expected
        The dial as the trials have it.
    nearest : float
        The quality of `best`, or of the trial nearest to the goal.
    trials : int
        How many there were.
    """

    best: SheetTrial | None
    smallest: SheetTrial
    cost: float
    given_up: bool
    expected: Expected
    nearest: float
    trials: int


def cost_of(goal: Goal, trial: Any) -> float:
    """Return what is to be little: log2 of bytes, or minus the dB."""
    return math.log2(trial.nbytes) if goal.psnr is not None else -_psnr(trial)


def seek_notch(
    dial: Dial,
    attempt: Callable[[float], SheetTrial],
    goal: Goal,
    expected: Expected,
    *,
    limit: float = math.inf,
    slack: float = 0.0,
    roughly: bool = False,
) -> Sought:
    """Seek the notch that meets a goal at the least cost.

    Parameters
    ----------
    dial : Dial
        Of the codec.
    attempt : callable
        Given a quality.
    goal : Goal
        A PSNR, or bytes.
    expected : Expected
        What the notches may give.
    limit : float
        The least cost so far (`cost_of`).
    slack : float
        Given up is what will surely cost so much more than the limit.
    roughly : bool
        Whether to end a little farther above the goal, where the dial is fine.
    """
    search = _Search(dial, attempt, goal, expected)
    search.near *= _ROUGHLY if roughly else 1.0
    while True:
        place = search.next()
        if place is None:
            return search.ended(given_up=False)
        search.try_place(place)
        if search.least_cost() > limit + slack:
            return search.ended(given_up=True)


class _Search:
    """Places are notches, counted such that s grows."""

    def __init__(
        self,
        dial: Dial,
        attempt: Callable[[float], SheetTrial],
        goal: Goal,
        expected: Expected,
    ) -> None:
        self.dial, self.attempt, self.goal, self.expected = dial, attempt, goal, expected
        self.turn = 1 if goal.psnr is not None else -1
        self.near = (_NEAR["psnr" if goal.psnr is not None else "nbytes"]) if dial.fine else 0.0
        self.trials: dict[int, SheetTrial] = {}
        self.low, self.high = -1, len(dial.qualities)
        self.best: SheetTrial | None = None

    def off(self, psnr: Any, log_bytes: Any) -> Any:
        """Return s."""
        if self.goal.psnr is not None:
            return psnr - self.goal.psnr
        assert self.goal.nbytes is not None
        return math.log2(max(self.goal.nbytes, 1.0)) - log_bytes

    def reached(self, trial: SheetTrial) -> float:
        return float(self.off(_psnr(trial), math.log2(trial.nbytes)))

    def corrected(self) -> Expected:
        """Return what is expected after the trials."""
        psnr, log_bytes = self.expected.psnr, self.expected.log_bytes
        if not self.trials:
            return self.expected
        notches = sorted(self.notch(place) for place in self.trials)
        tried = [self.trials[self.notch(notch)] for notch in notches]
        shifts = [_psnr(t) - psnr[k] for t, k in zip(tried, notches, strict=True)]
        grows = [math.log2(t.nbytes) - log_bytes[k] for t, k in zip(tried, notches, strict=True)]
        return Expected(
            np.maximum.accumulate(psnr + _between(notches, shifts, len(psnr))),
            np.maximum.accumulate(log_bytes + _between(notches, grows, len(psnr))),
            self.expected.trusted,
        )

    def notch(self, place: int) -> int:
        """Return the notch of a place, or the place of a notch."""
        return place if self.turn > 0 else len(self.dial.qualities) - 1 - place

    def offs(self) -> NDArray[np.float64]:
        """Return the s that is expected of each place."""
        corrected = self.corrected()
        return np.asarray(self.off(corrected.psnr, corrected.log_bytes))[:: self.turn]

    def next(self) -> int | None:
        """Return which place to try, None at the end."""
        low, high, known = self.low, self.high, self.trials
        if high - low <= 1 or len(known) >= _MOST:
            return None
        if high in known:
            over = self.reached(known[high])
            if self.dial.fine and (over <= self.near or len(known) >= _ENOUGH):
                return None
            if self._surely_last(over):
                return None
        if len(known) >= _PATIENCE and low in known and high in known:
            return (low + high) // 2
        meets = np.flatnonzero(self.offs()[low + 1 : high] >= 0.5 * self.near)
        place = low + 1 + int(meets[0]) if len(meets) else high - 1
        if not known:  # the ends of a dial are for those who cannot do with less
            place = min(max(place, 1), len(self.dial.qualities) - 2)
        return place

    def _surely_last(self, over: float) -> bool:
        """Tell whether the place before the one that meets the goal need not be tried."""
        if not self.expected.trusted or self.dial.fine or self.high == 0:
            return False
        offs = self.offs()
        step = float(offs[self.high] - offs[self.high - 1])
        return over < (1.0 - _SURE) * step

    def try_place(self, place: int) -> None:
        """Try a place."""
        trial = self.attempt(self.dial.qualities[self.notch(place)])
        met = self.reached(trial) >= 0.0
        self.low, self.high = (self.low, place) if met else (place, self.high)
        if met and (self.best is None or self._better(trial)):
            self.best = trial
        # Bytes are kept of the best alone: sheets of a large set take room.
        for k, old in self.trials.items():
            if old is not self.best and old.data:
                self.trials[k] = replace(old, data=())
        self.trials[place] = trial if trial is self.best else replace(trial, data=())

    def _better(self, trial: SheetTrial) -> bool:
        assert self.best is not None
        return cost_of(self.goal, trial) < cost_of(self.goal, self.best) or (
            cost_of(self.goal, trial) == cost_of(self.goal, self.best)
            and trial.nbytes <= self.best.nbytes
        )

    def cost(self) -> float:
        """Return the cost at the goal, as expected now."""
        corrected, offs = self.corrected(), self.offs()
        if offs[-1] < 0.0:
            return math.inf
        costs = corrected.log_bytes if self.goal.psnr is not None else -corrected.psnr
        return float(np.interp(0.0, offs, costs[:: self.turn]))

    def least_cost(self) -> float:
        """Return a cost that the end will hardly be below."""
        sides = [k for k in (self.low, self.high) if k in self.trials]
        surely = -math.inf
        if self.low in self.trials and self.goal.psnr is not None:
            surely = math.log2(self.trials[self.low].nbytes)  # less than the goal takes
        away = min(abs(self.reached(self.trials[k])) for k in sides)
        # How far off an expectation may be, so far from a trial (in dB, or log2 of bytes).
        doubt = 0.03 + 0.05 * away if self.goal.psnr is not None else 0.1 + 1.5 * away
        cost = self.cost()
        return surely if math.isinf(cost) else max(surely, cost - doubt)

    def ended(self, *, given_up: bool) -> Sought:
        smallest = min(self.trials.values(), key=lambda trial: trial.nbytes)
        known = replace(self.corrected(), trusted=True)
        best = None if given_up else self.best
        nearest = best or min(self.trials.values(), key=lambda trial: abs(self.reached(trial)))
        cost, count = self.cost(), len(self.trials)
        return Sought(best, smallest, cost, given_up, known, nearest.quality, count)


def _psnr(trial: Any) -> float:
    """Return the PSNR of a trial, of no error one that numbers can be made with."""
    return min(float(trial.fidelity.psnr), 200.0)


def _between(notches: list[int], values: list[float], count: int) -> NDArray[np.float64]:
    """Return lines between values, going on beyond the last as far as the last two lie apart."""
    lines = np.interp(np.arange(count), notches, values)
    if len(notches) > 1:
        reach = notches[1] - notches[0]
        steps = np.minimum(notches[0] - np.arange(notches[0]), reach)
        lines[: notches[0]] += (values[0] - values[1]) / reach * steps
        reach = notches[-1] - notches[-2]
        steps = np.minimum(np.arange(1, count - notches[-1]), reach)
        lines[notches[-1] + 1 :] += (values[-1] - values[-2]) / reach * steps
    return lines
