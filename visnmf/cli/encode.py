"""`visnmf encode`: how much of each part is in each picture."""

from __future__ import annotations

import csv
import io
from pathlib import Path
from typing import TYPE_CHECKING

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
    source_argument,
)
from visnmf.cli.text import describe_pictures, tell

if TYPE_CHECKING:
    import numpy as np

    from visnmf.images.imageset import ImageSet

__all__ = ["encode"]


@click.command(
    short_help="Tell how much of each part is in each picture.",
    epilog=examples(
        "visnmf encode faces.safetensors more-faces/ -o codes.csv",
        "visnmf encode faces.safetensors more-faces/ -o codes.npy",
    ),
)
@model_argument
@source_argument
@click.option(
    "-o",
    "--output",
    type=OutputFile(".csv", ".npy"),
    required=True,
    help="A table with names (.csv) or a bare array (.npy): a row a picture, a column a part.",
)
@recursive_option
@click.option(
    "--labels",
    metavar="CSV|folder",
    help="Add a column of labels, from a table of names and labels, or from the folders' names.",
)
@on_error_option
@jobs_option
@debug_option
def encode(
    model_file: Path, source: str, output: Path, recursive: bool, labels: str | None, on_error: str
) -> None:
    """Encode the pictures in SOURCE by the parts of MODEL: features for other programs.

    The pictures are resized to the model's size.
    """
    import numpy as np

    from visnmf.cli.source import read_like
    from visnmf.files import write_atomically
    from visnmf.model import Model

    model = Model.load(model_file)
    images = read_like(model, source, recursive=recursive, labels=labels, on_error=on_error)
    kernels = kernels_for_one_run(model.rank, len(images), ENCODING)
    H = model.encode(images, kernels=kernels)
    if output.suffix.lower() == ".npy":
        content = io.BytesIO()
        np.save(content, np.ascontiguousarray(H.T), allow_pickle=False)
        write_atomically(output, content.getvalue())
    else:
        write_atomically(output, _table(images, H, list(model.part_names)))
    tell(
        [
            ("pictures", describe_pictures(len(images), images.layout)),
            ("parts", model.rank),
            ("written", output),
        ]
    )


def _table(images: ImageSet, H: np.ndarray, part_names: list[str]) -> bytes:
    """Return names, labels where there are any, and encodings as CSV."""
    text = io.StringIO()
    writer = csv.writer(text, lineterminator="\n")
    labeled = images.labels is not None
    writer.writerow(["name", *(["label"] if labeled else []), *part_names])
    for i, name in enumerate(images.names):
        label = [images.labels[i]] if images.labels is not None else []
        writer.writerow([name, *label, *(f"{value:.7g}" for value in H[:, i])])
    return text.getvalue().encode("utf-8", errors="surrogateescape")
