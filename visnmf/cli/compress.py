"""`visnmf compress`: pictures that look alike into one small file."""

from __future__ import annotations

import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from visnmf.cli.options import (
    ByteCount,
    OutputFile,
    debug_option,
    examples,
    jobs_option,
    keeping_options,
    on_error_option,
    recursive_option,
    source_argument,
)
from visnmf.cli.progress import short_time
from visnmf.cli.sizes import size_of
from visnmf.cli.text import describe_pictures, describe_quality, note, tell

if TYPE_CHECKING:
    from visnmf.archive.outcome import Compression
    from visnmf.archive.progress import CompressionProgress
    from visnmf.images.layout import ImageLayout

__all__ = ["compress", "working"]


@click.command(
    short_help="Compress pictures that look alike into one file.",
    epilog=examples(
        "visnmf compress faces/ -o faces.vnmf --psnr 30",
        "visnmf compress scans/ -o scans.vnmf --max-bytes 200k -r",
        "visnmf compress bands.npy -o bands.vnmf --max-error 2",
        "visnmf compress 'cells/*.tif' -o cells.vnmf --lossless",
        "visnmf compress faces/ -o faces.vnmf --rank 64 --step 40",
    ),
)
@source_argument
@click.option(
    "-o",
    "--output",
    required=True,
    type=OutputFile(".vnmf"),
    help="The archive to write.",
)
@click.option("--psnr", type=float, metavar="DB", help="Reach this PSNR over the set.")
@click.option("--max-bytes", type=ByteCount(), help="The best that fits into so many bytes.")
@click.option(
    "--max-error",
    type=click.IntRange(min=0),
    metavar="LEVELS",
    help="No pixel is off by more than this.",
)
@click.option("--lossless", is_flag=True, help="Every pixel comes back as it was.")
@click.option("--rank", type=click.IntRange(min=1), help="By hand: so many parts.")
@click.option(
    "--step", type=float, metavar="LEVELS", help="With --rank: the step of the encodings."
)
@click.option(
    "--quality",
    type=click.IntRange(0, 100),
    help="With --rank: parts as AVIF sheets of this quality instead of without loss.",
)
@keeping_options
@recursive_option
@on_error_option
@click.option(
    "--chunk",
    type=click.IntRange(min=1),
    default=256,
    show_default=True,
    help="Pictures whose encodings are read together.",
)
@click.option("--seed", type=int, default=0, show_default=True, help="Of the fits.")
@click.option("--no-compare", is_flag=True, help="Do not tell what PNG and JPEG files would take.")
@click.option("--overwrite", is_flag=True, help="Replace the archive if it is there already.")
@jobs_option
@debug_option
def compress(
    source: str, output: Path, size: Any, fit: str, mode: str, no_compare: bool, **options: Any
) -> None:
    """Compress the pictures in SOURCE, of one size, into one archive.

    SOURCE is a folder of pictures, a glob in quotes, a TIFF or GIF of many pages, a video,
    a .npy, .npz or .h5 file or a pack. Give one target: --psnr, --max-bytes, --max-error,
    --lossless or --rank. Pictures become parts and encodings where that is smaller, and contact
    sheets of an image codec where it is not. `visnmf extract` gets them out again.
    """
    from visnmf.archive.compress import compress as compressed
    from visnmf.cli.source import read_pictures

    recursive, on_error = options.pop("recursive"), options.pop("on_error")
    _check_target(options)
    images = read_pictures(
        source, size=size, fit=fit, mode=mode, recursive=recursive, on_error=on_error
    )
    began = time.perf_counter()
    with working() as progress:
        done = compressed(images, output, compare=not no_compare, progress=progress, **options)
    facts = [
        ("pictures", describe_pictures(len(images), images.layout)),
        *_facts(done, images.layout),
        ("time", f"{time.perf_counter() - began:.2f} s"),
        ("written", str(output)),
    ]
    tell(facts)
    if images.skipped:
        note(f"left out {len(images.skipped):,}, such as {images.skipped[0]}")
    for new, old in done.renamed[:5]:
        note(f"{old!r} is called {new!r} in the archive: its name is not fit for every system")
    if len(done.renamed) > 5:
        note(f"... and {len(done.renamed) - 5:,} more names")
    if options["lossless"] or options["max_error"] is not None:
        _tell_of_opacity(source, recursive)
    if done.motion:
        note(done.motion)


