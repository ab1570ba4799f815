"""Options that several commands share, each told once."""

from __future__ import annotations

import re
from collections.abc import Callable
from functools import reduce
from pathlib import Path
from typing import Any, TypeVar

import click

__all__ = [
    "DEBUG_KEY",
    "ByteCount",
    "OutputFile",
    "Size",
    "channels_option",
    "debug_option",
    "examples",
    "jobs_option",
    "keeping_options",
    "memory_option",
    "model_argument",
    "on_error_option",
    "recursive_option",
    "shape_options",
    "source_argument",
]

DEBUG_KEY = "visnmf.debug"
_Command = TypeVar("_Command", bound=Callable[..., Any])


class Size(click.ParamType):
    """Height and width of a picture, as in 28x28; a single number is both."""

    name = "HxW"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> tuple[int, int]:
        """Return (height, width)."""
        if isinstance(value, tuple):
            return value
        found = re.fullmatch(r"\s*(\d{1,6})\s*(?:[xX×,*]\s*(\d{1,6}))?\s*", value)
        height, width = (int(found[1]), int(found[2] or found[1])) if found else (0, 0)
        if not height * width:
            self.fail(f"{value!r} is no size; give height x width, such as 64x48", param, ctx)
        return height, width


class ByteCount(click.ParamType):
    """A number of bytes, as in 200k, 1.5M or 123456; k, M and G are powers of 1000."""

    name = "BYTES"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number."""
        if isinstance(value, int):
            return value
        found = re.fullmatch(r"\s*(\d{1,15}(?:\.\d+)?)\s*([kKmMgG]?)(i?)[bB]?\s*", value)
        if not found or (found[3] and not found[2]):
            self.fail(f"{value!r} is no number of bytes; give such as 200k or 1.5M", param, ctx)
        base = 1024 if found[3] else 1000
        count = int(float(found[1]) * base ** " kmg".index(found[2].lower() or " "))
        if count < 1:
            self.fail(f"{value!r} is less than a byte", param, ctx)
        return count


class OutputFile(click.ParamType):
    """A file to write: its ending says what it is, and its folder must be there.

    Checked before the work, which may take long, and not after it.
    """

    name = "FILE"

    def __init__(self, *endings: str) -> None:
        self.endings = endings

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> Path:
        """Return the path."""
        path = Path(value)
        if path.suffix.lower() not in self.endings:
            wanted, example = " or ".join(self.endings), f"{path.stem}{self.endings[0]}"
            self.fail(f"{path} should end in {wanted}, as in {example}", param, ctx)
        if path.is_dir():
            self.fail(f"{path} is a folder; name a file in it", param, ctx)
        if not path.parent.is_dir():
            self.fail(f"there is no folder {path.parent}; make it first", param, ctx)
        return path


def _set_debug(ctx: click.Context, _: click.Parameter, value: bool) -> None:
    if value:
        ctx.meta[DEBUG_KEY] = True


def debug_option(command: _Command) -> _Command:
    """Add --debug, which is understood before and after the name of the command."""
    return click.option(
        "--debug",
        is_flag=True,
        expose_value=False,
        callback=_set_debug,
        help="Show the whole traceback when something fails.",
    )(command)


def _set_jobs(ctx: click.Context, _: click.Parameter, value: int | None) -> None:
    if value is not None:
        from visnmf.kernels.threads import jobs

        ctx.with_resource(jobs(value))


def jobs_option(command: _Command) -> _Command:
    """Add --jobs, which holds for all that the command computes."""
    return click.option(
        "-j",
        "--jobs",
        type=click.IntRange(min=1),
        expose_value=False,
        callback=_set_jobs,
        metavar="N",
        help="Threads to work on; by default as many as there are processors.",
    )(command)


def _channels(
    ctx: click.Context, param: click.Parameter, value: str | None
) -> int | tuple[int, int, int] | None:
    """Read one channel, or three with commas between."""
    if value is None:
        return None
    try:
        numbers = [int(word) for word in value.split(",")]
    except ValueError:
        numbers = []
    if len(numbers) == 1:
        return numbers[0]
    if len(numbers) == 3:
        return numbers[0], numbers[1], numbers[2]
    raise click.BadParameter(f"{value!r} is neither a channel nor three, such as 40,25,10")


channels_option = click.option(
    "--channels",
    callback=_channels,
    metavar="N|R,G,B",
    help="Which channel of many to show, or which three as red, green and blue, from 0. (By "
    "default their mean.)",
)


def memory_option(command: _Command) -> _Command:
    """Add --max-memory: what reading an archive may take."""
    return click.option(
        "--max-memory",
        type=ByteCount(),
        default="2GiB",
        show_default=True,
        help="Memory to allow for reading ARCHIVE: even a small one may say it holds much.",
    )(command)


def examples(*lines: str) -> str:
    """Return the end of a help text: commands to copy."""
    return "\b\nExamples:\n" + "\n".join(f"  {line}" for line in lines)


source_argument = click.argument("source", metavar="SOURCE")
model_argument = click.argument("model_file", metavar="MODEL", type=click.Path(path_type=Path))
recursive_option = click.option(
    "-r", "--recursive", is_flag=True, help="Read the folders inside SOURCE too."
)
on_error_option = click.option(
    "--on-error",
    type=click.Choice(["raise", "warn", "skip"]),
    default="raise",
    show_default=True,
    help="A picture that cannot be read: stop there, or leave it out with or without a warning.",
)


_COLOR = "visnmf --color"

_SHAPE = (
    click.option(
        "--size", type=Size(), metavar="HxW", help="Resize all pictures to this height x width."
    ),
    click.option(
        "--fit",
        type=click.Choice(["resize", "crop", "refuse"]),
        default="resize",
        show_default=True,
        help="A picture of another size than --size: stretch it, crop it to shape, or refuse it.",
    ),
    click.option(
        "--color",
        is_flag=True,
        is_eager=True,  # so that it is there when --mode is asked
        expose_value=False,
        callback=lambda context, _, given: context.meta.update({_COLOR: given}),
        help="Short for --mode rgb.",
    ),
)


def _mode_option(usual: str) -> Callable[[_Command], _Command]:
    return click.option(
        "--mode",
        type=click.Choice(["gray", "rgb", "keep"]),
        default=usual,
        show_default=True,
        callback=_color_or,
        help="What to make of colors.",
    )


def _color_or(context: click.Context, option: click.Parameter, mode: str) -> str:
    """Return the mode that is given, or "rgb" for --color."""
    if not context.meta.get(_COLOR):
        return mode
    given = context.get_parameter_source("mode") is not click.core.ParameterSource.DEFAULT
    if given and mode != "rgb":
        raise click.BadParameter(f"--color is short for --mode rgb; leave one out ({mode!r})")
    return "rgb"


def _shaped(command: _Command, usual: str) -> _Command:
    *first, last = _SHAPE
    options = [*first, _mode_option(usual), last]
    return reduce(lambda made, option: option(made), reversed(options), command)


def shape_options(command: _Command) -> _Command:
    """Add --size, --fit and --mode: what pictures are to look like in V."""
    return _shaped(command, "gray")


def keeping_options(command: _Command) -> _Command:
    """Add --size, --fit and --mode, where pictures keep their colors unless asked."""
    return _shaped(command, "keep")
