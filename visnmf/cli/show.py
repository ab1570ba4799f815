"""`visnmf show`: the parts of a model as one picture."""

from __future__ import annotations

from pathlib import Path
from typing import Literal

import click

from visnmf.cli.options import OutputFile, debug_option, examples, model_argument
from visnmf.cli.text import tell

__all__ = ["show"]


@click.command(
    short_help="Draw the parts of a model.",
    epilog=examples(
        "visnmf show faces.safetensors",
        "visnmf show faces.safetensors --columns 10 --scale common -o parts.png",
    ),
)
@model_argument
@click.option(
    "-o",
    "--output",
    type=OutputFile(".png"),
    help="The picture to write.  [default: MODEL-parts.png]",
)
@click.option("--columns", type=click.IntRange(min=1), help="Parts side by side.")
@click.option(
    "--scale",
    type=click.Choice(["part", "common"]),
    default="part",
    show_default=True,
    help="White is the largest value of each part, or of all of them. (Parts of patches: the "
    "strongest color.)",
)
@click.option("--zoom", type=click.IntRange(1, 64), help="Pixels that a pixel becomes on a side.")
@click.option(
    "--per-page",
    type=click.IntRange(min=1),
    help="Parts on a picture; more than that make pictures that are numbered.",
)
@debug_option
def show(
    model_file: Path,
    output: Path | None,
    columns: int | None,
    scale: Literal["part", "common"],
    zoom: int | None,
    per_page: int | None,
) -> None:
    """Write the parts of MODEL as one picture, in their order: as learned, the strongest first.

    Parts that `visnmf edit` has hidden are left out. Where MODEL keeps how sure each part is (from
    `visnmf stability`, or `visnmf learn --n-init`), the figure stands below it, unless --zoom or
    --per-page asks for the bare pictures.

    Parts of patches are contrasts: of gray ones red is lighter and blue is darker than
    their surround, of colored ones middle gray is neither.
    """
    import numpy as np

    from visnmf.plots import save_montage
    from visnmf.tasks.encoders import open_encoder

    parts = open_encoder(model_file).parts
    output = output or model_file.with_name(f"{model_file.stem}-parts.png")
    sure = getattr(parts, "stability", np.full(1, np.nan))
    numbered = not np.isnan(sure).any() and zoom is None and per_page is None
    if numbered:
        from visnmf.plots import basis
        from visnmf.plots.writing import save_figure

        sheet = basis(parts, columns=columns, scale=scale, values=sure, value_format="{:.2f}")
        save_figure(output, sheet)
        written = [output]
    else:
        written = save_montage(
            output, parts, columns=columns, scale=scale, zoom=zoom, per_page=per_page
        )
    count = len(parts.basis_images())
    hidden = int(getattr(parts, "hidden", np.zeros(0)).sum())
    told = f"{count - hidden} of {count}, the others are hidden" if hidden else count
    pages = str(written[0]) if len(written) == 1 else f"{written[0]} to {written[-1].name}"
    below = [("below each", "its stability: 1 if all fits find it")] if numbered else []
    tell([("parts", told), *below, ("look at", pages)])
