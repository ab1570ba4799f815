"""`visnmf anomalies`: the pictures that are unlike those a model was learned from."""

from __future__ import annotations

from pathlib import Path

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
from visnmf.cli.text import tell

__all__ = ["anomalies"]


@click.command(
    short_help="Find pictures that do not belong.",
    epilog=examples(
        "visnmf anomalies bolts.safetensors today/ -o scores.csv",
        "visnmf anomalies bolts.safetensors today/ -o scores.csv --sheet oddest.png -n 6",
    ),
)
@model_argument
@source_argument
@click.option(
    "-o",
    "--output",
    type=OutputFile(".csv", ".parquet", ".npz"),
    required=True,
    help="The table to write: names and scores, the highest first.",
)
@click.option(
    "--sheet",
    type=OutputFile(".png"),
    help="A sheet of the oddest pictures: original, rebuilt, and what is left.",
)
@click.option(
    "-n",
    "--number",
    type=click.IntRange(min=1),
    default=8,
    show_default=True,
    help="How many to name, and to show.",
)
@click.option(
    "--labels",
    metavar="CSV|folder",
    help="Add a column of labels, from a table of names and labels, or from the folders' names.",
)
@recursive_option
@on_error_option
@jobs_option
@debug_option
def anomalies(
    model_file: Path,
    source: str,
    output: Path,
    sheet: Path | None,
    number: int,
    labels: str | None,
    recursive: bool,
    on_error: str,
) -> None:
    """Score the pictures in SOURCE by how badly the parts of MODEL explain them.

    The score is the relative error, 0 where the parts explain all of a picture, 1 where they
    explain nothing. A picture far above the others is unlike those that the model was
    learned from.
    """
    import numpy as np

    from visnmf.cli.source import read_like
    from visnmf.model import Model
    from visnmf.model.columns import column_errors
    from visnmf.tasks.table import check_table_ending, write_table

    check_table_ending(output)
    model = Model.load(model_file)
    images = read_like(model, source, recursive=recursive, on_error=on_error, labels=labels)
    kernels = kernels_for_one_run(model.rank, len(images), ENCODING)
    H = model.encode(images, kernels=kernels)
    scores = column_errors(images.V, np.matmul(model.W, H))
    order = np.argsort(-scores, kind="stable")
    write_table(
        output,
        [images.names[i] for i in order],
        scores[order, None],
        labels=None if images.labels is None else images.labels[order],
        feature_names=["score"],
    )
    if sheet is not None:
        from visnmf import plots
        from visnmf.plots.writing import save_figure

        save_figure(sheet, plots.anomalies(model, images, n=number, H=H))
    tell(
        [
            ("pictures", f"{len(images):,}"),
            ("score", f"{np.median(scores):.4f} (median), {scores.max():.4f} (largest)"),
            ("written", output),
            *([] if sheet is None else [("look at", sheet)]),
        ]
    )
    click.echo("\nthe oddest:")
    tell([(images.names[i], f"{scores[i]:.4f}") for i in order[:number]])
