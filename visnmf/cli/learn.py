"""`visnmf learn`: from pictures to a model of their parts."""

from __future__ import annotations

import math
import time
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from visnmf.cli.failures import INTERRUPTED
from visnmf.cli.fitting import fit_options, fit_settings
from visnmf.cli.kernels import kernels_for_one_run
from visnmf.cli.larger import (
    LARGER,
    check_larger,
    larger_options,
    method_of,
    reads_lazily,
    settings_for,
)
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
from visnmf.cli.progress import fit_progress
from visnmf.cli.scheduler import working_on
from visnmf.cli.text import describe_pictures, describe_reason, note, tell

if TYPE_CHECKING:
    from visnmf.model import Model

__all__ = ["learn"]

_READING = ("size", "fit", "mode", "recursive", "mask", "cube", "on_error")
_NOT_IN_MEMORY = ("lazy", "online", "compressed", "checkpoint", "scheduler")
_PLAIN: dict[str, Any] = {"kernels": "auto", "callback": None, "checkpoint": None}
"""What a fit without a recipe takes, beside its options."""


class Rank(click.ParamType):
    """A number of parts, or "choose", which is 0 here."""

    name = "N"

    def convert(self, value: Any, param: click.Parameter | None, ctx: click.Context | None) -> int:
        """Return the number."""
        if value == "choose":
            return 0
        try:
            number = int(value)
        except ValueError:
            self.fail(f"{value!r} is no number of parts; give one, or choose", param, ctx)
        return int(click.IntRange(min=1).convert(number, param, ctx))


@click.command(
    short_help="Learn the parts of pictures.",
    epilog=examples(
        "visnmf learn faces/ -k 49 -o faces.safetensors",
        "visnmf learn faces/ -k choose -o faces.safetensors",
        "visnmf learn 'scans/*.png' -k 20 --size 64x64 -o scans.safetensors",
        "visnmf learn faces/ -k 49 --recipe lnmf -o local.safetensors",
        "visnmf learn faces/ -k 49 --loss kl --sparseness-h 0.5 -o sparse.safetensors",
        "visnmf learn photos/ -r --color --on-error skip -k 36 --size 48 -o photos.safetensors",
        "visnmf learn photos/ -r -k 100 --size 256 --dry-run",
        "visnmf learn photos.zarr -k 100 -o photos.safetensors --checkpoint run.ckpt --resume",
        "visnmf learn photos.zarr -k 100 -o photos.safetensors --online",
    ),
)
@source_argument
@click.option("-k", "--rank", type=Rank(), required=True,
              help="How many parts, or choose: as many as hidden pixels speak for.")  # fmt: skip
@click.option(
    "-o",
    "--output",
    type=OutputFile(".safetensors"),
    help="The model to write; the picture of its parts goes beside it as .png.",
)
@shape_options
@recursive_option
@click.option(
    "--mask",
    type=click.Path(exists=True, dir_okay=False),
    help="A picture that is white where pixels count; black ones are left out.",
)
@click.option(
    "--cube",
    type=click.Choice(["bands", "channels"]),
    help="SOURCE is a spectral cube: each band a picture, or one picture of many channels.",
)
@on_error_option
@fit_options
@larger_options
@click.option("--montage/--no-montage", default=True, help="Write the picture of the parts.")
@click.option(
    "--dry-run",
    is_flag=True,
    help="Look at a few pictures, tell what time and memory it would take, and write nothing.",
)
@jobs_option
@debug_option
@click.pass_context
def learn(
    ctx: click.Context,
    source: str,
    rank: int,
    output: Path | None,
    montage: bool,
    dry_run: bool,
    **options: Any,
) -> None:
    """Learn the parts of the pictures in SOURCE, and write them as a model.

    SOURCE is a folder of pictures, a glob in quotes, a TIFF or GIF of many pages, a video,
    a .npy file of shape (n, height, width[, channels]), or a .zarr that `visnmf pack` wrote.

    Ctrl-C ends the fit after its iteration and keeps what it has; twice stops at once.
    """
    reading = {name: options.pop(name) for name in _READING}
    larger = {name: options.pop(name) for name in LARGER}
    check_larger(ctx, larger, options["recipe"])
    if options["recipe"] == "discriminant":
        reading["labels"] = "folder"
    if not rank and (dry_run or any(larger[name] for name in _NOT_IN_MEMORY)):
        raise click.UsageError(
            "--rank choose looks at all pictures in memory first, and does not go with --dry-run "
            "or options for large sets; run visnmf rank, then give the number"
        )
    if dry_run:
        from visnmf.cli.dry_run import dry_run as told_beforehand

        tell(told_beforehand(source, rank, reading, fit_settings(ctx, rank, **options)))
        return
    if output is None:
        raise click.UsageError(
            "--output FILE is needed, the model to write; only --dry-run writes nothing"
        )
    checkpoint = larger["checkpoint"]
    if checkpoint is not None and checkpoint.resolve() in (
        output.resolve(),
        output.with_suffix(".png").resolve(),
    ):
        raise click.UsageError(f"--checkpoint and --output are both {checkpoint}; give two names")
    try:
        _learn(ctx, source, rank, output, montage, reading, options, larger)
    except KeyboardInterrupt:
        if checkpoint is not None and checkpoint.exists():
            note(f"--resume goes on from the checkpoint {checkpoint}")
        raise


