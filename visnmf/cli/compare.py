"""`visnmf compare`: two models on the same pictures."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from visnmf.cli.options import (
    OutputFile,
    debug_option,
    examples,
    jobs_option,
    on_error_option,
    recursive_option,
)
from visnmf.cli.text import plain

if TYPE_CHECKING:
    pass

__all__ = ["compare"]

_INSTEAD = "two of them can be compared by what `visnmf similar` finds with either"
_FILE = click.Path(path_type=Path)


@click.command(
    short_help="Compare two models: error, sparseness, parts that are the same.",
    epilog=examples(
        "visnmf compare a.safetensors b.safetensors",
        "visnmf compare a.safetensors b.safetensors faces/ -o parts.png",
    ),
)
@click.argument("first_file", metavar="A", type=_FILE)
@click.argument("second_file", metavar="B", type=_FILE)
@click.argument("source", metavar="[IMAGES]", required=False)
@click.option(
    "-o", "--output", type=OutputFile(".png"), help="A picture of the pairs of parts to write."
)
@recursive_option
@on_error_option
@jobs_option
@debug_option
def compare(
    first_file: Path,
    second_file: Path,
    source: str | None,
    output: Path | None,
    recursive: bool,
    on_error: str,
) -> None:
    """Tell in what the models A and B differ, and which of their parts are the same.

    Both must be of pictures of one size; ranks may differ. With IMAGES, how near either comes to
    them; they are prepared as those that A was learned from, which must be as those of B.

    Parts are paired so that the sum of their cosines is greatest: 1 is the same part, 0 one that
    shares no pixel with it.
    """
    from visnmf.cli.source import load_model, read_like
    from visnmf.tasks.encoders import reading_of
    from visnmf.trust.compare import compare_models

    first, second = (load_model(path, _INSTEAD) for path in (first_file, second_file))
    images = None
    if source is not None:
        compare_models(first, second)  # refuses other sizes before anything is read
        if reading_of(first) != reading_of(second):
            raise click.UsageError(
                f"the pictures of {first_file} and of {second_file} were prepared in different "
                "ways (`visnmf info` tells how), so that these are not the same for both; leave "
                "IMAGES out to compare the parts alone"
            )
        images = read_like(first, source, recursive=recursive, on_error=on_error)
    found = compare_models(first, second, images)
    if output is not None:
        from visnmf.plots import matched_parts
        from visnmf.plots.writing import save_figure

        save_figure(output, matched_parts(first, second))
    labels = _labels(first_file, second_file)
    for line in found.summary(labels).splitlines():
        click.echo(plain(line))


def _labels(first: Path, second: Path) -> tuple[str, str]:
    """Return what tells two files apart."""
    if first.stem != second.stem:
        return first.stem, second.stem
    return ("A", "B") if first.name == second.name else (first.name, second.name)
