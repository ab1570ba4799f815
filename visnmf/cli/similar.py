"""`visnmf similar`: the pictures of a folder that are most like a given one."""

from __future__ import annotations

import os
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from visnmf.cli.kernels import ENCODING, kernels_for_one_run
from visnmf.cli.options import (
    OutputFile,
    debug_option,
    examples,
    jobs_option,
    model_argument,
    on_error_option,
    recursive_option,
)
from visnmf.cli.text import note, plain, read_progress, tell

if TYPE_CHECKING:
    from visnmf.tasks.index import Neighbors, SimilarIndex

__all__ = ["similar"]

_SHOWN = 12  # queries on a sheet
_DRAWN = 256  # pixels of a picture on a sheet, at most


@click.command(
    short_help="Find pictures that are like a given one.",
    epilog=examples(
        "visnmf similar faces.safetensors me.jpg --in photos/",
        "visnmf similar faces.safetensors me.jpg you.jpg --in photos/ -r -n 5 -o alike.png",
        "visnmf similar patches.safetensors me.jpg --in photos/ --on-error skip",
    ),
)
@model_argument
@click.argument("queries", metavar="QUERY...", nargs=-1, required=True)
@click.option("--in", "source", metavar="SOURCE", required=True, help="The pictures to search.")
@click.option(
    "-n",
    "--number",
    type=click.IntRange(min=1),
    default=10,
    show_default=True,
    help="How many to find.",
)
@click.option(
    "-o",
    "--output",
    type=OutputFile(".png"),
    help="A sheet to write: each query, and what is like it to its right.",
)
@click.option(
    "--keep/--no-keep",
    default=True,
    help="Keep the encodings of SOURCE beside MODEL, so that the next search is quick.",
)
@recursive_option
@on_error_option
@jobs_option
@debug_option
def similar(
    model_file: Path,
    queries: tuple[str, ...],
    source: str,
    number: int,
    output: Path | None,
    keep: bool,
    recursive: bool,
    on_error: str,
) -> None:
    """Find the pictures in SOURCE that are most like QUERY, by the parts of MODEL.

    QUERY is a picture, several of them, or a folder. The similarity is 1 for the same
    picture, 0 for one that is no more like it than any. A query that lies in SOURCE itself
    is left out of its own results. MODEL is one of `visnmf learn`, or holds parts of patches
    (`visnmf features --save`), for pictures of any sizes.

    The encodings of SOURCE are kept beside MODEL, in MODEL.….index.safetensors; files that
    are new or changed are encoded anew the next time, and that file can be deleted any time.
    """
    from visnmf.cli.source import quiet_libraries, read_like
    from visnmf.images.sources import find_pictures
    from visnmf.tasks.encoders import encoder_of
    from visnmf.tasks.index import SimilarIndex

    encoder = encoder_of(model_file)
    files = [path for query in queries for path in find_pictures(query)]
    asked = read_like(encoder, queries[0] if len(queries) == 1 else files)
    count = len(find_pictures(source, recursive=recursive)) + len(asked)
    with quiet_libraries(), read_progress() as progress:
        index = SimilarIndex.open(
            model_file, source, recursive=recursive, on_error=on_error, keep=keep,
            kernels=kernels_for_one_run(encoder.n_features, count, ENCODING), progress=progress,
        )  # fmt: skip
    several = len(files) != len(asked)  # a file of many pictures is none of those searched
    leave_out = None if several else _themselves(files, index)
    found = index.search(asked, number, leave_out=leave_out)
    if not found.indices.size:
        raise click.UsageError(f"{source} holds no picture but the one looked for")
    if output is not None:  # before the table, whose reader may have seen enough
        drawn = asked if several else _read(files[:_SHOWN], asked.names[:_SHOWN])
        _draw(output, drawn, index, found, source)
    for row, name in enumerate(asked.names):
        click.echo(("\n" if row else "") + click.style(plain(name), bold=True))
        similarities = (f"{value:.3f}" for value in found.similarities[row])
        tell(
            (f"  {plain(near)}", value)
            for near, value in zip(found.names[row], similarities, strict=True)
        )
    if output is not None:
        click.echo()
        tell([("searched", f"{len(index):,} pictures"), ("look at", output)])
        if len(asked) > _SHOWN:
            note(f"the sheet shows the first {_SHOWN} of {len(asked)} queries")


def _themselves(files: list[str], index: SimilarIndex) -> list[int]:
    """Return for each query the place of the same file in the index, or -1."""
    paths = [os.path.realpath(path) for path in index.paths or []]
    places = {path: place for place, path in enumerate(paths)} if len(set(paths)) > 1 else {}
    return [places.get(os.path.realpath(file), -1) for file in files]


def _draw(output: Path, asked: Any, index: SimilarIndex, found: Neighbors, source: str) -> None:
    """Write the sheet; of the pictures searched only those that were found are read again."""
    import numpy as np

    from visnmf.plots import neighbors
    from visnmf.plots.writing import save_figure
    from visnmf.tasks.index import Neighbors

    which, places = np.unique(found.indices[:_SHOWN], return_inverse=True)
    if os.path.isfile(source):
        pictures = index.encoder.load(source)[which]
    else:
        pictures = _read([(index.paths or [])[i] for i in which])
    shown = Neighbors(
        places.reshape(found.indices[:_SHOWN].shape),
        found.similarities[:_SHOWN],
        found.names[:_SHOWN],
    )
    save_figure(output, neighbors(asked[:_SHOWN], shown, pictures))


def _read(paths: list[str], names: list[str] | None = None) -> Any:
    """Read pictures to show, in their colors and proportions."""
    from visnmf.images.load_pictures import load_pictures
    from visnmf.images.pictures import Pictures

    pictures = load_pictures(paths, mode="rgb", max_side=_DRAWN)
    return Pictures(pictures.pictures, names or pictures.names)
