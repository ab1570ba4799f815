"""`visnmf pack`: pictures prepared once, into a zarr array that every command reads quickly."""

from __future__ import annotations

import os
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from visnmf.cli.options import (
    debug_option,
    examples,
    on_error_option,
    recursive_option,
    shape_options,
    source_argument,
)
from visnmf.cli.text import describe_pictures, one_line, read_progress, tell

if TYPE_CHECKING:
    from visnmf.images.packs import Pack

__all__ = ["facts_of", "pack"]


@click.command(
    short_help="Prepare pictures once, for sets larger than memory.",
    epilog=examples(
        "visnmf pack photos/ photos.zarr -r --size 256 --fit crop --on-error skip",
        "visnmf pack movie.mp4 movie.zarr --size 120x160",
        "visnmf pack scans/ scans.zarr --labels folder --dtype uint16",
    ),
)
@source_argument
@click.argument("output", metavar="PACK", type=click.Path(path_type=Path))
@shape_options
@recursive_option
@click.option(
    "--mask",
    type=click.Path(exists=True, dir_okay=False),
    help="A picture that is white where pixels count; PACK tells it to those that read it.",
)
@click.option(
    "--labels",
    metavar="folder|FILE",
    help="Labels to keep: the names of the folders in SOURCE, or a .csv file of name and label.",
)
@click.option(
    "--dtype",
    type=click.Choice(["uint8", "uint16", "float32"]),
    help="Store values so, 0 to 1 spread over its range; by default as they are.",
)
@on_error_option
@debug_option
def pack(source: str, output: Path, **options: Any) -> None:
    """Prepare the pictures in SOURCE once, into the zarr array PACK.

    SOURCE is a folder of pictures, a glob in quotes, a TIFF or GIF of many pages, a video,
    a .npy, .npz or .h5 file, or another zarr array. Pictures pass through a few at a time, so
    that memory stays small however many there are. Every command takes PACK, a folder such as
    photos.zarr, for a SOURCE.
    """
    from visnmf.cli.source import quiet_libraries
    from visnmf.images.pack_writing import pack_images

    if output.suffix.lower() != ".zarr":
        raise click.UsageError(f"{output} should end in .zarr, as in {output.stem}.zarr")
    replaced = output.exists()
    began = time.perf_counter()
    with quiet_libraries(), read_progress() as progress:
        made = pack_images(source, output, progress=progress, **options)
    seconds = time.perf_counter() - began
    tell(
        [
            *facts_of(made),
            ("time", f"{seconds:.2f} s"),
            ("written", f"{output}{' (in place of the older one)' if replaced else ''}"),
        ]
    )


def facts_of(made: Pack) -> list[tuple[str, object]]:
    """Return what a pack holds, as facts."""
    import math

    import numpy as np

    from visnmf.images.lazy_zarr import open_zarr
    from visnmf.images.packs import IMAGES

    array = open_zarr(made.path)[IMAGES]
    files, nbytes = _on_disk(made.path)
    whole = math.prod(array.shape) * array.dtype.itemsize
    layout = made.layout
    facts: list[tuple[str, object]] = [
        ("pictures", describe_pictures(made.n, layout)),
        ("values", f"{array.dtype}, {layout.low:g} to {layout.high:g}"),
        ("made of", made.source),
    ]
    if made.skipped:
        facts.append(("left out", f"{len(made.skipped):,}, such as {made.skipped[0]}"))
    labels = made.labels()
    if labels is not None:
        some, counts = np.unique(labels, return_counts=True)
        told = ", ".join(f"{name} {count:,}" for name, count in zip(some[:6], counts, strict=False))
        facts.append(("labels", f"{len(some):,}: {told}{', …' if len(some) > 6 else ''}"))
    facts += [("prepared", one_line(step)) for step in made.preparation]
    return [
        *facts,
        ("stored", f"{_size(nbytes)} in {files:,} files, {nbytes / whole:.0%} of {_size(whole)}"),
        ("chunks", f"of {array.chunks[0]:,} pictures"),
        ("in memory", f"{_size(4 * layout.m * made.n)} as V; lazy=True reads a block at a time"),
    ]


def _on_disk(path: str) -> tuple[int, int]:
    """Return how many files a store has, and their bytes."""
    if os.path.isfile(path):
        return 1, os.path.getsize(path)
    sizes = [
        os.path.getsize(os.path.join(folder, name))
        for folder, _, names in os.walk(path)
        for name in names
    ]
    return len(sizes), sum(sizes)


def _size(nbytes: float) -> str:
    for unit in ("bytes", "kB", "MB"):
        if nbytes < 1000:
            return f"{nbytes:.3g} {unit}"
        nbytes /= 1000
    return f"{nbytes:,.1f} GB"
