"""What the commands say: facts on standard output, notes and progress on standard error."""

from __future__ import annotations

import math
import sys
import warnings
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

if TYPE_CHECKING:
    from visnmf.archive.fidelity import Fidelity
    from visnmf.archive.header import Header
    from visnmf.images.layout import ImageLayout

__all__ = [
    "describe_layout",
    "describe_pictures",
    "describe_quality",
    "describe_reason",
    "note",
    "one_line",
    "one_line_warnings",
    "plain",
    "read_progress",
    "tell",
]

_REASONS = {
    "kkt": "it converged (the gradient is within --tol)",
    "change": "it converged (the error hardly fell any more)",
    "precision": "it converged (as far as the precision allows)",
    "max_iter": "--max-iter was reached",
    "time_limit": "--time-limit was reached",
    "passes": "all pictures were seen",
    "interrupted": "you interrupted it",
}


def plain(text: object) -> str:
    """Return text that cannot steer a terminal: names and files may come from strangers."""
    return "".join(c if c.isprintable() else repr(c)[1:-1] for c in str(text))


def tell(facts: Iterable[tuple[str, object]]) -> None:
    """Write a table of facts, a name and a value a line, to standard output."""
    rows = [(name, plain(value)) for name, value in facts]
    width = max(len(name) for name, _ in rows)
    for name, value in rows:
        click.echo(f"{click.style(name.ljust(width), bold=True)}  {value}".rstrip())


def note(text: str) -> None:
    """Write a line to standard error."""
    click.echo(plain(text), err=True)


@contextmanager
def one_line_warnings() -> Iterator[None]:
    """Show warnings as one line each, without the place in the code."""

    def show(message: Warning | str, *_: Any) -> None:
        line = plain(" ".join(str(message).split()))
        click.echo(click.style("warning: ", fg="yellow", bold=True) + line, err=True)

    with warnings.catch_warnings():
        warnings.showwarning = show  # type: ignore[assignment]
        yield


def describe_layout(layout: ImageLayout) -> str:
    """Return such as "19 x 19, gray"."""
    kinds = {1: "gray", 3: "color"}
    kind = kinds.get(layout.channels, f"{layout.channels} channels")
    mask = "" if layout.mask is None else f", {layout.mask.sum():,} pixels kept by the mask"
    return f"{layout.height} x {layout.width}, {kind}{mask}"


def describe_pictures(n: int, layout: ImageLayout) -> str:
    """Return such as "2,429 of 19 x 19, gray"."""
    return f"{n:,} of {describe_layout(layout)}"


def describe_quality(seen: Fidelity | Header, layout: ImageLayout) -> str:
    """Return how near pictures of an archive are to the originals."""
    if math.isinf(seen.psnr):
        from visnmf.archive.material import describe_exact

        return describe_exact(layout)
    return (
        f"{seen.psnr:.2f} dB over the set, {seen.worst_psnr:.2f} dB the worst picture "
        f"(number {seen.worst}), no pixel off by more than {seen.max_error}"
    )


def describe_reason(reason: str) -> str:
    """Return why a run ended, in words for a person."""
    return _REASONS.get(reason, reason)


def one_line(values: Any) -> str:
    """Return a JSON object as "name value, name value"; the name of a step comes first."""
    if not isinstance(values, dict):
        return str(values)
    told = ", ".join(
        f"{name} {value}" for name, value in values.items() if name != "step" and value is not None
    )
    return f"{values['step']}: {told}" if "step" in values else told


@contextmanager
def read_progress(title: str = "reading pictures") -> Iterator[Callable[[int, int], None] | None]:
    """Show a bar while things are read or made, one by one; None where nobody would see it."""
    with _bar(title) as bar:
        if bar is None:
            yield None
            return
        progress, task = bar
        yield lambda done, total: progress.update(task, completed=done, total=total)


@contextmanager
def _bar(title: str) -> Iterator[tuple[Any, Any] | None]:
    """Open a rich progress bar with one task on standard error, if that is a terminal."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

    columns = (TextColumn(title), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn())
    with Progress(*columns, console=Console(stderr=True), transient=True) as progress:
        yield progress, progress.add_task(title, total=None)