def _learn(
    ctx: click.Context,
    source: str,
    rank: int,
    output: Path,
    montage: bool,
    reading: dict[str, Any],
    options: dict[str, Any],
    larger: dict[str, Any],
) -> None:
    """Read, fit, write and tell."""
    from visnmf.cli.source import read_pictures
    from visnmf.model import learn as learn_model
    from visnmf.plots import save_montage

    picture = output.with_suffix(".png")
    replaced = output.exists()
    if montage and picture.exists() and not replaced:
        raise click.UsageError(
            f"{picture} is there without a model beside it, so it may be a picture of yours and "
            "is not written over; give another -o, or --no-montage"
        )
    began = time.perf_counter()
    choice = images = None
    choosing = 0.0
    if not rank:
        images = read_pictures(source, **reading)
        chooses = time.perf_counter()
        choice = _chosen(images, options["seed"])
        choosing = time.perf_counter() - chooses
        rank = choice.rank
    settings = settings_for(ctx, larger, fit_settings(ctx, rank, **options))
    known = settings["recipe"].defaults if "recipe" in settings else _PLAIN
    checkpoint = larger["checkpoint"]
    if checkpoint is not None and "checkpoint" not in known:
        raise click.UsageError(f"the recipe {options['recipe']} keeps no --checkpoint; leave one")
    if larger["scheduler"] is not None or reads_lazily(source, reading, larger["lazy"]):
        reading = {**reading, "lazy": True}
    if images is None:
        images = read_pictures(source, **reading)
    read = time.perf_counter()
    batch = method_of(larger) == "batch"
    max_iter = settings.get("max_iter", known.get("max_iter", 1)) if batch else 0
    if "kernels" in known and batch and checkpoint is None:  # which runs on with what it began with
        length = images.layout.m + len(images)
        fits = settings.get("n_init", 1)
        settings["kernels"] = kernels_for_one_run(rank, length, fits * max_iter)
    asked = {**known, **settings}
    plain = asked.get("loss", "frobenius") in ("frobenius", 2)
    with (
        working_on(larger["scheduler"]),
        fit_progress(
            images,
            max_iter=max_iter,
            time_limit=settings.get("time_limit", math.inf),
            relative=batch and plain and not (asked.get("terms_W") or asked.get("terms_H")),
        ) as callback,
    ):
        if "callback" in known and settings.get("processes", 1) == 1:
            settings["callback"] = callback
        model = learn_model(images, rank if choice is None else choice, **settings)
    fitted = time.perf_counter()
    times = {"reading": read - began - choosing, "choosing": choosing, "fitting": fitted - read}
    model.save(output)
    kept = checkpoint is not None and not _done_with(checkpoint, model)
    if montage:
        save_montage(picture, model)
    tell(
        [
            *_summary(model),
            ("time", ", ".join(f"{took:.2f} s {what}" for what, took in times.items() if took)),
            ("written", f"{output}{' (in place of the older one)' if replaced else ''}"),
            *([("look at", picture)] if montage else []),
            *([("checkpoint", f"{checkpoint}; --resume goes on from it")] if kept else []),
        ]
    )
    if model.provenance["reason"] == "interrupted":
        raise click.exceptions.Exit(INTERRUPTED)


def _chosen(images: Any, seed: int) -> Any:
    """Return how many parts to learn, and tell of it."""
    from visnmf.cli.rank import told_of_ranks
    from visnmf.ranks.survey import choose_rank, usual_ranks

    callback = told_of_ranks("heldout")
    return choose_rank(images, usual_ranks(images.V.shape), seed=seed, callback=callback)


def _done_with(checkpoint: Path, model: Model) -> bool:
    """Remove the checkpoint of a fit that has converged; of others it may be gone on from."""
    run = model.factorization
    if run is None or not run.converged:
        return False
    checkpoint.unlink(missing_ok=True)
    return True


def _of_restarts(provenance: dict[str, Any]) -> list[tuple[str, str]]:
    """Return what several fits agree in."""
    if "objectives" not in provenance:
        return []
    import numpy as np

    from visnmf.solve.several import SURE

    objectives, stability = provenance["objectives"], provenance.get("stability")
    told = (
        f"{len(objectives)} from different starts, objectives {min(objectives):.6g} to "
        f"{max(objectives):.6g}"
    )
    if stability is None:
        return [("fits", told), ("stable parts", "none to compare: all parts are zero")]
    sure = sum(cosine >= SURE for cosine in stability)
    by = f"cosine to the other fits' parts {SURE} or more; of all {np.mean(stability):.2f}"
    return [("fits", told), ("stable parts", f"{sure} of {len(stability)} ({by})")]


def _summary(model: Model) -> list[tuple[str, str]]:
    """Return what was learned, as facts."""
    import numpy as np

    from visnmf.measure import hoyer_sparseness

    told = model.provenance
    recipe = told.get("recipe")
    skipped = f" ({told['n_skipped']:,} left out)" if told["n_skipped"] else ""
    error = told["relative_error"]
    return [
        ("pictures", describe_pictures(told["n_images"], model.layout) + skipped),
        ("parts", str(model.rank)),
        *([("chosen", told["rank_choice"]["reason"])] if "rank_choice" in told else []),
        *([("recipe", f"{recipe['name']} ({recipe['paper']})")] if recipe else []),
        ("relative error", "not known" if error is None else f"{error:.4f}"),
        *_of_restarts(told),
        ("sparseness", f"{np.mean(hoyer_sparseness(model.W)):.2f} of the parts, 0 to 1"),
        ("iterations", f"{told['n_iter']}; {describe_reason(told['reason'])}"),
    ]
