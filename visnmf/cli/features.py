"""`visnmf features`: pictures as a table of features, for other programs."""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import click

from visnmf.cli.options import (
    OutputFile,
    Size,
    debug_option,
    examples,
    jobs_option,
    on_error_option,
    recursive_option,
    source_argument,
)
from visnmf.cli.text import read_progress, tell

__all__ = ["features"]


@dataclass(frozen=True)
class Kind:
    """A kind of features.

    Attributes
    ----------
    extractor : str
        Its name in `visnmf.features`.
    mode : str
        Whether it looks at colors.
    sized : bool
        Whether all pictures must have one size, which its parameter `size` brings them to.
    options : dict
        What else it is made with.
    """

    extractor: str
    mode: str = "gray"
    sized: bool = True
    options: dict[str, Any] = field(default_factory=dict)


KINDS = {
    "patches": Kind("PatchEncoder", sized=False),  # by `_by_patches`
    "pixels": Kind("Pixels"),
    "hog": Kind("HOG"),
    "gabor": Kind("Gabor", sized=False),
    "daisy": Kind("Daisy"),
    "onoff": Kind("OnOff"),
    "colors": Kind("ColorHistogram", mode="rgb", sized=False),
    "words": Kind("VisualWords", sized=False, options={"random_state": 0}),
}


@click.command(
    short_help="Describe pictures by features, as a table.",
    epilog=examples(
        "visnmf features photos/ -o features.csv --max-side 128",
        "visnmf features photos/ -o features.csv --kind colors",
        "visnmf features photos/ -o features.parquet --kind hog --size 64x64",
        "visnmf features photos/ -r -o features.npz --kind words --labels folder",
        "visnmf features photos/ -o features.csv --max-side 256 --save patches.safetensors",
        "visnmf features more/ -o more.csv --model patches.safetensors",
    ),
)
@source_argument
@click.option(
    "-o",
    "--output",
    type=OutputFile(".csv", ".parquet", ".npz", ".npy"),
    required=True,
    help="A table with names and labels (.csv, .parquet, .npz), or a bare array (.npy).",
)
@click.option(
    "--kind",
    type=click.Choice(list(KINDS)),
    help="What to describe pictures by.  [default: patches]",
)
@click.option(
    "--model",
    "model_file",
    metavar="MODEL",
    type=click.Path(path_type=Path),
    help="Describe by the parts of a model, or by those that --save wrote.",
)
@click.option(
    "--save",
    type=OutputFile(".safetensors"),
    help="Write the parts of patches, for --model and for similar, group and anomalies.",
)
@click.option(
    "-k",
    "--rank",
    type=click.IntRange(min=1),
    help="Of patches: how many parts.  [default: 128]",
)
@click.option(
    "--patch",
    type=click.IntRange(min=1),
    metavar="N",
    help="Of patches: their height and width in pixels.  [default: 6]",
)
@click.option(
    "--grid",
    type=click.IntRange(min=1),
    metavar="N",
    help="Of patches: pictures are cut into N x N cells; 1 forgets where parts are.  [default: 4]",
)
@click.option("--color", is_flag=True, help="Of patches: of colors, not of gray.")
@click.option(
    "--size",
    type=Size(),
    metavar="HxW",
    help="Resize all pictures to this height x width first.",
)
@click.option(
    "--max-side",
    type=click.IntRange(min=1),
    metavar="N",
    help="Shrink larger pictures until their longer side has N pixels.",
)
@click.option(
    "--labels",
    metavar="CSV|folder",
    help="Add a column of labels, from a table of names and labels, or from the folders' names.",
)
@recursive_option
@on_error_option
@jobs_option
@debug_option
def features(
    source: str,
    output: Path,
    kind: str | None,
    model_file: Path | None,
    size: tuple[int, int] | None,
    max_side: int | None,
    save: Path | None,
    rank: int | None,
    patch: int | None,
    grid: int | None,
    color: bool,
    **reading: Any,
) -> None:
    """Describe the pictures in SOURCE by features: a row a picture, a column a feature.

    \b
    patches  where parts of patches are, which are learned (NMF); pictures of any size
    pixels   the brightness of each pixel
    hog      histograms of the directions of edges (HOG)
    gabor    energies of oriented waves (Gabor), on a grid; pictures of any size
    daisy    DAISY descriptors, on a grid
    onoff    what is brighter and what is darker than its surround
    colors   a histogram of colors; pictures of any size
    words    how often each visual word occurs (SIFT), tf-idf; pictures of any size

    What a kind learns (parts, visual words) it learns from SOURCE itself. With --model
    the features are those by the parts of that model, which stay as they are.
    """  # noqa: D301
    from visnmf.tasks.table import check_table_ending, write_table

    check_table_ending(output)
    settings = {"n_components": rank, "patch_size": patch, "grid": grid}
    of_patches = {"--save": save, "--rank": rank, "--patch": patch, "--grid": grid}
    of_patches |= {"--color": color or None}
    if model_file is not None:
        of_kinds = {"--kind": kind, "--size": size, "--max-side": max_side}
        _refuse({**of_kinds, **of_patches}, "a model knows its own features")
        told, pictures, rows, columns = _by_model(model_file, source, reading)
    elif kind in (None, "patches"):
        reading |= {"size": size, "max_side": max_side, "mode": "rgb" if color else "gray"}
        told, pictures, rows, columns = _by_patches(source, settings, reading, save)
    else:
        _refuse(of_patches, f"this is for patches, not for {kind}")
        told, pictures, rows, columns = _by_kind(KINDS[kind], source, size, max_side, reading)
    write_table(output, pictures.names, rows, labels=pictures.labels, feature_names=columns)
    skipped = f" ({len(pictures.skipped):,} left out)" if pictures.skipped else ""
    tell(
        [
            ("pictures", f"{len(pictures):,}{skipped}"),
            ("features", f"{len(columns):,} a picture, {told}"),
            ("written", output),
            *([] if save is None else [("parts", f"{save} (draw them: visnmf show {save})")]),
        ]
    )


