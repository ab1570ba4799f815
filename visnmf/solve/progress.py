"""What a run is doing, in the figures that people ask for."""

from __future__ import annotations

import math
import os
import sys
from collections import deque
from collections.abc import Callable
from typing import Any

import numpy as np

from visnmf.arguments import check_callable
from visnmf.errors import InvalidInputError
from visnmf.solve.result import Record

__all__ = ["Progress"]

_WINDOW = 8  # records that rates are told from
_OF_V = ("V", "first", "closing")  # phases whose objective is one of V itself
_BLOCK = 1 << 22  # entries that are squared at a time


class Progress:
    """Makes figures for people of the records of a run; give it as its `callback`.

    Parameters
    ----------
    V : array_like (m, n), ImageSet, LazyImages or scipy.sparse array, optional
        What is factorized. Without it, and where V is read in blocks, there is no relative
        error; without it there are no images a second either.
    max_iter : int, optional
        As of `visnmf.factorize`.
    time_limit : float
        As of `visnmf.factorize`.
    relative : bool
        Whether the objective tells the relative error: with the Frobenius loss, all entries of V
        known and no penalties.
    report : callable, optional
        Called with this object after each record; a true answer stops the run.

    Attributes
    ----------
    phase : str
        What the run works on; `visnmf.solve.result.Record` tells the names. Empty before the
        first record.
    iteration, max_iter : int
        Iterations of this phase, and the most on V; 0 where not known.
    objective, kkt : float
        The objective, and the projected gradient when it was measured last, or NaN.
    relative_error : float
        ``||V - W H|| / ||V||``, NaN where it is not known.
    seconds : float
        Since the run began.
    passes : float
        How often V was read, where it does not lie in memory, else 0.
    images_per_second : float
        Of late; NaN before the second iteration on V.

    Examples
    --------
    >>> import visnmf
    >>> faces = visnmf.samples.load_faces()
    >>> progress = visnmf.Progress(faces, max_iter=12)
    >>> result = visnmf.factorize(faces, 9, max_iter=12, callback=progress)
    >>> progress.phase, progress.max_iter
    ('closing', 12)
    >>> round(progress.relative_error, 2)
    0.22
    """

    def __init__(
        self,
        V: Any = None,
        *,
        max_iter: int = 0,
        time_limit: float = math.inf,
        relative: bool = True,
        report: Callable[[Progress], object] | None = None,
    ) -> None:
        self.max_iter, self.time_limit, self.report = max_iter, time_limit, report
        V = np.asarray(V) if isinstance(V, list) else V
        shape: Any = (0, 0) if V is None else getattr(getattr(V, "V", V), "shape", ())
        if len(shape) != 2:
            raise InvalidInputError(
                f"V must have two dimensions, pixels x images, or be a set, not {V!r:.80}"
            )
        self.n = int(shape[1])
        check_callable(report, "report")
        self._length = _length(V) if V is not None and relative else math.nan
        self.phase = ""
        self.iteration = 0
        self.objective = self.kkt = self.relative_error = self.images_per_second = math.nan
        self.seconds = self.passes = 0.0
        self._pace = math.nan  # seconds an iteration on V
        self._recent: deque[Record] = deque(maxlen=_WINDOW)

    def __call__(self, record: Record) -> object:
        """Take a record in."""
        if record.phase != self.phase:
            self._recent.clear()
        self._recent.append(record)
        self.phase, self.iteration = record.phase, record.iteration
        self.seconds, self.passes = record.seconds, record.passes
        self.objective = record.objective
        if not math.isnan(record.kkt):
            self.kkt = record.kkt
        if self.phase in _OF_V:
            self.relative_error = math.sqrt(2 * max(self.objective, 0.0)) / self._length
        self._note_rates()
        return self.report(self) if self.report is not None else None

    @property
    def time_left(self) -> float:
        """Seconds that the run takes at most, from its pace and its bounds; NaN if not known.

        How soon a tolerance will be met the objective does not tell: its gains come in waves, and
        laws fitted to them miss by factors of two and more.
        """
        left = [self.time_limit - self.seconds] if math.isfinite(self.time_limit) else []
        if self.max_iter and self.phase == "V" and not math.isnan(self._pace):
            left.append(self._pace * (self.max_iter - self.iteration))
        return max(min(left), 0.0) if left and self.phase != "closing" else math.nan

    @property
    def memory(self) -> int:
        """Bytes of memory that this process has now (its most so far, where that is not told)."""
        try:
            with open("/proc/self/statm", encoding="ascii") as file:
                return int(file.read().split()[1]) * os.sysconf("SC_PAGE_SIZE")
        except (OSError, AttributeError):
            return _peak()

    def _note_rates(self) -> None:
        first, last = self._recent[0], self._recent[-1]
        seconds, iterations = last.seconds - first.seconds, last.iteration - first.iteration
        if self.phase != "V" or seconds <= 0 or iterations <= 0:
            return
        self._pace = seconds / iterations
        seen = last.passes - first.passes if last.passes else iterations
        if self.n:
            self.images_per_second = self.n * seen / seconds


def _length(V: Any) -> float:
    """Return the length of V in float64, or NaN where it would have to be read."""
    if hasattr(V, "columns") and hasattr(V, "layout") or hasattr(V, "read"):
        return math.nan
    values = getattr(V, "V", V) if hasattr(V, "layout") else V
    values = values.data if hasattr(values, "tocsr") else np.asarray(values)
    flat = values.ravel(order="K")
    parts = (flat[i : i + _BLOCK].astype(np.float64) for i in range(0, flat.size, _BLOCK))
    return math.sqrt(sum(float(part @ part) for part in parts)) or math.nan


def _peak() -> int:
    try:
        import resource
    except ImportError:  # Windows
        return 0
    most = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return int(most) if sys.platform == "darwin" else int(most) * 1024
