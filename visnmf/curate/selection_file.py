"""The file of a selection: the small JSON that the explorer downloads.

It may come from anyone. Its size is bounded before it is read, each key is one that is known
and stands there once, and each value is of its type before it is believed.

An object of four keys: ``format`` ("visnmf-selection"), ``version`` (of the format, a whole
number), ``model`` (an object of ``rank`` and ``digest``) and ``parts``: a list, in order, of
objects of ``from`` (numbers of parts from 0), ``name`` and ``hidden``.
"""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any, NoReturn

from visnmf.curate.choices import Choice
from visnmf.errors import InvalidInputError, SelectionFormatError, SelectionNotFoundError
from visnmf.files import write_atomically

__all__ = ["FORMAT", "VERSION", "read_selection", "write_selection"]

FORMAT = "visnmf-selection"
VERSION = 1
_MAX_BYTES = 16 * 2**20  # some 60,000 parts with names of 200 characters


Fields = tuple[int, str, tuple[Choice, ...]]
"""Rank and digest of the model, and the choices, as a file says them."""


def write_selection(path: Path, fields: Fields) -> None:
    """Write a selection, whole or not at all.

    Raises
    ------
    InvalidInputError
        There is no such folder.
    """
    rank, digest, choices = fields
    document = {
        "format": FORMAT,
        "version": VERSION,
        "model": {"rank": rank, "digest": digest},
        "parts": [{"from": list(c.parts), "name": c.name, "hidden": c.hidden} for c in choices],
    }
    write_atomically(path, json.dumps(document, indent=1, ensure_ascii=False).encode() + b"\n")


def read_selection(path: Path) -> Fields:
    """Read what `write_selection` or the explorer wrote; what it says is yet to be checked.

    Raises
    ------
    SelectionNotFoundError
        There is no such file.
    SelectionFormatError
        It is no selection, is damaged, or is of a newer version; the message says which.
    """
    if not path.exists():
        raise SelectionNotFoundError(str(path))
    if not path.is_file():
        raise SelectionFormatError(f"{path}: is not a file; name the .json file itself")
    with path.open("rb") as file:
        content = file.read(_MAX_BYTES + 1)
    try:
        return _fields_of(_parsed(content))
    except InvalidInputError as error:
        raise SelectionFormatError(f"{path}: {error}") from error


def _parsed(content: bytes) -> Any:
    """Return what JSON says, as long as it is of a sane size and says nothing twice."""
    if len(content) > _MAX_BYTES:
        raise InvalidInputError(f"has more than {_MAX_BYTES:,} bytes; no selection is so large")
    try:
        text = content.decode("utf-8-sig")
        return json.loads(text, parse_constant=_no_constant, object_pairs_hook=_object)
    except InvalidInputError:
        raise
    except (ValueError, RecursionError) as error:
        raise InvalidInputError(f"is no readable JSON: {error}") from error


def _fields_of(document: Any) -> Fields:
    if not isinstance(document, dict) or document.get("format") != FORMAT:
        raise InvalidInputError(
            "is no selection of parts, as the explorer downloads and Selection.write writes: "
            f'an object with "format": "{FORMAT}" is needed'
        )
    version = document.get("version")
    if type(version) is not int or version < 1:
        raise InvalidInputError(f"its version {version!r:.40} is none; the file is damaged")
    if version > VERSION:
        raise InvalidInputError(
            f"is of version {version!r:.40}, this visnmf reads up to {VERSION}: upgrade visnmf"
        )
    _check_keys(document, {"format", "version", "model", "parts"}, "the selection")
    model, parts = document["model"], document["parts"]
    _check_keys(model, {"rank", "digest"}, "its model")
    if not isinstance(parts, list):
        raise InvalidInputError(f"its parts must be a list, not {parts!r:.40}")
    return model["rank"], model["digest"], tuple(map(_choice_of, parts))


def _choice_of(part: Any) -> Choice:
    _check_keys(part, {"from", "name", "hidden"}, "a part")
    if not isinstance(part["from"], list):
        raise InvalidInputError(f'"from" must be a list of numbers, not {part["from"]!r:.40}')
    return Choice(tuple(part["from"]), part["name"], part["hidden"])


def _check_keys(value: Any, keys: set[str], what: str) -> None:
    """Refuse what is no object of just these keys."""
    if not isinstance(value, dict):
        raise InvalidInputError(f"{what} must be an object, not {value!r:.40}")
    if missing := sorted(keys - set(value)):
        raise InvalidInputError(f"{what} lacks {', '.join(missing)}")
    if unknown := sorted(set(value) - keys):
        raise InvalidInputError(f"{what} has keys that are not known: {unknown!r:.80}")


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    """Refuse objects that say something twice: readers would differ in what they take."""
    found = dict(pairs)
    if len(found) < len(pairs):
        raise InvalidInputError(f"says something twice in an object of {sorted(found)!r:.80}")
    return found


def _no_constant(name: str) -> NoReturn:
    """Refuse NaN and infinity, which JSON does not have."""
    raise InvalidInputError(f"holds {name}, which is not JSON")