def _refuse(options: dict[str, Any], why: str) -> None:
    """Refuse options that are given."""
    for name, given in options.items():
        if given is not None:
            raise click.UsageError(f"{why}: leave {name} out")


def _by_model(
    model_file: Path, source: str, reading: dict[str, Any]
) -> tuple[str, Any, Any, list[str]]:
    from visnmf.cli.source import read_like
    from visnmf.tasks.encoders import open_encoder

    encoder = open_encoder(model_file)
    pictures = read_like(encoder, source, **reading)
    rows = encoder.encode(pictures)
    return f"by the parts of {model_file}", pictures, rows, encoder.feature_names


def _by_patches(
    source: str, settings: dict[str, Any], reading: dict[str, Any], save: Path | None
) -> tuple[str, Any, Any, list[str]]:
    """Learn parts of patches of the pictures, and describe these by them."""
    from visnmf.cli.source import quiet_libraries
    from visnmf.features.patch_encoder import PatchEncoder
    from visnmf.features.patch_settings import checked_patch_size
    from visnmf.tasks.patch_features import PatchFeatures, load_for_patches

    given = {name: value for name, value in settings.items() if value is not None}
    encoder = PatchEncoder(**given)
    least = checked_patch_size(encoder.patch_size)
    with quiet_libraries(), read_progress() as progress:
        pictures = load_for_patches(source, least, progress=progress, **reading)
    rows = encoder.fit(pictures).transform(pictures)
    features = PatchFeatures(encoder, reading["max_side"], reading["size"])
    if save is not None:
        features.save(save)
    return str(encoder), pictures, rows, features.feature_names


def _by_kind(
    kind: Kind,
    source: str,
    size: tuple[int, int] | None,
    max_side: int | None,
    reading: dict[str, Any],
) -> tuple[str, Any, Any, list[str]]:
    import visnmf.features
    from visnmf.cli.source import limits, quiet_libraries
    from visnmf.images.load_pictures import load_pictures

    with quiet_libraries(), read_progress() as progress:
        settings = {**reading, **limits()}
        pictures = load_pictures(
            source, mode=kind.mode, max_side=max_side, progress=progress, **settings
        )
    sizes = sorted(set(pictures.sizes))
    if kind.sized and size is None and len(sizes) > 1:
        name = next(name for name, each in KINDS.items() if each is kind)
        free = ", ".join(name for name, each in KINDS.items() if not each.sized)
        raise click.UsageError(
            f"the pictures have {len(sizes)} sizes, {_by(sizes[0])} and {_by(sizes[-1])} among "
            f"them, but {name} needs one: give --size, such as --size 64x64; or a --kind that "
            f"takes pictures of any size ({free})"
        )
    options: dict[str, Any] = dict(kind.options)
    if kind.sized:
        options["size"] = size
    elif size is not None:
        from visnmf.images.pictures import as_pictures

        pictures = as_pictures(pictures.to_image_set(size))
    extractor = getattr(visnmf.features, kind.extractor)(**options)
    rows = extractor.fit_transform(pictures)
    return str(extractor), pictures, rows, list(extractor.get_feature_names_out())


def _by(size: tuple[int, int]) -> str:
    return f"{size[0]} x {size[1]}"
