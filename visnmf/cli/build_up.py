"""`visnmf build-up`: a picture rebuilt part by part, as an animation."""

from __future__ import annotations

from pathlib import Path
from shlex import quote

import click

from visnmf.cli.options import (
    OutputFile,
    debug_option,
    examples,
    model_argument,
)
from visnmf.cli.text import tell

__all__ = ["build_up"]


@click.command(
    "build-up",
    short_help="Animate how a picture is built from parts.",
    epilog=examples(
        "visnmf build-up faces.safetensors anna.png",
        "visnmf build-up faces.safetensors anna.png -o anna.webp --seconds 10 --side 400",
    ),
)
@model_argument
@click.argument("image", metavar="IMAGE", type=click.Path(path_type=Path))
@click.option(
    "-o",
    "--output",
    type=OutputFile(".gif", ".webp"),
    help="The animation to write, .gif or .webp.  [default: IMAGE-build-up.gif, here]",
)
@click.option(
    "--seconds",
    type=click.FloatRange(0, 600, min_open=True),
    default=6.0,
    show_default=True,
    help="How long the building takes.",
)
@click.option(
    "--max-frames",
    type=click.IntRange(2, 1000),
    default=60,
    show_default=True,
    help="At most so many: of more parts, later ones are added several at a time.",
)
@click.option(
    "--side",
    type=click.IntRange(16, 2000),
    default=240,
    show_default=True,
    help="Pixels of the picture's longer side, about.",
)
@debug_option
def build_up(
    model_file: Path,
    image: Path,
    output: Path | None,
    seconds: float,
    max_frames: int,
    side: int,
) -> None:
    """Show how the parts of MODEL build the picture IMAGE, the strongest part first.

    Each frame has the sum so far, what was just added, and the original beside them. The
    picture is resized to the model's size.
    """
    from visnmf.cli.source import load_model, read_like
    from visnmf.plots import save_build_up

    model = load_model(
        model_file, f"visnmf show {quote(str(model_file))} draws them, and needs no picture"
    )
    pictures = read_like(model, str(image))
    if len(pictures) != 1:
        raise click.UsageError(
            f"{image} holds {len(pictures)} pictures, and one is built up; name one file, "
            f"such as {image / pictures.names[0] if image.is_dir() else pictures.names[0]}"
        )
    output = output or Path(f"{image.stem}-build-up.gif")
    frames = save_build_up(
        output, model, pictures, seconds=seconds, max_frames=max_frames, side=side
    )
    error = float(model.reconstruction_error(pictures)[0])
    tell(
        [
            ("relative error", f"{error:.4f}, by {model.rank} parts"),
            ("frames", frames),
            ("look at", output),
        ]
    )
