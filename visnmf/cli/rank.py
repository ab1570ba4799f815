"""`visnmf rank`: how many parts a set of pictures has."""

from __future__ import annotations

import math
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
from visnmf.cli.progress import short_time
from visnmf.cli.text import note

if TYPE_CHECKING:
    from visnmf.ranks.watch import Tried

__all__ = ["rank", "told_of_ranks"]

SCORES = {
    "heldout": "held-out error {:.6f}",
    "stability": "silhouette of the worst part {:.3f}",
    "elbow": "explained {:.6f}",
    "ard": "cost {:.1f}",
}
"""What the score of a rank is, by criterion."""


@click.command(
    short_help="Choose how many parts to learn.",
    epilog=examples(
        "visnmf rank faces/",
        "visnmf rank faces/ --from 2 --to 40 --size 32 -o rank.png",
        "visnmf rank faces/ --to 40 --criterion stability --restarts 20 --csv rank.csv",
        "visnmf rank faces/ --to 40 --criterion ard",
    ),
)
@source_argument
@click.option("--from", "low", type=click.IntRange(min=1), default=2, show_default=True,
              help="The lowest rank.")  # fmt: skip
@click.option("--to", "high", type=click.IntRange(min=1), default=60, show_default=True,
              help="The highest rank.")  # fmt: skip
@click.option("--criterion", type=click.Choice(list(SCORES)), default="heldout", show_default=True,
              help="Hidden pixels filled in; parts that come back; the bend of explained "
              "variance; or what is left of one fit that prunes itself.")  # fmt: skip
@click.option("--restarts", type=click.IntRange(min=2), default=10, show_default=True,
              help="Fits of each rank, for --criterion stability.")  # fmt: skip
@click.option("-o", "--output", type=OutputFile(".png"), help="A figure to write.")
@click.option("--csv", "table", type=OutputFile(".csv"), help="The table, for other programs.")
@click.option("--seed", type=click.IntRange(min=0), default=0, show_default=True, help="The seed.")
@shape_options
@recursive_option
@on_error_option
@jobs_option
@debug_option
def rank(
    source: str,
    low: int,
    high: int,
    criterion: str,
    restarts: int,
    output: Path | None,
    table: Path | None,
    seed: int,
    **reading: Any,
) -> None:
    """Choose how many parts to learn of the pictures in SOURCE.

    By default one pixel in ten is hidden, and each rank is judged by how well it fills them in. A
    coarse grid of ranks is tried first, then ranks around the answer.
    """
    from visnmf.cli.source import read_pictures
    from visnmf.ranks.survey import choose_rank

    if low > high:
        raise click.UsageError(f"--from {low} is above --to {high}; turn them around")
    images = read_pictures(source, **reading)
    choice = choose_rank(
        images, (low, high), criterion=criterion, restarts=restarts, seed=seed,
        callback=told_of_ranks(criterion),
    )  # fmt: skip
    if output is not None:
        from visnmf.plots import rank_curves
        from visnmf.plots.writing import save_figure

        save_figure(output, rank_curves(choice))
    if table is not None:
        choice.save_csv(table)
    click.echo(choice.summary())


def told_of_ranks(criterion: str) -> Any:
    """Return a callback that tells of each rank that was tried, on standard error.

    Parameters
    ----------
    criterion : str
        What ranks are judged by.
    """

    def done(tried: Tried) -> None:
        left = (
            "" if math.isnan(tried.left) or tried.left < 1 else f", {short_time(tried.left)} left"
        )
        note(
            f"rank {tried.rank}: {SCORES[criterion].format(tried.score)} "
            f"({tried.done} of {tried.total}{left})"
        )

    return done
