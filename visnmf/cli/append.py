"""`visnmf append`: more pictures into an archive."""

from __future__ import annotations

import math
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from visnmf.cli.extract import archive_argument
from visnmf.cli.options import (
    OutputFile,
    debug_option,
    examples,
    jobs_option,
    keeping_options,
    memory_option,
    on_error_option,
    recursive_option,
    source_argument,
)
from visnmf.cli.sizes import size_of
from visnmf.cli.text import note, tell

if TYPE_CHECKING:
    from visnmf.archive.fidelity import Fidelity
    from visnmf.images.layout import ImageLayout

__all__ = ["append"]


@click.command(
    short_help="Put more pictures into an archive.",
    epilog=examples(
        "visnmf append scans.vnmf more/",
        "visnmf append faces.vnmf new/ -o all.vnmf --anyway",
    ),
)
@archive_argument
@source_argument
@click.option(
    "-o",
    "--output",
    type=OutputFile(".vnmf"),
    help="Write another archive; without, ARCHIVE itself gets them.",
)
@click.option(
    "--anyway", is_flag=True, help="Even if it then misses the PSNR or bytes it was made for."
)
@keeping_options
@recursive_option
@on_error_option
@click.option("--overwrite", is_flag=True, help="Replace the output if it is there already.")
@memory_option
@jobs_option
@debug_option
def append(archive: Path, source: str, size: Any, fit: str, mode: str, **options: Any) -> None:
    """Put the pictures in SOURCE into ARCHIVE, by the parts that it has.

    They have to be of the size and type of those in it. Pictures that are there come back as
    before; a bound on every pixel holds for the new ones too.
    """
    from visnmf.archive.append import append as appended
    from visnmf.cli.source import read_pictures

    recursive, on_error = options.pop("recursive"), options.pop("on_error")
    images = read_pictures(
        source, size=size, fit=fit, mode=mode, recursive=recursive, on_error=on_error
    )
    done = appended(archive, images, **options)
    facts: list[tuple[str, object]] = [
        ("pictures", f"{done.added:,} more, {done.n:,} now"),
        ("archive", f"{size_of(done.nbytes)}, it had {size_of(done.before)}"),
        ("new ones", _quality(done.new, images.layout)),
        ("all", _quality(done.fidelity, images.layout)),
        ("written", done.path),
    ]
    tell(facts)
    if images.skipped:
        note(f"left out {len(images.skipped):,}, such as {images.skipped[0]}")
    if done.given_up:
        note(f"{done.given_up}; it states only what it reaches now")
    for new, old in done.renamed[:5]:
        note(f"{old!r} is called {new!r} in the archive")
    if len(done.renamed) > 5:
        note(f"... and {len(done.renamed) - 5:,} more names")


def _quality(seen: Fidelity, layout: ImageLayout) -> str:
    if math.isinf(seen.psnr):
        from visnmf.archive.material import describe_exact

        return describe_exact(layout)
    return f"{seen.psnr:.2f} dB, no pixel off by more than {seen.max_error}"
