"""`visnmf edit`: name, hide, delete, merge and reorder the parts of a model."""

from __future__ import annotations

from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from visnmf.cli.kernels import ENCODING, kernels_for_one_run
from visnmf.cli.options import (
    OutputFile,
    debug_option,
    examples,
    jobs_option,
    model_argument,
    on_error_option,
    recursive_option,
)
from visnmf.cli.text import note, tell
from visnmf.errors import InvalidInputError

if TYPE_CHECKING:
    from visnmf.curate.edit import Edited
    from visnmf.curate.selection import Selection
    from visnmf.model import Model

__all__ = ["edit"]


@click.command(
    short_help="Name, hide, delete, merge and reorder parts.",
    epilog=examples(
        "visnmf edit faces.safetensors selection.json -o curated.safetensors --images faces/",
        'visnmf edit faces.safetensors -o named.safetensors --name 3=eyes --name "1=all light"',
        "visnmf edit faces.safetensors -o few.safetensors --delete 7,9 --merge 1+2 --images faces/",
        "visnmf edit faces.safetensors -o sorted.safetensors --hide 4 --order 5,1",
    ),
)
@model_argument
@click.argument("selection_file", metavar="[SELECTION]", required=False, type=Path)
@click.option(
    "-o",
    "--output",
    type=OutputFile(".safetensors"),
    required=True,
    help="The edited model.",
)
@click.option(
    "--images",
    "source",
    metavar="SOURCE",
    help="Pictures to fit the encodings to: they weigh merged parts, and tell the error before "
    "and after.",
)
@click.option("--name", "names", multiple=True, metavar="PART=NAME", help="Name a part.")
@click.option("--hide", multiple=True, metavar="PART,...", help="Leave out of pictures of parts.")
@click.option("--show", multiple=True, metavar="PART,...", help="Hide no longer.")
@click.option("--delete", multiple=True, metavar="PART,...", help="Leave out of the model.")
@click.option("--merge", multiple=True, metavar="PART+PART+...", help="Make one part of several.")
@click.option("--order", metavar="PART,...", help="These first; the others follow as they are.")
@click.option("--overwrite", is_flag=True, help="Replace the output if it is there already.")
@recursive_option
@on_error_option
@jobs_option
@debug_option
def edit(
    model_file: Path,
    selection_file: Path | None,
    output: Path,
    source: str | None,
    overwrite: bool,
    recursive: bool,
    on_error: str,
    **changes: Any,
) -> None:
    """Change the parts of MODEL as SELECTION says, or the options, and write a new model.

    SELECTION is the JSON file that the page of `visnmf report` downloads. A PART is its number
    in MODEL, counted from 1, or its name (`visnmf parts MODEL` lists both); what options ask
    is done after what SELECTION asks. With --images merged parts are weighted by how much the
    pictures use them, and all encodings are fitted again.
    """
    from visnmf.cli.source import load_model
    from visnmf.curate.edit import edit_parts
    from visnmf.curate.selection import Selection

    if output.exists() and not overwrite:
        raise click.UsageError(f"{output} is there already; --overwrite replaces it")
    if selection_file is None and not any(changes.values()):
        raise click.UsageError(
            "say what to change: a selection that the page of `visnmf report` downloads, or "
            "--name, --hide, --show, --delete, --merge, --order"
        )
    model = load_model(model_file, "only parts of whole pictures can be edited")
    selection = Selection.of(model) if selection_file is None else Selection.read(selection_file)
    selection.check_fits(model)
    selection = _changed(selection, **changes)
    images = None if source is None else _pictures(model, source, recursive, on_error)
    count = 1 if images is None else len(images)
    kernels = kernels_for_one_run(model.rank, count, ENCODING)
    edited = edit_parts(model, selection, images, kernels=kernels)
    edited.model.save(output)
    tell([*_facts(model, selection, edited), ("written", output)])
    if images is None and len(selection.choices) < model.rank:
        note("the error is not known without pictures; --images SOURCE tells it")


def _pictures(model: Model, source: str, recursive: bool, on_error: str) -> Any:
    """Read pictures as those that the model was learned from."""
    from visnmf.cli.larger import reads_lazily
    from visnmf.cli.source import read_like

    size = (model.layout.height, model.layout.width)
    reading = {"recursive": recursive, "on_error": on_error}
    lazy = {"lazy": True} if reads_lazily(source, {**reading, "size": size}, None) else {}
    return read_like(model, source, **reading, **lazy)


def _changed(
    selection: Selection,
    names: tuple[str, ...],
    hide: tuple[str, ...],
    show: tuple[str, ...],
    delete: tuple[str, ...],
    merge: tuple[str, ...],
    order: str | None,
) -> Selection:
    """Return the selection with the changes of the options; parts are those it had before."""
    numbered = [_named(selection, word) for word in names]
    merged = [_numbers(selection, [word], "+") for word in merge]
    ordered = _numbers(selection, [] if order is None else [order])
    hidden, shown = _numbers(selection, hide), _numbers(selection, show)
    selection = selection.without(_numbers(selection, delete))
    for numbers in merged:
        selection = selection.merged(numbers)
    return selection.hide(hidden).show(shown).ordered(ordered).named(dict(numbered))


def _named(selection: Selection, word: str) -> tuple[int, str]:
    part, equals, name = word.partition("=")
    if not equals:
        raise click.BadParameter(f"{word!r} has no name; give such as 3=eyes", param_hint="--name")
    return _numbers(selection, [part])[0], name.strip()


def _numbers(selection: Selection, words: Iterable[str], between: str = ",") -> list[int]:
    """Return the numbers in the model of parts, from words such as "3,eyes"."""
    from visnmf.curate.choices import places_of

    parts = [part.strip() for word in words for part in word.split(between)]
    told = [_index(selection, p) if p.isascii() and p.isdigit() else p for p in parts]
    places = places_of(selection.choices, selection.rank, told)
    return [selection.choices[place].parts[0] for place in places]


def _index(selection: Selection, word: str) -> int:
    """Return the index of a part from its number, which counts from 1 as the page and lists do."""
    number = int(word[:10])
    if not 1 <= number <= selection.rank:
        raise InvalidInputError(f"there is no part {word:.40}; the {selection.rank} count from 1")
    if number - 1 in selection.deleted:
        raise InvalidInputError(f"part {number} is deleted in this selection")
    return number - 1


def _facts(model: Model, selection: Selection, edited: Edited) -> list[tuple[str, object]]:
    """Tell what was done, so that a number that was mistyped is seen."""
    old = model.part_names
    hidden = [choice.name for choice in selection.choices if choice.hidden]
    facts: list[tuple[str, object]] = [("parts", f"{edited.model.rank} of {model.rank}")]
    for choice in selection.choices:
        if len(choice.parts) > 1:
            facts.append(("merged", f"{', '.join(old[k] for k in choice.parts)}: {choice.name}"))
        elif choice.name != old[choice.parts[0]]:
            facts.append(("named", f"{old[choice.parts[0]]}: {choice.name}"))
    if selection.deleted:
        facts.append(("deleted", ", ".join(old[k] for k in selection.deleted)))
    if hidden:
        facts.append(("hidden", ", ".join(hidden)))
    if edited.H is not None:
        told = f"{edited.error_before:.4f} before, {edited.error_after:.4f} now"
        count = edited.model.provenance["edits"][-1]["n_images"]
        facts.append(("relative error", f"{told}, of {count:,} pictures"))
    return facts