def _tell_of_opacity(source: str, recursive: bool) -> None:
    """Tell what is not kept even without loss."""
    from visnmf.images.transparency import transparent_files

    flat = transparent_files(source, recursive=recursive)
    if flat:
        note(
            f"{len(flat):,} of the files, such as {flat[0]}, have opacity, which is not kept: "
            "these pictures are stored as they look on black"
        )


def _check_target(options: dict[str, Any]) -> None:
    """Refuse a command line without just one target, in its own words."""
    names = ("psnr", "max_bytes", "max_error", "lossless", "rank")
    given = [f"--{name.replace('_', '-')}" for name in names if options[name] not in (None, False)]
    if len(given) != 1:
        told = f"got {' and '.join(given)}" if given else "none is given"
        raise click.UsageError(
            f"give one target of --psnr, --max-bytes, --max-error, --lossless and --rank; {told}"
        )


def _facts(done: Compression, layout: ImageLayout) -> list[tuple[str, object]]:
    """Return what came of it, and what the pictures take otherwise."""
    share = done.nbytes / done.raw_bytes
    each = done.nbytes / done.n
    facts: list[tuple[str, object]] = [
        ("archive", f"{size_of(done.nbytes)}, {each:,.1f} bytes a picture, {share:.2%} of raw"),
        ("holds", done.held),
    ]
    facts.append(("quality", describe_quality(done.fidelity, layout)))
    if done.sheets is not None:
        for tried in done.sheets.tried:
            about = "about " if tried.estimated else ""
            facts.append((f"{tried.name} sheet", f"{about}{size_of(tried.nbytes)}"))
        if not done.sheets.tried and done.sheets.told != "none":
            facts.append(("contact sheet", f"{size_of(done.sheets.nbytes)}: {done.sheets.told}"))
    if done.files is not None:
        about = "about " if done.files.estimated else ""
        facts.append((f"{done.files.kind} files", f"{about}{size_of(done.files.png)}, lossless"))
        if done.files.jpeg is not None:
            told = f"{about}{size_of(done.files.jpeg)}, of quality {done.files.quality}"
            facts.append(("JPEG files", told))
    if "sheet" in done.held.lower():
        facts.append(("note", "contact sheets are smaller than parts here, so those are stored"))
    return facts


@contextmanager
def working() -> Iterator[Callable[[CompressionProgress], object] | None]:
    """Show in one line what is done and about how long it takes; None where nobody would see."""
    if sys.stderr is None or not sys.stderr.isatty():
        yield None
        return
    from rich.console import Console
    from rich.progress import BarColumn, Progress, ProgressColumn, SpinnerColumn, Task, TextColumn
    from rich.table import Column
    from rich.text import Text

    class Left(ProgressColumn):
        """Seconds left, counted down until the next word."""

        def render(self, task: Task) -> Text:
            end = task.fields["end"]
            if end is None:
                return Text("")
            return Text(f"about {short_time(max(1.0, end - time.monotonic()))} left")

    told = TextColumn(
        "{task.description}", table_column=Column(no_wrap=True, overflow="ellipsis"), markup=False
    )
    columns = (SpinnerColumn(), BarColumn(bar_width=16), Left(), told)
    with Progress(*columns, console=Console(stderr=True), transient=True) as line:
        task = line.add_task("compressing", total=1.0, end=None)

        def show(now: CompressionProgress) -> None:
            end = time.monotonic() + now.seconds_left
            line.update(task, completed=now.fraction, description=now.words, end=end)

        yield show
