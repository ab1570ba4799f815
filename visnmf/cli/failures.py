"""What went wrong, in one line for a person."""

from __future__ import annotations

import difflib
from pathlib import Path
from typing import IO, Any

import click

from visnmf.errors import VisnmfError

__all__ = ["INTERRUPTED", "Failure", "explain"]

INTERRUPTED = 130
"""The exit code after Ctrl-C: 128 and the number of the signal, as shells have it."""


class Failure(click.ClickException):
    """The work failed: exit code 1."""

    def show(self, file: IO[Any] | None = None) -> None:
        """Write the line to standard error."""
        click.echo(click.style("error: ", fg="red", bold=True) + self.format_message(), err=True)


def explain(error: Exception) -> str:
    """Return one line that says what went wrong, and where it can, what to do.

    Parameters
    ----------
    error : Exception
        What a command raised.
    """
    if isinstance(error, FileNotFoundError) and isinstance(error, VisnmfError):
        return _line(error) + _nearest(getattr(error, "path", None))
    if isinstance(error, VisnmfError):
        return _line(error)
    if isinstance(error, OSError):
        name = f": {error.filename}" if error.filename else ""
        return f"{error.strerror or _line(error)}{name}{_nearest(error.filename)}"
    if isinstance(error, MemoryError):
        return "not enough memory; take fewer or smaller pictures (--size)"
    return f"{type(error).__name__}: {_line(error)} (a fault of visnmf: --debug shows where)"


def _line(error: Exception) -> str:
    return " ".join(str(error).split())


def _nearest(name: Any) -> str:
    """Return a hint at a file or folder of nearly the missing one's name, or nothing."""
    path = Path(str(name)) if name else None
    if path is None or path.exists() or not path.parent.is_dir():
        return ""
    neighbors = [other.name for other in path.parent.iterdir()]
    close = difflib.get_close_matches(path.name, neighbors, n=1, cutoff=0.7)
    return f"; did you mean {path.with_name(close[0])}?" if close else ""
