"""`visnmf parts`: the parts of a model as a list, or as files for other programs."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from visnmf.cli.options import channels_option, debug_option, examples, model_argument
from visnmf.cli.text import plain, tell

if TYPE_CHECKING:
    from visnmf.model import Model

__all__ = ["parts"]

_OPTIONS = ("scale", "threshold", "channels", "hidden", "overwrite")


class _Threshold(click.ParamType):
    """Otsu's method, or a share of the largest value."""

    name = "otsu|SHARE"

    def convert(
        self, value: Any, param: click.Parameter | None, ctx: click.Context | None
    ) -> str | float:
        """Return "otsu" or the share."""
        if value == "otsu" or isinstance(value, float):
            return value
        try:
            share = float(value)
        except ValueError:
            share = -1.0
        if not 0 <= share < 1:
            self.fail(f"{value!r} is neither otsu nor a share such as 0.5", param, ctx)
        return share


@click.command(
    short_help="List the parts of a model, or write them as files.",
    epilog=examples(
        "visnmf parts faces.safetensors",
        "visnmf parts faces.safetensors -o parts/",
        "visnmf parts faces.safetensors -o parts/ --format tiff --scale common",
        "visnmf parts faces.safetensors -o masks/ --format masks --threshold 0.5",
        "visnmf parts faces.safetensors -o rois/ --format rois",
    ),
)
@model_argument
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    help="The folder for the files; made if it is not there. Without it parts are listed.",
)
@click.option(
    "--format",
    "kind",
    type=click.Choice(["png", "tiff", "masks", "rois"]),
    default="png",
    show_default=True,
    help="A picture of 8 bits a part; a 16-bit stack for ImageJ; a mask a part; or outlines for "
    "the ROI Manager of ImageJ.",
)
@click.option(
    "--scale",
    type=click.Choice(["part", "common"]),
    default="part",
    show_default=True,
    help="White is the largest value of each part, or of all of them.",
)
@click.option(
    "--threshold",
    type=_Threshold(),
    default="otsu",
    show_default=True,
    help="Of masks and outlines: by Otsu's method, or a share of the part's largest value.",
)
@channels_option
@click.option("--hidden", is_flag=True, help="Write hidden parts too.")
@click.option("--overwrite", is_flag=True, help="Replace files that are there already.")
@debug_option
def parts(model_file: Path, output: Path | None, kind: str, **options: Any) -> None:
    """List the parts of MODEL with their numbers and names, or write them into a folder.

    Beside the files a table tells which is which, and how values became pixels.
    """
    from visnmf.cli.source import load_model

    model = load_model(model_file, "`visnmf show` draws them")
    _refuse_idle(kind, output)
    if output is None:
        _list(model)
        return
    from visnmf.curate.export import export_parts

    written = export_parts(model, output, format=kind, **options)  # type: ignore[arg-type]
    left = 0 if options["hidden"] else int(model.hidden.sum())
    facts = [("parts", f"{model.rank - left} of {model.rank}")]
    if left:
        facts.append(("left out", f"{left} hidden (--hidden writes them too)"))
    first = Path(written[0]).name
    files = first if len(written) == 2 else f"{len(written) - 1} files, such as {first}"
    tell([*facts, ("written", files), ("table", written[-1])])


def _refuse_idle(kind: str, output: Path | None) -> None:
    """Refuse options that would do nothing."""
    ctx = click.get_current_context()
    typed = click.core.ParameterSource.COMMANDLINE
    flags = {"kind": "format", **{name: name for name in _OPTIONS}}
    given = [flag for name, flag in flags.items() if ctx.get_parameter_source(name) == typed]
    if output is None and given:
        raise click.UsageError(f"--{given[0]} is for files: name a folder for them with -o")
    idle = "scale" if kind in ("masks", "rois") else "threshold"
    if idle in given:
        raise click.UsageError(f"--{idle} does nothing for --format {kind}; leave one of them")


def _list(model: Model) -> None:
    """Write a line a part: number, name, share of the energy, sparseness, and whether hidden."""
    import numpy as np

    from visnmf.measure.factors import hoyer_sparseness

    one_pixel = len(model.W) == 1
    sparseness = np.zeros(model.rank) if one_pixel else np.atleast_1d(hoyer_sparseness(model.W))
    rows = [
        (
            str(k),
            plain(name),
            "" if np.isnan(energy) else f"{energy:.1%}",
            f"{sparse:.2f}",
            "hidden" if hidden else "",
        )
        for k, (name, energy, sparse, hidden) in enumerate(
            zip(model.part_names, model.energy, sparseness, model.hidden, strict=True), 1
        )
    ]
    heads = ("number", "name", "energy", "sparseness", "")
    widths = [max(len(row[i]) for row in [heads, *rows]) for i in range(len(heads))]
    for number, row in enumerate([heads, *rows]):
        cells = [
            cell.ljust(width) if i in (1, 4) else cell.rjust(width)
            for i, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        line = "  ".join(cells).rstrip()
        click.echo(line if number else click.style(line, bold=True))
