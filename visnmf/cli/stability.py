"""`visnmf stability`: whether other pictures of the kind would have given the same parts."""

from __future__ import annotations

from pathlib import Path

import click

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
from visnmf.cli.recipes import RecipeName
from visnmf.cli.text import plain, read_progress, tell

__all__ = ["stability"]


@click.command(
    short_help="Tell how sure each part of a model is.",
    epilog=examples(
        "visnmf stability faces.safetensors faces/",
        "visnmf stability faces.safetensors faces/ --n-boot 50 --processes 4 -o sure.safetensors",
    ),
)
@model_argument
@source_argument
@click.option(
    "--n-boot",
    type=click.IntRange(min=1),
    default=20,
    show_default=True,
    help="How many fits, each to as many pictures drawn with return.",
)
@click.option(
    "--processes",
    type=click.IntRange(min=1),
    default=1,
    show_default=True,
    help="How many of these fits at a time.",
)
@click.option(
    "--seed", type=click.IntRange(min=0), default=0, show_default=True, help="Of what is drawn."
)
@click.option(
    "--recipe",
    type=RecipeName(),
    help="The recipe that MODEL was learned by, if there was one.",
)
@click.option(
    "-o",
    "--output",
    type=OutputFile(".safetensors"),
    help="A model to write: MODEL, with these figures beside its parts. It may be MODEL itself.",
)
@recursive_option
@on_error_option
@jobs_option
@debug_option
def stability(
    model_file: Path,
    source: str,
    n_boot: int,
    processes: int,
    seed: int,
    recipe: str | None,
    output: Path | None,
    recursive: bool,
    on_error: str,
) -> None:
    """Tell how sure each part of MODEL is: whether other pictures would have given it too.

    SOURCE are the pictures that it was learned from. Pictures are drawn from them with return, and
    parts are learned of these, again and again. A figure of 1 says that all fits find the part;
    one far below that a few pictures make it, or the start of the fit.
    """
    from visnmf.cli.source import load_model, read_like
    from visnmf.trust.stability import part_stability

    model = load_model(model_file, "learn it from other pictures and compare what it finds")
    images = read_like(model, source, recursive=recursive, on_error=on_error)
    with read_progress("fits to pictures drawn anew") as progress:
        found = part_stability(
            images, model, n_boot=n_boot, seed=seed, processes=processes, recipe=recipe,
            callback=None if progress is None else lambda now: progress(now.done, now.total),
        )  # fmt: skip
    for line in found.summary().splitlines():
        click.echo(plain(line))
    if output is not None:
        model.stability = found.stability
        model.save(output)
        click.echo()
        tell([("written", output)])
