"""The options of sets that are large, or of fits that take long."""

from __future__ import annotations

import inspect
import os
from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any, TypeVar

import click
from click.core import ParameterSource

from visnmf.cli.scheduler import scheduler_option
from visnmf.machine import memory_of_machine

__all__ = ["LARGER", "check_larger", "larger_options", "method_of", "reads_lazily", "settings_for"]

_Command = TypeVar("_Command", bound=Callable[..., Any])

LARGER = (
    "lazy",
    "online",
    "compressed",
    "checkpoint",
    "every",
    "resume",
    "scratch",
    "scheduler",
)
"""The names of the options."""

_EVERY = 60.0
_USUAL_MEMORY = 8e9  # where the system does not tell
_SHARE = 0.25  # of memory, beyond which V is read in blocks
_PACKED = 120  # bytes of V, at most, that a byte of a file of pictures becomes

_ASKED_BY = {
    "terms_W": "--sparseness-w, --l1-w or --l2-w",
    "terms_H": "--sparseness-h, --l1-h or --l2-h",
}

_OPTIONS = (
    click.option(
        "--lazy/--no-lazy",
        default=None,
        help="Read the pictures block by block, again and again, and never hold all; by default "
        "where SOURCE is a .zarr, or larger than a quarter of memory.",
    ),
    click.option("--online", is_flag=True, help="Learn from each picture once, batch by batch."),
    click.option(
        "--compressed",
        is_flag=True,
        help="Learn from a sketch of the pictures, made by looking at all a few times.",
    ),
    click.option(
        "--checkpoint",
        type=click.Path(path_type=Path, dir_okay=False),
        metavar="FILE",
        help="Keep in FILE where the fit is; it is removed when the fit has converged.",
    ),
    click.option(
        "--every",
        type=click.FloatRange(min=0),
        default=_EVERY,
        show_default=True,
        metavar="SECONDS",
        help="How often to write it; 0 is after each iteration.",
    ),
    click.option(
        "--resume", is_flag=True, help="Go on from the checkpoint, if there is one already."
    ),
    click.option(
        "--scratch",
        type=click.Path(exists=True, file_okay=False),
        metavar="FOLDER",
        help="Where encodings too many for memory are kept while the fit runs.",
    ),
    scheduler_option,
)


def larger_options(command: _Command) -> _Command:
    """Add the options to a command."""
    return reduce(lambda made, option: option(made), reversed(_OPTIONS), command)


def method_of(larger: dict[str, Any]) -> str:
    """Return the method of `visnmf.learn`."""
    return "online" if larger["online"] else "compressed" if larger["compressed"] else "batch"


def check_larger(ctx: click.Context, larger: dict[str, Any], recipe: str | None) -> None:
    """Refuse what does not go together, before anything is read."""
    method, checkpoint = method_of(larger), larger["checkpoint"]
    given = ctx.get_parameter_source
    if larger["online"] and larger["compressed"]:
        raise click.UsageError("--online and --compressed are two ways to learn; give one")
    if method != "batch" and recipe is not None:
        raise click.UsageError(
            f"--recipe looks at all pictures again and again, and does not go with --{method}"
        )
    if method != "batch" and checkpoint is not None:
        raise click.UsageError(f"--{method} takes few passes and keeps no --checkpoint; leave one")
    if method != "batch" and larger["scratch"] is not None:
        raise click.UsageError(f"--scratch is for fits that --{method} is not one of; leave one")
    if larger["lazy"] is False and larger["scratch"] is not None:
        raise click.UsageError("--scratch is for pictures that are read lazily; leave --no-lazy")
    if larger["scheduler"] is not None and (method != "batch" or larger["lazy"] is False):
        strange = "no-lazy" if method == "batch" else method
        raise click.UsageError(
            f"--{strange} reads the pictures in one place, and --scheduler in several; leave one"
        )
    for name in ("resume", "every"):
        if checkpoint is None and given(name) is not ParameterSource.DEFAULT:
            raise click.UsageError(f"--{name} needs --checkpoint FILE")
    if checkpoint is None:
        return
    if not checkpoint.parent.is_dir():
        raise click.UsageError(f"there is no folder {checkpoint.parent} for --checkpoint; make it")
    if checkpoint.exists() and not larger["resume"]:
        raise click.UsageError(
            f"the checkpoint {checkpoint} is there already: --resume goes on from it; or delete "
            "it to begin anew"
        )


def settings_for(
    ctx: click.Context, larger: dict[str, Any], settings: dict[str, Any]
) -> dict[str, Any]:
    """Return the settings of `visnmf.learn`, with what the larger options add.

    Parameters
    ----------
    ctx : click.Context
        Of the command; an option that it names and that the method has not is refused.
    larger : dict
        The values of the options, by the names of `LARGER`.
    settings : dict
        As `fit_settings` gives them.
    """
    method = method_of(larger)
    if method == "batch":
        kept = {name: larger[name] for name in ("checkpoint", "every", "resume")}
        if larger["scratch"] is not None:
            settings = {**settings, "scratch": larger["scratch"]}
        return {**settings, **kept} if larger["checkpoint"] is not None else settings
    known = _taken_by(method)
    source = ctx.get_parameter_source
    named = {
        name: value
        for name, value in settings.items()
        if name not in ctx.params or source(name) is not ParameterSource.DEFAULT
    }
    if strange := [name for name in named if name not in known]:
        names = ", ".join(_ASKED_BY.get(name, f"--{name.replace('_', '-')}") for name in strange)
        raise click.UsageError(f"--{method} does not go with {names}; leave it out")
    taken = {name: value for name, value in named.items() if name in known}
    return {**taken, "method": method}


def _taken_by(method: str) -> set[str]:
    """Return the settings of a method."""
    import visnmf

    function = getattr(visnmf, f"factorize_{method}")
    return set(inspect.signature(function).parameters)


def reads_lazily(source: str, reading: dict[str, Any], lazy: bool | None) -> bool:
    """Tell whether to read pictures block by block: as asked, or where they are that large.

    Parameters
    ----------
    source : str
        What the command line names.
    reading : dict
        Options of `visnmf.load_images`.
    lazy : bool, optional
        What was asked for.
    """
    if lazy is not None:
        return lazy
    if source.rstrip("/").lower().endswith((".zarr", ".zarr.zip")):
        return True
    bound = _SHARE * (memory_of_machine() or _USUAL_MEMORY)
    if os.path.isfile(source) and not source.lower().endswith(".npy"):
        return False  # a movie tells its length when it was read
    try:
        if _PACKED * _bytes_of(source, bool(reading.get("recursive"))) <= bound:
            return False
        from visnmf.cli.dry_run import look_at

        layout, n = look_at(source, reading)
    except (OSError, ValueError):  # reading it says what is wrong
        return False
    return 4.0 * layout.m * n > bound


def _bytes_of(source: str, recursive: bool) -> int:
    """Return the bytes of all files of a source."""
    if os.path.isfile(source):
        return os.path.getsize(source)
    from visnmf.images.sources import find_pictures

    return sum(os.path.getsize(path) for path in find_pictures(source, recursive=recursive))
