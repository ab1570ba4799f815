"""When a run ends, and the record of how it went."""

from __future__ import annotations

import math
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Protocol

from visnmf.losses.models import Point
from visnmf.solve.result import Record
from visnmf.solve.state import State

__all__ = ["Halted", "Keeper", "Rule", "Trace", "kkt_norm"]


class Halted(Exception):
    """A pass over V ended early, since the run shall: the best pair is as it was."""


def kkt_norm(*points: Point) -> float:
    """Return the length of the projected gradient (Lin 2007, equation 16)."""
    return math.sqrt(sum(point.square for point in points))


@dataclass(frozen=True)
class Rule:
    """Bounds and tolerances of one phase.

    Parameters
    ----------
    max_iter : int
        The most iterations.
    tol : float
        Ends when the projected gradient is at most this share of its length at zero, that
        of (V H', W'V); or, with `absolute`, of its size at the start of the run.
    change : float
        Ends when `patience` iterations in a row each lower the objective by less than
        this share of it.
    absolute : bool
        Measure the projected gradient as scikit-learn does: by its sum of absolute values,
        against the start.
    """

    max_iter: int
    tol: float = 0.0
    change: float = 0.0
    absolute: bool = False
    patience: int = 3

    def violation(
        self, start: tuple[Point, Point], now: tuple[Point, Point], at_zero: float
    ) -> float:
        """Return the projected gradient's size over the size that it is measured by."""
        if not self.absolute:
            return kkt_norm(*now) / at_zero if at_zero > 0 else 0.0
        first, last = (sum(point.absolute for point in points) for points in (start, now))
        return last / first if first > 0 else 0.0


class Keeper(Protocol):
    """What keeps the state of a run on disk, and knows where to go on from."""

    def resume(self, phase: str) -> State | None:
        """Return where to go on from in this phase, once; None to begin it."""
        ...

    def resumed(self, phase: str) -> bool:
        """Tell whether there is a state of this phase to go on from."""
        ...

    def keep(self, trace: Trace, phase: str, reason: str, state: Callable[[], State]) -> None:
        """Write the state, where it is time to."""
        ...


@dataclass
class Trace:
    """The clock, the history and the wishes of whoever watches.

    Parameters
    ----------
    time_limit : float
        Seconds after which to stop.
    callback : callable, optional
        Called with each Record; a true answer stops the run.
    passes : callable, optional
        Tells how often V was read so far, where it does not lie in memory.
    keeper : Keeper, optional
        Where the state is kept.
    """

    time_limit: float = math.inf
    callback: Callable[[Record], object] | None = None
    history: list[Record] = field(default_factory=list)
    began: float = field(default_factory=time.perf_counter)
    outer: Trace | None = None
    phase: str = ""
    passes: Callable[[], float] | None = None
    keeper: Keeper | None = None
    stop: bool = False
    """Whether the run shall end with the iteration that it is in: Ctrl-C, once."""
    ended: str = ""
    """Why the run has to end, where the callback, the clock or Ctrl-C said so."""

    @property
    def stopping(self) -> bool:
        """Whether a first Ctrl-C asked this run, or one that it is within, to end."""
        return self.stop or (self.outer is not None and self.outer.stopping)

    def inner(self, phase: str) -> Trace:
        """Return the trace of a run within this one, all of whose records bear one phase."""
        return Trace(self.time_limit, began=self.began, outer=self, phase=phase)

    def add(self, phase: str, iteration: int, objective: float, kkt: float) -> str:
        """Note an iteration; return the reason to stop, or an empty string."""
        seconds = time.perf_counter() - self.began
        passes = self.passes() if self.passes is not None else 0.0
        record = Record(self.phase or phase, iteration, seconds, objective, kkt, passes)
        self.history.append(record)
        if self.outer is not None:
            reason = self.outer.add(record.phase, iteration, objective, kkt)
        elif self.callback is not None and self.callback(record):
            reason = "callback"
        elif self.stop:
            reason = "interrupted"
        else:
            reason = "time_limit" if seconds > self.time_limit else ""
        self.ended = self.ended or reason
        return reason

    def keep(self, phase: str, reason: str, state: Callable[[], State]) -> None:
        """Keep the state of a phase on V, where there is a keeper and it is time to.

        Parameters
        ----------
        phase : str
            The phase that is under way.
        reason : str
            Why it ends, or an empty string.
        state : callable
            Returns all that it would go on from.
        """
        if self.keeper is not None:
            self.keeper.keep(self, phase, reason, state)

    def resume(self, phase: str) -> State | None:
        """Return where to go on from in a phase, or None to begin it."""
        return None if self.keeper is None else self.keeper.resume(phase)

    def resumed(self, phase: str) -> bool:
        """Tell whether a phase goes on from somewhere on the way, so that nothing comes before."""
        return self.keeper is not None and self.keeper.resumed(phase)

    def interrupt(self) -> str:
        """Note a Ctrl-C, here and in the runs that this one is within; return the reason.

        For where KeyboardInterrupt is caught: it goes on from there if it is the second one.
        """
        if self.stop:  # the second Ctrl-C: at once
            raise
        self.ended = "interrupted"
        if self.outer is not None:
            self.outer.interrupt()
        return self.ended
