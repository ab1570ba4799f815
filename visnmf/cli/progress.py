"""The line that tells how a fit goes, on standard error, where that is a terminal."""

from __future__ import annotations

import math
import sys
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from visnmf.solve.progress import Progress
    from visnmf.solve.result import Record

__all__ = ["describe", "fit_progress", "short_time"]

_PHASES = {
    "V": "learning parts",
    "sample": "on a sample",
    "part": "on a stand-in",
    "low rank": "on a stand-in",
    "start": "starting",
    "first": "first pass",
    "closing": "last encodings",
}
_ONCE = ("first", "closing")


def describe(progress: Progress) -> str:
    """Return the figures of a fit in one line, the most telling ones first.

    Parameters
    ----------
    progress : Progress
        Of the fit.
    """
    if not progress.phase:
        return "learning parts"
    count = "" if progress.phase in _ONCE else f" {progress.iteration:,}"
    of = f" of {progress.max_iter:,}" if progress.phase == "V" and progress.max_iter else ""
    words = [f"{_PHASES.get(progress.phase, progress.phase)}{count}{of}"]
    if not math.isnan(progress.relative_error):
        words.append(f"error {progress.relative_error:.4f}")
    elif not math.isnan(progress.objective):
        words.append(f"objective {progress.objective:.5g}")
    if not math.isnan(progress.time_left):
        words.append(f"at most {short_time(progress.time_left)} left")
    if not math.isnan(progress.images_per_second):
        words.append(f"{progress.images_per_second:,.0f} images/s")
    if progress.passes:
        words.append(f"{progress.passes:.1f} passes")
    if not math.isnan(progress.kkt):
        words.append(f"KKT {progress.kkt:.2g}")
    if progress.memory:
        words.append(f"{progress.memory / 2**20:,.0f} MB")
    return " · ".join(words)


def short_time(seconds: float) -> str:
    """Return such as "0:07", "12:30" or "3:05:00"."""
    minutes, rest = divmod(math.ceil(seconds), 60)
    hours, minutes = divmod(minutes, 60)
    return f"{hours}:{minutes:02}:{rest:02}" if hours else f"{minutes}:{rest:02}"


@contextmanager
def fit_progress(
    V: Any = None, *, max_iter: int = 0, time_limit: float = math.inf, relative: bool = True
) -> Iterator[Callable[[Record], object] | None]:
    """Show how a fit goes, in one line; None where nobody would see it.

    Parameters
    ----------
    V, max_iter, time_limit, relative
        As of `visnmf.Progress`.
    """
    if sys.stderr is None or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, SpinnerColumn, TextColumn
    from rich.progress import Progress as Line
    from rich.table import Column

    from visnmf.solve.progress import Progress

    told = TextColumn(
        "{task.description}", table_column=Column(no_wrap=True, overflow="ellipsis"), markup=False
    )
    columns = (SpinnerColumn(), BarColumn(bar_width=16), told)
    with Line(*columns, console=Console(stderr=True), transient=True) as line:
        task = line.add_task("learning parts", total=None)

        def show(progress: Progress) -> None:
            total = progress.max_iter if progress.phase == "V" and progress.max_iter else None
            done = progress.iteration if total else 0
            line.update(task, description=describe(progress), completed=done, total=total)

        yield Progress(V, max_iter=max_iter, time_limit=time_limit, relative=relative, report=show)
