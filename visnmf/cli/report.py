"""`visnmf report`: the explorer, a page to look at parts and pictures in."""

from __future__ import annotations

from pathlib import Path
from shlex import quote
from typing import Any, Literal

import click

from visnmf.cli.kernels import ENCODING, kernels_for_one_run
from visnmf.cli.mask import mask_option, read_mask
from visnmf.cli.options import (
    OutputFile,
    channels_option,
    debug_option,
    examples,
    jobs_option,
    model_argument,
    on_error_option,
    recursive_option,
)
from visnmf.cli.text import describe_pictures, tell

__all__ = ["report"]


@click.command(
    short_help="Write a page to explore parts and pictures in.",
    epilog=examples(
        "visnmf report faces.safetensors faces/ -o faces.html",
        "visnmf report faces.safetensors",
        "visnmf report faces.safetensors hidden/ --mask known.png",
        "visnmf report cube.safetensors cubes/ -o cube.html --channels 40,25,10",
    ),
)
@model_argument
@click.argument("source", metavar="[IMAGES]", required=False)
@click.option(
    "-o",
    "--output",
    type=OutputFile(".html", ".htm"),
    help="The page; by default MODEL-report.html beside the model.",
)
@click.option("--title", help="What the page is called; by default the name of the model.")
@click.option(
    "--max-images",
    type=click.IntRange(min=1),
    default=3000,
    show_default=True,
    help="Of more pictures a part is in the page: some explained least, some that use a part "
    "most, and a spread of the others.",
)
@channels_option
@click.option(
    "--map",
    "map_kind",
    type=click.Choice(["pca", "umap"]),
    default="pca",
    show_default=True,
    help="How the map of the pictures is made; umap needs 'visnmf[umap]'.",
)
@click.option(
    "--labels",
    metavar="CSV|folder",
    help="Labels, told beside the names: from a table of names and labels, or from folders' names.",
)
@mask_option
@recursive_option
@on_error_option
@jobs_option
@debug_option
def report(
    model_file: Path,
    source: str | None,
    output: Path | None,
    title: str | None,
    max_images: int,
    channels: int | tuple[int, int, int] | None,
    map_kind: Literal["pca", "umap"],
    labels: str | None,
    mask_file: Path | None,
    recursive: bool,
    on_error: str,
) -> None:
    """Write one HTML file in which the parts of MODEL, and IMAGES, are explored.

    It opens in any browser and needs no network. Parts are sorted, named, hidden, merged and
    reordered there; pictures are rebuilt while the amounts of parts are dragged; those that
    the parts explain least come first. Without IMAGES it shows the parts, and draws with them.
    """
    from visnmf.cli.larger import reads_lazily
    from visnmf.cli.source import load_model, read_like
    from visnmf.report import save_report

    model = load_model(model_file, f"visnmf show {quote(str(model_file))} shows them")
    output = output or model_file.with_name(f"{model_file.stem}-report.html")
    images: Any = None
    if source is None and mask_file is not None:
        raise click.UsageError("--mask tells what is known of IMAGES; give them too")
    if source is not None:
        size = (model.layout.height, model.layout.width)
        reading = {"recursive": recursive, "on_error": on_error}
        lazy = {"lazy": True} if reads_lazily(source, {**reading, "size": size}, None) else {}
        images = read_like(model, source, labels=labels, **reading, **lazy)
    save_report(
        output,
        model,
        images,
        observed=read_mask(mask_file, model.layout),
        title=title or model_file.stem,
        channels=channels,
        max_images=max_images,
        map=map_kind,
        kernels=kernels_for_one_run(model.rank, 1 if images is None else len(images), ENCODING),
    )
    shown = "none" if images is None else describe_pictures(len(images), images.layout)
    size_told = f"{output.stat().st_size / 1e6:.1f} MB"
    tell([("parts", model.rank), ("pictures", shown), ("open", f"{output} ({size_told})")])
