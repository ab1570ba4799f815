"""`--scheduler`: where dask has the work done."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import click

from visnmf.cli.text import tell

__all__ = ["scheduler_option", "working_on"]

_Command = TypeVar("_Command", bound=Callable[..., Any])


def scheduler_option(command: _Command) -> _Command:
    """Add --scheduler, for `working_on`."""
    return click.option(
        "--scheduler",
        metavar="ADDRESS",
        help="Let the workers of this dask scheduler do the work, as tcp://host:8786; each must "
        "reach SOURCE and --scratch. Or one of this machine: threads, processes.",
    )(command)


@contextmanager
def working_on(scheduler: str | None) -> Iterator[None]:
    """Have what is read in blocks within worked on there; here, if None.

    Parameters
    ----------
    scheduler : str, optional
        What the option says.

    Raises
    ------
    ClusterError
        If there is no scheduler, or it has no workers.
    """
    if scheduler is None:
        yield
        return
    from visnmf.solve.crew import on_dask

    with on_dask(scheduler) as client:
        if client is not None:
            count = len(client.nthreads())
            workers = f"{count} worker{'s' * (count != 1)} at {scheduler}"
            tell([("dask", f"{workers}; watch them at {client.dashboard_link}")])
        yield
