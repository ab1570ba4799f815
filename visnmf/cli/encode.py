"""`visnmf encode`: how much of each part is in each picture."""

from __future__ import annotations

from pathlib import Path
from shlex import quote

import click

from visnmf.cli.kernels import ENCODING, kernels_for_one_run
from visnmf.cli.mask import mask_option, read_mask
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

__all__ = ["encode"]


@click.command(
    short_help="Tell how much of each part is in each picture.",
    epilog=examples(
        "visnmf encode faces.safetensors more-faces/ -o codes.csv",
        "visnmf encode faces.safetensors more-faces/ -o codes.npy",
        "visnmf encode faces.safetensors hidden/ -o codes.csv --mask known.png",
    ),
)
@model_argument
@source_argument
@click.option(
    "-o",
    "--output",
    type=OutputFile(".csv", ".npy", ".npz", ".parquet"),
    required=True,
    help="A table with names (.csv, .parquet, .npz) or a bare array (.npy): a row a picture, "
    "a column a part.",
)
@mask_option
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
    model_file: Path,
    source: str,
    output: Path,
    mask_file: Path | None,
    recursive: bool,
    labels: str | None,
    on_error: str,
) -> None:
    """Encode the pictures in SOURCE by the parts of MODEL: features for other programs.

    The pictures are resized to the model's size.
    """
    import numpy as np

    from visnmf.cli.larger import reads_lazily
    from visnmf.cli.source import load_model, read_like
    from visnmf.tasks.table import check_table_ending, write_table

    check_table_ending(output)
    model = load_model(
        model_file,
        f"visnmf features {quote(source)} -o {quote(str(output))} --model "
        f"{quote(str(model_file))} gives features by them",
    )
    size = (model.layout.height, model.layout.width)
    reading = {"recursive": recursive, "on_error": on_error}
    lazy = reads_lazily(source, {**reading, "size": size}, None)
    images = read_like(model, source, labels=labels, **reading, **({"lazy": True} if lazy else {}))
    kernels = kernels_for_one_run(model.rank, len(images), ENCODING)
    H = model.encode(images, observed=read_mask(mask_file, model.layout), kernels=kernels)
    kept = np.setdiff1d(np.arange(len(images)), list(getattr(images, "lost", ())))
    write_table(
        output,
        [images.names[i] for i in kept],
        H.T[kept],
        labels=None if images.labels is None else images.labels[kept],
        feature_names=model.part_names,
    )
    tell(
        [
            ("pictures", describe_pictures(len(kept), images.layout)),
            ("parts", model.rank),
            ("written", output),
        ]
    )
