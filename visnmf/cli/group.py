"""`visnmf group`: pictures sorted into groups by their parts."""

from __future__ import annotations

from pathlib import Path

import click

from visnmf.cli.kernels import ENCODING, kernels_for_one_run
from visnmf.cli.options import (
    debug_option,
    examples,
    jobs_option,
    model_argument,
    on_error_option,
    recursive_option,
    source_argument,
)
from visnmf.cli.text import tell

__all__ = ["group"]

_TOLD = 12  # groups named in the terminal


@click.command(
    short_help="Sort pictures into groups.",
    epilog=examples(
        "visnmf group faces.safetensors photos/ -o groups/",
        "visnmf group faces.safetensors photos/ -o groups/ --by kmeans -n 12",
        "visnmf group patches.safetensors photos/ -o groups/ -n 5",
    ),
)
@model_argument
@source_argument
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="The folder for the sheets and the table; made if it is not there.",
)
@click.option(
    "--by",
    type=click.Choice(["part", "kmeans"]),
    help="Pictures that share their strongest part, or that are alike in all of them.  "
    "[default: part; kmeans for parts of patches]",
)
@click.option(
    "-n",
    "--number",
    type=click.IntRange(min=1),
    help="How many groups.  [default: as many as there are parts; 8 for kmeans]",
)
@recursive_option
@on_error_option
@jobs_option
@debug_option
def group(
    model_file: Path,
    source: str,
    output: Path,
    by: str | None,
    number: int | None,
    recursive: bool,
    on_error: str,
) -> None:
    """Sort the pictures in SOURCE into groups, by the parts of MODEL.

    MODEL is one of `visnmf learn`, or holds parts of patches (`visnmf features --save`), which
    sort pictures of any sizes.

    Writes groups.png, which shows the most typical pictures of each group, a sheet for each
    group (group-01.png and so on, the largest group first, in it the most typical pictures
    first), and groups.csv: names, groups, and how typical each picture is of its group.
    """
    import numpy as np

    from visnmf import plots
    from visnmf.cli.source import read_like
    from visnmf.plots.writing import save_figure
    from visnmf.tasks.encoders import ModelEncoder, encoder_of
    from visnmf.tasks.groups import group as grouped
    from visnmf.tasks.table import write_table

    home = Path(source) if Path(source).is_dir() else Path(source).parent
    if output.resolve() == home.resolve():
        raise click.UsageError(f"{output} holds the pictures; give another folder with -o")
    encoder = encoder_of(model_file)
    model = encoder.model if isinstance(encoder, ModelEncoder) else None
    if model is None and by == "part":
        raise click.UsageError(
            f"{model_file} holds parts of patches, of which each picture has nearly all; leave "
            "--by part out"
        )
    images = read_like(encoder, source, recursive=recursive, on_error=on_error)
    if model is None:
        found = grouped(encoder.encode(images).T, by="kmeans", n=number)
    else:
        kernels = kernels_for_one_run(model.rank, len(images), ENCODING)
        H = model.encode(images, kernels=kernels)
        found = grouped(H, W=model.W, by=by or "part", n=number)
    output.mkdir(parents=True, exist_ok=True)
    save_figure(output / "groups.png", plots.groups(images, found, parts=model))
    digits = max(2, len(str(len(found))))
    for place in range(len(found)):
        sheet = plots.group_sheet(images, found, place)
        save_figure(output / f"group-{place + 1:0{digits}d}.png", sheet)
    write_table(
        output / "groups.csv",
        images.names,
        np.column_stack([found.of + 1, found.typical]),
        feature_names=["group", "typical"],
    )
    sizes = np.bincount(found.of)
    told = [
        (f"group {place + 1}", f"{sizes[place]:,}, such as {images.names[found.members(place)[0]]}")
        for place in range(min(len(found), _TOLD))
    ]
    rest = len(found) - len(told)
    tell(
        [
            ("pictures", f"{len(images):,} in {len(found)} groups"),
            *told,
            *([("…", f"{rest} more")] if rest else []),
            ("written", output / "groups.csv"),
            ("look at", output / "groups.png"),
        ]
    )
