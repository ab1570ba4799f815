"""How far compressing is, and how long it may still take."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Protocol

__all__ = ["CompressionProgress", "Course", "Report"]

_SURE = 2.0  # shares of a phase beyond 1 / this are trusted alone to tell how long it takes
_OVERDUE = 0.15  # of its time so far: what a phase that takes longer than expected still takes


class Report(Protocol):
    """What is told of work under way."""

    def __call__(self, words: str, share: float | None = None, /) -> object:
        """Tell what is done now, and which share of its phase is behind."""


@dataclass(frozen=True)
class CompressionProgress:
    """How far compressing is; as a string, that in one line.

    Attributes
    ----------
    words : str
        What is done now, such as "rank 30".
    fraction : float
        Of the whole time that seems to be over, 0 to 1; never less than before.
    seconds : float
        Since the start.
    seconds_left : float
        An estimate: what is usual for so many values, corrected by what this run took so far.
        A search may turn out shorter or longer.
    """

    words: str
    fraction: float
    seconds: float
    seconds_left: float

    def __str__(self) -> str:
        minutes, seconds = divmod(math.ceil(self.seconds_left), 60)
        return f"{self.words} · {self.fraction:.0%} · about {minutes}:{seconds:02} left"


class Course:
    """The phases of a run, how long each may take, and where it is.

    Parameters
    ----------
    expected : mapping of str to float
        Seconds that each phase may take, in their order.
    report : callable, optional
        Given a `CompressionProgress` whenever there is something to tell.
    clock : callable
        Of seconds.
    """

    def __init__(
        self,
        expected: Mapping[str, float],
        report: Callable[[CompressionProgress], object] | None = None,
        clock: Callable[[], float] = time.perf_counter,
    ) -> None:
        self._expected = dict(expected)
        self._report, self._clock = report, clock
        self._start = self._since = clock()
        self._phase: str | None = None
        self._taken = self._foreseen = 0.0  # by the phases that are over
        self._share, self._fraction = 0.0, 0.0

    def enter(self, phase: str) -> Report:
        """Begin a phase; those before it are over, or left out. Returns what tells of it."""
        now = self._clock()
        if self._phase is not None:
            self._taken += now - self._since
            self._foreseen += self._expected.pop(self._phase)
        while next(iter(self._expected)) != phase:
            self._expected.pop(next(iter(self._expected)))
        self._phase, self._since, self._share = phase, now, 0.0
        return self.tell

    def tell(self, words: str, share: float | None = None) -> None:
        """Tell what is done now.

        Parameters
        ----------
        words : str
            For people.
        share : float, optional
            Of this phase that is over, 0 to 1.
        """
        if self._report is None:
            return
        if share is not None:
            self._share = min(max(share, self._share), 1.0)
        now = self._clock()
        seconds, left = now - self._start, self._left(now - self._since)
        self._fraction = max(self._fraction, seconds / max(seconds + left, 1e-9))
        self._report(CompressionProgress(words, self._fraction, seconds, left))

    def end(self) -> None:
        """Tell that all is done."""
        self._expected.clear()
        if self._report is not None:
            seconds = self._clock() - self._start
            self._report(CompressionProgress("done", 1.0, seconds, 0.0))

    def _left(self, elapsed: float) -> float:
        """Return the seconds that are left, `elapsed` after the phase began."""
        pace = (self._taken + 1.0) / (self._foreseen + 1.0)  # of this machine and these pictures
        later = pace * sum(s for phase, s in self._expected.items() if phase != self._phase)
        if self._phase is None:
            return later
        whole = pace * self._expected[self._phase]
        if not self._share:
            return later + max(whole - elapsed, _OVERDUE * elapsed)
        trust = min(1.0, _SURE * self._share)
        whole = trust * elapsed / self._share + (1.0 - trust) * whole
        return later + (1.0 - self._share) * whole
