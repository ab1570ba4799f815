"""`visnmf extract`: the pictures of an archive as files."""

from __future__ import annotations

from pathlib import Path

import click

from visnmf.cli.failures import Failure
from visnmf.cli.options import debug_option, examples
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
@debug_option
def extract(
    archive: Path, output: Path, only: tuple[str, ...], overwrite: bool, salvage: bool
) -> None:
    """Write the pictures of ARCHIVE into a folder, as PNG (TIFF where PNG cannot hold them)."""
    from visnmf.archive.archive import Archive
    from visnmf.archive.extract import extract as extracted

    with Archive.open(archive, salvage=salvage) as opened, read_progress() as progress:
        done = extracted(
            opened,
            output,
            only=only or None,
            overwrite=overwrite,
            salvage=salvage,
            progress=progress,
        )
    tell([("pictures", f"{len(done.paths):,}"), ("written", str(output))])
    for name, why in list(done.lost.items())[:5]:
        note(f"lost {name}: {why}")
    if len(done.lost) > 5:
        note(f"... and {len(done.lost) - 5:,} more")
    if done.lost:
        raise Failure(f"{len(done.lost):,} pictures could not be read from {archive}")
