"""`visnmf anomalies`: the pictures that are unlike others, or unlike those of a model."""

from __future__ import annotations

from collections.abc import Callable
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
    source_argument,
)
from visnmf.cli.text import tell

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from visnmf.model import Model

__all__ = ["anomalies"]


@click.command(
    short_help="Find pictures that do not belong.",
    epilog=examples(
        "visnmf anomalies bolts.safetensors today/ -o scores.csv",
        "visnmf anomalies bolts.safetensors today/ -o scores.csv --sheet oddest.png -n 6",
        "visnmf anomalies patches.safetensors today/ -o scores.csv --normal good/",
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
    help="A sheet of the oddest pictures: original, rebuilt, and what is left; or, by parts of "
    "patches, with a map of what is odd in them.",
)
@click.option(
    "--normal",
    metavar="SOURCE",
    help="By parts of patches: pictures of what is usual.  [default: SOURCE itself]",
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
    normal: str | None,
    **reading: Any,
) -> None:
    """Score the pictures in SOURCE by how badly the parts of MODEL explain them.

    Where MODEL is one of `visnmf learn`, the score is the relative error, 0 where the parts
    explain all of a picture, 1 where they explain nothing. A picture far above the others
    is unlike those that the model was learned from.

    Where MODEL holds parts of patches (`visnmf features --save`), pictures may be of any sizes,
    and what is unusual may be a small place in one of them: all places are compared with
    those of the --normal pictures, most of which have about 2. The score is what the oddest
    1 % of a picture exceeds.
    """
    import numpy as np

    from visnmf.cli.source import read_like
    from visnmf.tasks.encoders import ModelEncoder, open_encoder
    from visnmf.tasks.table import check_table_ending, write_table

    check_table_ending(output)
    encoder = open_encoder(model_file)
    if normal is not None and isinstance(encoder, ModelEncoder):
        raise click.UsageError(f"{model_file} tells what is usual itself: leave --normal out")
    images = read_like(encoder, source, **reading)
    if isinstance(encoder, ModelEncoder):
        scores, draw = _by_model(encoder.model, images)
    else:
        usual = None
        if normal is not None:
            usual = read_like(encoder, normal, **{**reading, "labels": None})
        scores, draw = _by_maps(encoder.encoder, images, usual)
    order = np.argsort(-scores, kind="stable")
    write_table(
        output,
        [images.names[i] for i in order],
        scores[order, None],
        labels=None if images.labels is None else images.labels[order],
        feature_names=["score"],
    )
    if sheet is not None:
        from visnmf.plots.writing import save_figure

        save_figure(sheet, draw(number))
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


def _by_model(model: Model, images: Any) -> tuple[Any, Callable[[int], Figure]]:
    """Return relative errors, and what draws the sheet of so many pictures."""
    import numpy as np

    from visnmf.model.columns import column_errors

    kernels = kernels_for_one_run(model.rank, len(images), ENCODING)
    H = model.encode(images, kernels=kernels)

    def draw(number: int) -> Figure:
        from visnmf import plots

        return plots.anomalies(model, images, n=number, H=H)

    return column_errors(images.V, np.matmul(model.W, H)), draw


def _by_maps(encoder: Any, pictures: Any, usual: Any) -> tuple[Any, Callable[[int], Figure]]:
    """Return scores of anomaly maps, and what draws the sheet of so many pictures."""
    from visnmf.tasks.pixel_scores import map_scores

    maps = encoder.anomaly_maps(pictures, normal=usual)

    def draw(number: int) -> Figure:
        from visnmf import plots

        return plots.anomaly_maps(pictures, maps, n=number)

    return map_scores(maps), draw
