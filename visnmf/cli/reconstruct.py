"""`visnmf reconstruct`: pictures rebuilt from the parts alone."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path
from shlex import quote
from typing import TYPE_CHECKING

import click

from visnmf.cli.kernels import ENCODING, kernels_for_one_run
from visnmf.cli.mask import mask_option, read_mask
from visnmf.cli.options import (
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
    from visnmf.images.imageset import ImageSet
    from visnmf.images.lazy import LazyImages

__all__ = ["reconstruct"]


@click.command(
    short_help="Rebuild pictures from the parts, and tell how well it went.",
    epilog=examples(
        "visnmf reconstruct faces.safetensors more-faces/ -o rebuilt/",
        "visnmf reconstruct faces.safetensors more-faces/ -o rebuilt/ --worst 20",
        "visnmf reconstruct faces.safetensors stained/ -o mended/ --mask stain.png --fill",
    ),
)
@model_argument
@source_argument
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="The folder for the rebuilt pictures; made if it is not there.",
)
@click.option(
    "--worst",
    type=click.IntRange(min=0),
    default=5,
    show_default=True,
    help="How many of the pictures that the parts explain least to name.",
)
@mask_option
@click.option(
    "--fill",
    is_flag=True,
    help="Keep what the mask says is known as it is: only the rest is rebuilt.",
)
@recursive_option
@on_error_option
@jobs_option
@debug_option
def reconstruct(
    model_file: Path,
    source: str,
    output: Path,
    worst: int,
    mask_file: Path | None,
    fill: bool,
    recursive: bool,
    on_error: str,
) -> None:
    """Rebuild the pictures in SOURCE from the parts of MODEL, and tell how well it went.

    The pictures are resized to the model's size. A picture that the parts explain badly is
    one unlike those that they were learned from. Errors are over the pixels that are known.
    """
    import numpy as np

    from visnmf.cli.larger import reads_lazily
    from visnmf.cli.source import load_model, read_like
    from visnmf.measure import psnr
    from visnmf.model.columns import column_errors
    from visnmf.model.observed import known_columns

    if output.resolve() == _home(source).resolve():
        raise click.UsageError(f"{output} holds the originals; give another folder with -o")
    if fill and mask_file is None:
        raise click.UsageError("--fill needs --mask: which pixels to keep, and which to rebuild")
    model = load_model(
        model_file,
        f"visnmf anomalies {quote(str(model_file))} {quote(source)} -o scores.csv tells what is "
        "unlike them, and in Python visnmf.PatchEncoder.load(...).rebuild(pictures) rebuilds",
    )
    mask = read_mask(mask_file, model.layout)
    size = (model.layout.height, model.layout.width)
    reading = {"recursive": recursive, "on_error": on_error}
    lazy = {"lazy": True} if reads_lazily(source, {**reading, "size": size}, None) else {}
    images = read_like(model, source, **reading, **lazy)
    kernels = kernels_for_one_run(model.rank, len(images), ENCODING)
    seen = slice(None) if mask is None else known_columns(mask, 1, images.layout)[:, 0]
    told, names = [], []
    for block in _blocks(images):
        rebuilt = model.reconstruct(block, observed=mask, kernels=kernels)
        # The encodings are there already: no second encoding for the errors.
        given, found = block.V[seen], rebuilt.V[seen]
        close = np.atleast_1d(psnr(given.T[:, None], found.T[:, None], per_image=True))
        told.append(np.stack([column_errors(given, found), close]))
        names += block.names
        if fill:
            rebuilt.V[seen] = given
        rebuilt.save(output)
    errors, decibels = np.concatenate(told, axis=1)
    tell(
        [
            ("pictures", describe_pictures(len(names), images.layout)),
            ("relative error", f"{np.median(errors):.4f} (median), {errors.max():.4f} (largest)"),
            ("PSNR", f"{np.median(decibels):.1f} dB (median), {decibels.min():.1f} dB (least)"),
            ("written", f"{len(names):,} pictures in {output}"),
        ]
    )
    least = np.argsort(-errors, kind="stable")[:worst]
    if len(least):
        click.echo("\nexplained least:")
        tell([(names[i], f"error {errors[i]:.4f}  {decibels[i]:.1f} dB") for i in least])


def _blocks(images: ImageSet | LazyImages) -> Iterator[ImageSet]:
    """Yield pictures some at a time, those that could not be read left out."""
    from visnmf.images.imageset import ImageSet

    if isinstance(images, ImageSet):
        yield images
        return
    for first, last in images.ranges():
        block = images[first:last]
        yield block[[i - first for i in range(first, last) if i not in images.lost]]


def _home(source: str) -> Path:
    """Return the folder in which a source lies."""
    path = Path(source)
    return path if path.is_dir() else path.parent
