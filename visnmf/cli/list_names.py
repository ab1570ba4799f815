"""`visnmf list`: the names in an archive."""

from __future__ import annotations

from pathlib import Path

import click

from visnmf.cli.extract import archive_argument
from visnmf.cli.options import debug_option, examples, memory_option
from visnmf.cli.text import plain

__all__ = ["list_names"]


@click.command(
    "list",
    short_help="List the pictures of an archive.",
    epilog=examples("visnmf list faces.vnmf"),
)
@archive_argument
@memory_option
@debug_option
def list_names(archive: Path, max_memory: int) -> None:
    """Write the names of the pictures in ARCHIVE, one a line, in order."""
    from visnmf.archive.archive import Archive

    with Archive.open(archive, max_memory=max_memory) as opened:
        for name in opened.names:
            click.echo(plain(name))
