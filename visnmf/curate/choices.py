"""The parts of a model to come, each a part of the model that is, or several of them."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from numbers import Integral
from typing import Any

from visnmf.arguments import check_instance
from visnmf.errors import InvalidInputError
from visnmf.model.checks import checked_name

__all__ = ["Choice", "check_choices", "check_model", "is_number", "places_of"]


@dataclass(frozen=True)
class Choice:
    """A part of the model to come.

    Attributes
    ----------
    parts : tuple of int
        The part of the model that it is, or those that it is merged from, counted from 0.
    name : str
        What it is called.
    hidden : bool
        Whether pictures of the parts leave it out.
    """

    parts: tuple[int, ...]
    name: str
    hidden: bool = False


def check_choices(choices: Sequence[Choice], rank: int) -> None:
    """Refuse choices of parts that are not there, or are used twice.

    Raises
    ------
    InvalidInputError
        Or a name cannot be used, a field is of another type, or there is no choice.
    """
    if not choices:
        raise InvalidInputError("no part is left; keep one at least")
    used: set[int] = set()
    for choice in choices:
        if not (isinstance(choice, Choice) and isinstance(choice.parts, tuple)):
            raise InvalidInputError(f"{choice!r:.60} is no Choice of a tuple of parts")
        if not choice.parts:
            raise InvalidInputError(f"{choice.name!r:.60} is made of no part")
        for k in choice.parts:
            if type(k) is not int or not 0 <= k < rank:
                raise InvalidInputError(f"there is no part {k!r:.40}; the {rank} count from 0")
            if k in used:
                raise InvalidInputError(f"part {k} is used twice; each goes to one place")
            used.add(k)
        checked_name(choice.name)
        if type(choice.hidden) is not bool:
            raise InvalidInputError(f"hidden must be true or false, not {choice.hidden!r:.40}")


def places_of(choices: Sequence[Choice], rank: int, parts: Any) -> list[int]:
    """Return where each of some parts is among the choices, in the order told.

    Parameters
    ----------
    choices : sequence of Choice
        The parts to come.
    rank : int
        How many parts the model has.
    parts : int, str or several
        By their numbers in the model, or by their names.

    Raises
    ------
    InvalidInputError
        There is no such part, it is deleted, or several have that name.
    """
    several = [parts] if isinstance(parts, str) or is_number(parts) else parts
    if not isinstance(several, Iterable):
        raise InvalidInputError(f"parts must be numbers or names, not {parts!r:.60}")
    by_number = {k: place for place, choice in enumerate(choices) for k in choice.parts}
    by_name: dict[str, list[int]] = {}
    for place, choice in enumerate(choices):
        by_name.setdefault(choice.name, []).append(place)
    return [
        _named(by_name, part) if isinstance(part, str) else _numbered(by_number, rank, part)
        for part in several
    ]


def _named(by_name: dict[str, list[int]], name: str) -> int:
    places = by_name.get(name, [])
    if len(places) == 1:
        return places[0]
    told = f"{len(places)} parts are" if places else "no part is"
    raise InvalidInputError(f"{told} called {name!r:.60}; give its number")


def _numbered(by_number: dict[int, int], rank: int, part: Any) -> int:
    if not is_number(part) or not 0 <= part < rank:
        raise InvalidInputError(f"there is no part {part!r:.40}; the {rank} count from 0")
    if part not in by_number:
        raise InvalidInputError(f"part {part} is deleted in this selection")
    return by_number[part]


def is_number(value: object) -> bool:
    """Tell whether a value is a whole number of Python or NumPy."""
    return isinstance(value, Integral) and not isinstance(value, bool)


def check_model(model: Any) -> None:
    """Refuse what is no model."""
    from visnmf.model.model import Model

    check_instance(model, "model", Model, "visnmf.learn makes one, Model.load reads one")
