"""`visnmf info`: what a model is and where it comes from, or what a pack or an archive holds."""

from __future__ import annotations

import json
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from visnmf.cli.options import debug_option, examples, model_argument
from visnmf.cli.text import describe_layout, describe_reason, one_line, tell

if TYPE_CHECKING:
    from visnmf.model import Model
    from visnmf.tasks.patch_features import PatchFeatures

__all__ = ["info"]

_NAMED = 12  # names that are told


@click.command(
    short_help="Tell what a model, an archive or a pack is.",
    epilog=examples(
        "visnmf info faces.safetensors",
        "visnmf info faces.safetensors --json",
        "visnmf info photos.zarr",
        "visnmf info scans.vnmf",
    ),
)
@model_argument
@click.option("--json", "as_json", is_flag=True, help="Write all of it as JSON, for programs.")
@debug_option
def info(model_file: Path, as_json: bool) -> None:
    """Tell what MODEL is and where it comes from, or what a pack or an archive holds.

    Of an archive it tells what takes the bytes.
    """
    if model_file.is_dir():
        _tell_pack(model_file, as_json)
        return
    from visnmf.cli.info_archive import is_archive, tell_archive

    if is_archive(model_file):
        tell_archive(model_file, as_json)
        return
    from visnmf.tasks.encoders import ModelEncoder, open_encoder

    encoder = open_encoder(model_file)
    if not as_json:
        tell(_facts(encoder.model) if isinstance(encoder, ModelEncoder) else _of_patches(encoder))
        return
    if isinstance(encoder, ModelEncoder):
        document = encoder.model.to_dict()
    else:
        from visnmf.features.patch_file import KIND
        from visnmf.model.modelfile import read_model_file

        document = read_model_file(model_file, KIND)[1]
    click.echo(json.dumps(document, indent=2))


def _tell_pack(path: Path, as_json: bool) -> None:
    """Tell what a pack of `visnmf pack` holds."""
    from visnmf.cli.pack import facts_of
    from visnmf.images.packs import open_pack

    made = open_pack(str(path))
    if made is None:
        raise click.UsageError(f"{path} is a folder, and no pack of `visnmf pack`")
    if as_json:
        told = {**vars(made), "layout": made.layout.to_dict()}
        click.echo(json.dumps(told, indent=2))
    else:
        tell(facts_of(made))


def _of_patches(features: PatchFeatures) -> list[tuple[str, Any]]:
    """Return what is known of parts of patches."""
    encoder = features.encoder
    size = one_line(features.reading) or "of any sizes"
    return [
        ("parts", f"{len(encoder.components_):,} of patches, by a visnmf.PatchEncoder"),
        ("patches", describe_layout(encoder.layout_)),
        ("pictures", f"{features.mode}, {size}"),
        ("features", f"{features.n_features:,} a picture"),
        ("relative error", f"{encoder.reconstruction_err_:.4g}"),
        ("settings", one_line(encoder.get_params())),
    ]


def _facts(model: Model) -> list[tuple[str, Any]]:
    """Return what people ask first; a model made by hand may know little of it."""
    told = model.provenance
    layout = model.layout
    facts: list[tuple[str, Any]] = [
        ("parts", model.rank),
        ("pictures", describe_layout(layout)),
        ("values", f"{layout.dtype}, {layout.low:g} to {layout.high:g}"),
    ]
    if "source" in told:
        skipped = f" ({told['n_skipped']} left out)" if told.get("n_skipped") else ""
        facts.append(("learned from", f"{told['source']}: {told.get('n_images')} images{skipped}"))
    if "n_iter" in told:
        reason = describe_reason(str(told.get("reason")))
        facts.append(("iterations", f"{told['n_iter']}; {reason}"))
    choice = told.get("rank_choice")
    if isinstance(choice, dict) and isinstance(choice.get("reason"), str):
        facts.append(("chosen", choice["reason"]))
    for name, key in (("relative error", "relative_error"), ("seconds", "seconds")):
        if isinstance(told.get(key), float):
            facts.append((name, f"{told[key]:.4g}"))
    if "date" in told:
        facts.append(("date", told["date"]))
    facts += [("prepared", one_line(step)) for step in told.get("preparation", [])]
    for name in ("settings", "versions"):
        if told.get(name):
            facts.append((name, one_line(told[name])))
    edits = told.get("edits")
    facts += [("edited", _edited(edit)) for edit in (edits if isinstance(edits, list) else [])]
    if model.energy[0] >= 0:  # not NaN: known
        facts.append(("strongest parts", _strongest(model)))
    if model.stability[0] >= 0:
        facts.append(("least stable parts", _least_stable(model)))
    named = [name for name in model.part_names if not re.fullmatch(r"part \d+", name)]
    hidden = [model.part_names[k] for k in range(model.rank) if model.hidden[k]]
    facts += [("named parts", _some(named))] if named else []
    facts += [("hidden parts", _some(hidden))] if hidden else []
    return facts


def _edited(edit: Any) -> str:
    """Return what an edit did; a file may hold anything here."""
    if not isinstance(edit, dict):
        return str(edit)
    short = {k: f"{v:.4g}" if isinstance(v, float) else v for k, v in edit.items()}
    return one_line({k: v for k, v in short.items() if k != "digest_before" and v != []})


def _some(names: list[str]) -> str:
    """Return names, the first ones of many."""
    more = f" and {len(names) - _NAMED} more (visnmf parts)" if len(names) > _NAMED else ""
    return ", ".join(names[:_NAMED]) + more


def _strongest(model: Model, count: int = 5) -> str:
    """Return the parts with the largest shares of the energy."""
    order = sorted(range(model.rank), key=lambda k: -model.energy[k])[:count]
    return ", ".join(f"{model.part_names[k]} {model.energy[k]:.1%}" for k in order)


def _least_stable(model: Model, count: int = 5) -> str:
    """Return the parts that other fits find least, and how alike their matches are there."""
    order = sorted(range(model.rank), key=lambda k: model.stability[k])[:count]
    return ", ".join(f"{model.part_names[k]} {model.stability[k]:.2f}" for k in order)
