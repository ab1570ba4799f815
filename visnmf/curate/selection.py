"""Which parts of a model are kept, under what names, in what order, and which become one."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

from visnmf.arguments import check_instance, check_path
from visnmf.curate.choices import Choice, check_choices, check_model, is_number, places_of
from visnmf.curate.selection_file import read_selection, write_selection
from visnmf.errors import InvalidInputError, SelectionFormatError
from visnmf.model.checks import checked_name

if TYPE_CHECKING:
    from visnmf.model.model import Model

__all__ = ["Selection"]

_LONGEST = 200  # characters of a name
_HEX = frozenset("0123456789abcdef")


@dataclass(frozen=True, repr=False)
class Selection:
    """What is to become of the parts of a model; each method returns another selection.

    `Selection.of` starts one, `Selection.read` reads what the explorer downloads, and
    `visnmf.edit_parts` applies it. Parts are told by their numbers in the model, from 0, whatever
    was done before, or by their names as they are now. A merged part is told by any of the
    parts that are in it. Wherever several can be told, one can be.

    Attributes
    ----------
    rank : int
        How many parts the model has.
    digest : str
        `Model.digest` of the model: a selection fits no other one.
    choices : tuple of Choice
        The parts to come, in order. What is in none of them is deleted.

    Raises
    ------
    InvalidInputError
        Numbers are out of range or used twice, or names cannot be used.

    Examples
    --------
    >>> import visnmf
    >>> model = visnmf.learn(visnmf.samples.load_faces(), 9, max_iter=20)
    >>> selection = (
    ...     visnmf.Selection.of(model)
    ...     .named({0: "light", 4: "chin"})
    ...     .without([3, 7])
    ...     .merged([1, 2], name="eyes")
    ...     .hide("light")
    ...     .moved("eyes", to=0)
    ... )
    >>> selection
    <Selection: 6 of 9 parts, 2 deleted, 1 merged, 1 hidden>
    >>> [choice.name for choice in selection.choices]
    ['eyes', 'light', 'chin', 'part 6', 'part 7', 'part 9']
    """

    rank: int
    digest: str
    choices: tuple[Choice, ...]

    def __post_init__(self) -> None:
        if type(self.rank) is not int or self.rank < 1:
            raise InvalidInputError(f"the rank must be a whole number from 1, not {self.rank!r}")
        if not (isinstance(self.digest, str) and len(self.digest) == 64 and _HEX >= {*self.digest}):
            raise InvalidInputError(f"the digest must be 64 hex digits, not {self.digest!r:.80}")
        if not isinstance(self.choices, tuple):
            raise InvalidInputError(f"choices must be a tuple, not {type(self.choices).__name__}")
        check_choices(self.choices, self.rank)

    def __repr__(self) -> str:
        merged = sum(len(choice.parts) > 1 for choice in self.choices)
        hidden = sum(choice.hidden for choice in self.choices)
        told = {"deleted": len(self.deleted), "merged": merged, "hidden": hidden}
        more = "".join(f", {count} {what}" for what, count in told.items() if count)
        return f"<Selection: {len(self.choices)} of {self.rank} parts{more}>"

    @classmethod
    def of(cls, model: Model) -> Selection:
        """Start with all parts of a model as they are.

        Parameters
        ----------
        model : Model
            The parts.

        Returns
        -------
        Selection
        """
        check_model(model)
        parts = zip(model.part_names, model.hidden.tolist(), strict=True)
        choices = tuple(Choice((k,), name, hidden) for k, (name, hidden) in enumerate(parts))
        return cls(model.rank, model.digest, choices)

    @classmethod
    def read(cls, path: str | os.PathLike[str]) -> Selection:
        """Read a selection that the explorer or `write` wrote.

        Parameters
        ----------
        path : str or path-like
            The JSON file. It may come from anyone: all of it is checked.

        Returns
        -------
        Selection

        Raises
        ------
        SelectionNotFoundError
            There is no such file (a FileNotFoundError).
        SelectionFormatError
            The file is no selection, is damaged, or is of a newer version.
        """
        fields = read_selection(check_path(path, "path"))
        try:
            return cls(*fields)
        except InvalidInputError as error:
            raise SelectionFormatError(f"{path}: {error}") from error

    def write(self, path: str | os.PathLike[str]) -> None:
        """Write the selection as JSON, as the explorer does.

        Parameters
        ----------
        path : str or path-like
            Where to. The file appears whole or not at all.

        Raises
        ------
        InvalidInputError
            There is no such folder.
        """
        write_selection(check_path(path, "path"), (self.rank, self.digest, self.choices))

    @property
    def deleted(self) -> list[int]:
        """The parts of the model that are in no choice."""
        kept = {k for choice in self.choices for k in choice.parts}
        return [k for k in range(self.rank) if k not in kept]

    def named(self, names: Mapping[int | str, str]) -> Selection:
        """Give parts names of their own.

        Parameters
        ----------
        names : mapping of int or str to str
            The new name of each part.

        Returns
        -------
        Selection
        """
        check_instance(names, "names", Mapping, 'such as {0: "light"}')
        given = dict(names)
        places = places_of(self.choices, self.rank, list(given))
        fresh = dict(zip(places, map(checked_name, given.values()), strict=True))
        return self._changed(lambda place, c: replace(c, name=fresh.get(place, c.name)))

    def hide(self, parts: int | str | Iterable[int | str]) -> Selection:
        """Mark parts as hidden: sheets and exports of parts leave them out.

        They stay in the model and encode and rebuild as the others, but for the page, which
        leaves them out of what it rebuilds until they are shown.

        Parameters
        ----------
        parts : int, str or several
            Which.

        Returns
        -------
        Selection
        """
        places = self._places(parts)
        return self._changed(lambda place, c: replace(c, hidden=c.hidden or place in places))

    def show(self, parts: int | str | Iterable[int | str]) -> Selection:
        """Mark parts as not hidden.

        Parameters
        ----------
        parts : int, str or several
            Which.

        Returns
        -------
        Selection
        """
        places = self._places(parts)
        return self._changed(lambda place, c: replace(c, hidden=c.hidden and place not in places))

    def without(self, parts: int | str | Iterable[int | str]) -> Selection:
        """Delete parts.

        Parameters
        ----------
        parts : int, str or several
            Which.

        Returns
        -------
        Selection
        """
        places = self._places(parts)
        return replace(
            self, choices=tuple(c for k, c in enumerate(self.choices) if k not in places)
        )

    def merged(self, parts: Iterable[int | str], *, name: str | None = None) -> Selection:
        """Make one part of several, at the place of the first one told.

        Parameters
        ----------
        parts : several int or str
            Which. What is merged already is taken whole.
        name : str, optional
            Of the new part; by default "a + b" of their names.

        Returns
        -------
        Selection
            The new part is hidden where all of them are.
        """
        places = self._places(parts)
        if len(places) < 2:
            raise InvalidInputError(f"it takes two parts or more to merge; got {parts!r:.80}")
        first, chosen = next(iter(places)), [self.choices[place] for place in places]
        joined = " + ".join(c.name for c in chosen)
        one = Choice(
            tuple(k for c in chosen for k in c.parts),
            joined[:_LONGEST] if name is None else checked_name(name),
            all(c.hidden for c in chosen),
        )
        rest = [
            one if k == first else c
            for k, c in enumerate(self.choices)
            if k == first or k not in places
        ]
        return replace(self, choices=tuple(rest))

    def moved(self, part: int | str, to: int) -> Selection:
        """Move a part to another place.

        Parameters
        ----------
        part : int or str
            Which.
        to : int
            The place that it gets, 0 for the first one.

        Returns
        -------
        Selection
        """
        count = len(self.choices)
        if not is_number(to) or not 0 <= to < count:
            raise InvalidInputError(f"to must be a place from 0 to {count - 1}, not {to!r}")
        rest = list(self.choices)
        (place,) = places_of(self.choices, self.rank, [part])
        rest.insert(to, rest.pop(place))
        return replace(self, choices=tuple(rest))

    def ordered(self, parts: Iterable[int | str]) -> Selection:
        """Put parts first, in the order told; the others follow as they were.

        Parameters
        ----------
        parts : several int or str
            All parts, or some.

        Returns
        -------
        Selection
        """
        places = self._places(parts)
        rest = [k for k in range(len(self.choices)) if k not in places]
        return replace(self, choices=tuple(self.choices[k] for k in [*places, *rest]))

    def check_fits(self, model: Model) -> None:
        """Refuse a model that the selection was not made of.

        Parameters
        ----------
        model : Model
            What it is to be applied to.

        Raises
        ------
        InvalidInputError
            W is another one.
        """
        check_model(model)
        if (self.rank, self.digest) == (model.rank, model.digest):
            return
        raise InvalidInputError(
            f"the selection was made of another model: of {self.rank} parts with digest "
            f"{self.digest[:12]}..., while this one has {model.rank} parts and digest "
            f"{model.digest[:12]}...; apply it to the model that it, or the page, was made of "
            "(an edited model needs a selection of its own)"
        )

    def _changed(self, change: Callable[[int, Choice], Choice]) -> Selection:
        return replace(self, choices=tuple(change(k, c) for k, c in enumerate(self.choices)))

    def _places(self, parts: int | str | Iterable[int | str]) -> dict[int, None]:
        """Return the places of parts as keys, each once, in the order told."""
        return dict.fromkeys(places_of(self.choices, self.rank, parts))
