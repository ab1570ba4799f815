"""`visnmf faces`: the faces in photos, all in one frame."""

from __future__ import annotations

import shlex
import warnings
from pathlib import Path
from typing import Any

import click

from visnmf.cli.options import (
    Size,
    debug_option,
    examples,
    on_error_option,
    recursive_option,
)
from visnmf.cli.text import describe_pictures, plain, read_progress, tell
from visnmf.errors import SkippedImagesWarning

__all__ = ["faces"]

_SHOWN = 400  # most faces on the sheet
_NAMED = 8  # photos left out that are named
_SMALLER = "in large photos faces are looked for from a size on; --min-face 30 takes small ones"


@click.command(
    short_help="Find the faces in photos, and bring them to one frame.",
    epilog=examples(
        "visnmf faces photos/ -o aligned/",
        "visnmf faces 'party/*.jpg' -o aligned/ --size 80x64 --color",
        "visnmf faces photos/ -r -o aligned/ --on-error warn --one-each",
    ),
)
@click.argument("photos", metavar="PHOTOS")
@click.option(
    "-o",
    "--output",
    type=click.Path(file_okay=False, path_type=Path),
    required=True,
    help="The folder for the faces, made if it is not there; a sheet of them goes beside it.",
)
@click.option(
    "--size",
    type=Size(),
    default="64",
    show_default=True,
    metavar="HxW",
    help="Height x width of the faces that come out.",
)
@click.option("--color", is_flag=True, help="Keep red, green and blue; gray otherwise.")
@click.option("--one-each", is_flag=True, help="Take the largest face of each photo only.")
@click.option(
    "--min-face",
    type=click.FloatRange(min=8),
    metavar="PIXELS",
    help="The smallest face to look for, brows to chin.  [default: 36, in large photos more]",
)
@click.option(
    "--tilt",
    type=click.FloatRange(0, 45),
    default=20,
    show_default=True,
    metavar="DEGREES",
    help="How far faces may be turned to either side; 0 is three times as fast.",
)
@click.option(
    "--min-score",
    type=click.FloatRange(min=0),
    default=1,
    show_default=True,
    metavar="SCORE",
    help="How sure a face must be; less finds more faces, and more that are none.",
)
@recursive_option
@on_error_option
@debug_option
def faces(photos: str, output: Path, size: tuple[int, int], color: bool, **options: Any) -> None:
    """Find the faces in PHOTOS, and write them turned, scaled and shifted to one frame.

    PHOTOS is a folder, a glob in quotes, or one picture or video. Their eyes come to the
    same places, so that `visnmf learn` finds parts of faces in them. Photos are left as they are.
    """
    from visnmf.cli.source import quiet_libraries
    from visnmf.faces.align import align_faces
    from visnmf.plots import save_montage

    sheet = output.with_name(f"{output.resolve().name}.png")
    _check_output(photos, output, sheet)
    looked_at = 0
    with quiet_libraries(), read_progress() as progress:

        def count(done: int, total: int) -> None:
            nonlocal looked_at
            looked_at = done
            if progress is not None:
                progress(done, total)

        with warnings.catch_warnings():
            warnings.simplefilter("ignore", SkippedImagesWarning)  # named below
            images = align_faces(
                photos, size=size, mode="rgb" if color else "gray", progress=count, **options
            )
    images.save(output)
    save_montage(sheet, images, scale="common", max_parts=_SHOWN)
    skipped = [(plain(Path(error.path).name), error.reason) for error in images.skipped]
    rest = len(skipped) - _NAMED
    faceless = any("no face" in reason for _, reason in skipped) and not options["min_face"]
    shown = f" (the first {_SHOWN} of them)" if len(images) > _SHOWN else ""
    tell(
        [
            ("photos", f"{looked_at:,}" + (f", {len(skipped):,} left out:" if skipped else "")),
            *((f"  {name}", reason) for name, reason in skipped[:_NAMED]),
            *([("  …", f"{rest:,} more")] if rest > 0 else []),
            *([("small ones?", _SMALLER)] if faceless else []),
            ("faces", describe_pictures(len(images), images.layout)),
            ("written", output),
            ("look at", f"{sheet}{shown}"),
            ("what next", _next(output, images.names, len(images), color)),
        ]
    )


def _check_output(photos: str, output: Path, sheet: Path) -> None:
    """Refuse to mix faces with photos or with other pictures."""
    source = Path(photos)
    home = (source if source.is_dir() else source.parent).resolve()
    if output.resolve() == home:
        raise click.UsageError(f"{output} holds the photos; give another folder with -o")
    if output.is_dir() and any(output.iterdir()):
        raise click.UsageError(
            f"{output} is not empty, and faces of two runs would be mixed; give another folder "
            "with -o, or empty it"
        )
    if sheet.exists() and not output.exists():
        raise click.UsageError(
            f"{sheet} is there without a folder {output}, so it may be a picture of yours and is "
            "not written over; give another -o"
        )


def _next(output: Path, names: list[str], count: int, color: bool) -> str:
    """Return the command that learns parts of the faces."""
    deeper = " -r" if any("/" in name for name in names) else ""
    kept = " --color" if color else ""
    rank = max(min(49, count // 2), 1)
    return f"visnmf learn {shlex.quote(str(output))}{deeper}{kept} -k {rank} -o faces.safetensors"
