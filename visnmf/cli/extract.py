"""`visnmf extract`: the pictures of an archive as files."""

from __future__ import annotations

from pathlib import Path

import click

from visnmf.cli.failures import Failure
from visnmf.cli.options import debug_option, examples, memory_option
from visnmf.cli.text import note, read_progress, tell

__all__ = ["archive_argument", "extract"]

archive_argument = click.argument("archive", metavar="ARCHIVE", type=click.Path(path_type=Path))


@click.command(
    short_help="Get the pictures out of an archive.",
    epilog=examples(
        "visnmf extract faces.vnmf -o faces/",
        "visnmf extract faces.vnmf -o some/ --only ann.png --only 'left/*'",
        "visnmf extract damaged.vnmf -o rescued/ --salvage",
    ),
)
@archive_argument
@click.option(
    "-o",
    "--output",
    required=True,
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder to write to; made if it is not there.",
)
@click.option(
    "--only", multiple=True, metavar="NAME", help="Just this picture, or those like 'left/*'."
)
@click.option("--overwrite", is_flag=True, help="Replace files that are there already.")
@click.option("--salvage", is_flag=True, help="Of a damaged archive get out what is whole.")
@memory_option
@debug_option
def extract(
    archive: Path,
    output: Path,
    only: tuple[str, ...],
    overwrite: bool,
    salvage: bool,
    max_memory: int,
) -> None:
    """Write the pictures of ARCHIVE into a folder, as PNG (TIFF where PNG cannot hold them).

    With --salvage, pictures whose names are lost are called by their numbers, and those that lost
    their residual are written without it, which is told.
    """
    from visnmf.archive.archive import Archive
    from visnmf.archive.extract import extract as extracted

    opened = Archive.open(archive, salvage=salvage, max_memory=max_memory)
    with opened, read_progress() as progress:
        done = extracted(
            opened,
            output,
            only=only or None,
            overwrite=overwrite,
            salvage=salvage,
            progress=progress,
        )
    tell([("pictures", f"{len(done.paths):,}"), ("written", str(output))])
    for what in opened.damage:
        note(what)
    _tell_some("lost", done.lost)
    _tell_some("without its residual, which is hurt:", done.coarse)
    if done.lost or done.coarse:
        wrong = []
        if done.lost:
            wrong.append(f"{len(done.lost):,} pictures could not be read")
        if done.coarse:
            wrong.append(f"{len(done.coarse):,} are not as near to the originals as they were")
        raise Failure(f"{archive}: {', and '.join(wrong)}")


def _tell_some(what: str, pictures: dict[str, str]) -> None:
    """Note the first few pictures that something is wrong with."""
    for name, why in list(pictures.items())[:5]:
        note(f"{what} {name}: {why}")
    if len(pictures) > 5:
        note(f"... and {len(pictures) - 5:,} more")
