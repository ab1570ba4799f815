"""The line that tells how a fit goes: in a terminal, on standard error, or in a notebook."""

from __future__ import annotations

import html
import math
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from visnmf.solve.progress import Progress

__all__ = ["describe", "in_notebook", "short_time", "show_progress"]

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
_PAUSE = 0.1  # seconds between two lines in a notebook


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
def show_progress(
    V: Any = None, *, max_iter: int = 0, time_limit: float = math.inf, relative: bool = True
) -> Iterator[Progress | None]:
    """Show how a fit goes, in one line that is written anew: in a terminal or in a notebook.

    What it gives is the `callback` of a fit. In a terminal the line is on standard error and goes
    away at the end; in a notebook (any that speaks to an IPython kernel; no widgets are needed) it
    stays below the cell. Elsewhere, as in a pipe, it gives None, and nothing is shown.

    Parameters
    ----------
    V, max_iter, time_limit, relative
        As of `visnmf.Progress`: all that is known makes the line tell more. Without `max_iter`
        there is no bar.

    Yields
    ------
    callback : Progress or None

    Examples
    --------
    >>> import visnmf
    >>> faces = visnmf.samples.load_faces()
    >>> with visnmf.show_progress(faces, max_iter=20) as callback:
    ...     model = visnmf.learn(faces, 9, max_iter=20, callback=callback)
    """
    line = _notebook_line if in_notebook() else _terminal_line if _in_terminal() else None
    if line is None:
        yield None
        return
    from visnmf.solve.progress import Progress

    with line() as show:
        yield Progress(V, max_iter=max_iter, time_limit=time_limit, relative=relative, report=show)


def in_notebook() -> bool:
    """Whether this is run by the kernel of a notebook, as told by IPython where it is loaded."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython is not None else None
    return getattr(shell, "kernel", None) is not None


def _in_terminal() -> bool:
    return sys.stderr is not None and sys.stderr.isatty()


@contextmanager
def _terminal_line() -> Iterator[Callable[[Progress], None]]:
    from rich.console import Console
    from rich.progress import BarColumn, SpinnerColumn, TextColumn
    from rich.progress import Progress as Line
    from rich.table import Column

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

        yield show


@contextmanager
def _notebook_line() -> Iterator[Callable[[Progress], None]]:
    from IPython.display import HTML, display

    handle = display(HTML(_line_html("learning parts", 0, 0)), display_id=True)
    last: Progress | None = None
    shown = -math.inf

    def show(progress: Progress) -> None:
        nonlocal last, shown
        last = progress
        if time.monotonic() - shown >= _PAUSE:
            shown = time.monotonic()
            of = progress.max_iter if progress.phase == "V" else 0
            handle.update(HTML(_line_html(describe(progress), progress.iteration, of)))

    try:
        yield show
    finally:
        if last is not None:
            told = f"{describe(last)} · {last.seconds:.1f} s"
            handle.update(HTML(f"<small>{html.escape(told)}</small>"))


def _line_html(told: str, done: int, total: int) -> str:
    """Return a bar, which moves where the end is known, and words."""
    bar = f' value="{done}" max="{total}"' if total else ""
    return f"<progress{bar}></progress> <small>{html.escape(told)}</small>"
