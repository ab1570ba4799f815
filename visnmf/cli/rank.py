"""`visnmf rank`: how many parts a set of pictures has."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from visnmf.cli.options import (
    OutputFile,
    debug_option,
    examples,
    jobs_option,
    on_error_option,
    recursive_option,
    shape_options,
    source_argument,
)
from visnmf.cli.text import note

if TYPE_CHECKING:
    from visnmf.ranks.watch import Tried

__all__ = ["rank"]


@click.command(
    short_help="Choose how many parts to learn.",
    epilog=examples(
        "visnmf rank faces/", "visnmf rank faces/ --from 2 --to 40 --size 32 -o rank.png"
    ),
)
@source_argument
@click.option("--from", "low", type=click.IntRange(min=1), default=2, show_default=True,
              help="The lowest rank.")  # fmt: skip
@click.option("--to", "high", type=click.IntRange(min=1), default=60, show_default=True,
              help="The highest rank.")  # fmt: skip
@click.option("-o", "--output", type=OutputFile(".png"), help="A figure to write.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="The seed.")
@shape_options
@recursive_option
@on_error_option
@jobs_option
@debug_option
def rank(source: str, low: int, high: int, output: Path | None, seed: int, **reading: Any) -> None:
    """Choose how many parts to learn of the pictures in SOURCE.

    One pixel in ten is hidden, and each rank is judged by how well it fills them in. A coarse
    grid of ranks is tried first, then ranks around the answer.
    """
    from visnmf.cli.source import read_pictures
    from visnmf.ranks.survey import choose_rank

    if low > high:
        raise click.UsageError(f"--from {low} is above --to {high}; turn them around")
    images = read_pictures(source, **reading)

    def done(tried: Tried) -> None:
        note(f"rank {tried.rank}: held-out error {tried.score:.6f}")

    choice = choose_rank(images, (low, high), seed=seed, callback=done)
    if output is not None:
        from visnmf.plots import rank_curves
        from visnmf.plots.writing import save_figure

        save_figure(output, rank_curves(choice))
    click.echo(choice.summary())
