"""How size and likeness go together as the step of the encodings changes, at one rank."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from visnmf.archive.basis import BasisMaker
from visnmf.archive.fidelity import to_psnr
from visnmf.archive.goal import Goal
from visnmf.archive.trial import Pair, Trial, compact

__all__ = ["Curve"]

_BEYOND = 2.0  # dB up to which a curve is followed past its trials
_FARTHEST = math.log(4.0)  # one move of the step is at most so many times


@dataclass(eq=False)
class Curve:
    """Trials with one pair and one way to store parts.

    Parameters
    ----------
    V : ndarray of float32 (m, n')
        Images in [0, 1], or a sample of them.
    pair : Pair
        Of V.
    maker : BasisMaker
        How parts are stored.
    n : int
        Images in the whole set.
    peak : int
        The level that V = 1 stands for.
    """

    V: np.ndarray
    pair: Pair
    maker: BasisMaker
    n: int
    peak: int
    trials: list[Trial] = field(default_factory=list)

    @property
    def rank(self) -> int:
        """Of the pair."""
        return len(self.pair.W)

    def compact(self, step: float, rounds: int = 1) -> Trial:
        """Return a trial with a step."""
        return compact(self.V, self.pair, step, self.maker, n=self.n, rounds=rounds)

    def psnr(self, trial: Trial) -> float:
        """Return the PSNR of a trial in dB."""
        return to_psnr(trial.error, self.V.size, self.peak)

    def seek(
        self,
        goal: Goal,
        first: float,
        *,
        within: float,
        most: int,
        above: bool = False,
        rounds: int = 1,
    ) -> None:
        """Make trials until one is near enough to the goal.

        Parameters
        ----------
        goal : Goal
            What is wanted.
        first : float
            The step to begin with.
        within : float
            How near, in dB (of bytes: in tenths of a doubling).
        most : int
            The most trials.
        above : bool
            Whether only a trial that meets the goal will do.
        rounds : int
            As of `compact`.
        """
        step = first
        for left in range(most, 0, -1):
            self.trials.append(self.compact(step, rounds))
            offs = [(self.off(goal, t), math.log(t.step)) for t in self.trials]
            met = [off for off, _ in offs if 0.0 <= goal_side(goal, off) <= within]
            if met if above else min(abs(off) for off, _ in offs) <= within:
                return
            if left > 1:
                step = math.exp(_next(offs, goal_side(goal, 0.5 * within) if above else 0.0, goal))

    def off(self, goal: Goal, trial: Trial) -> float:
        """Return how far a trial is from the goal; positive is too good, or too large."""
        return goal.off(self.psnr(trial), trial.nbytes)

    def meets(self, goal: Goal, nearly: float = 0.0) -> bool:
        """Tell whether a trial meets the goal, or nearly."""
        return any(goal_side(goal, self.off(goal, t)) >= -nearly for t in self.trials)

    def best(self, goal: Goal) -> Trial | None:
        """Return the trial that meets the goal at the least cost, if one does."""
        met = [t for t in self.trials if goal_side(goal, self.off(goal, t)) >= 0.0]
        if not met:
            return None
        if goal.psnr is not None:
            return min(met, key=lambda t: t.nbytes)
        return min(met, key=lambda t: t.error)

    def cost(self, goal: Goal) -> float:
        """Return what the goal costs here, read off between the trials: less is better.

        log2 of bytes where a PSNR is wanted, the negative PSNR where bytes are given.
        """
        points = [(self.psnr(t), math.log2(t.nbytes)) for t in self.trials]
        near = sorted(points, key=lambda p: abs(goal.off(p[0], 2.0 ** p[1])))[:2]
        (psnr, bits), slope = near[0], 0.28  # a dB costs some 20 percent
        if len(near) == 2 and abs(near[1][0] - psnr) > 1e-6:
            slope = min(max((near[1][1] - bits) / (near[1][0] - psnr), 0.03), 0.6)
        if goal.psnr is not None:
            return bits + slope * (goal.psnr - psnr)
        assert goal.nbytes is not None
        beyond = (math.log2(goal.nbytes) - bits) / slope
        return -(psnr + min(max(beyond, -_BEYOND), _BEYOND))


def goal_side(goal: Goal, off: float) -> float:
    """Turn how far a point is off so that positive meets the goal: above a PSNR, below bytes."""
    return off if goal.psnr is not None else -off


def _next(offs: list[tuple[float, float]], aim: float, goal: Goal) -> float:
    """Return the log of the step to try next: a secant through the two nearest trials."""
    nearest = sorted(offs, key=lambda o: abs(o[0] - aim))
    off, at = nearest[0]
    slope = -3.0 if goal.psnr is not None else -7.0  # for e times the step, as a rule
    if len(nearest) > 1:
        other, there = nearest[1]
        if abs(there - at) > 1e-9 and (other - off) / (there - at) < -0.3:
            slope = (other - off) / (there - at)
    move = (aim - off) / slope
    return at + min(max(move, -_FARTHEST), _FARTHEST)
