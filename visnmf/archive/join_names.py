"""Names of more pictures beside those that an archive has already."""

from __future__ import annotations

from collections.abc import Sequence

from visnmf.archive.names_check import folders_of, name_key, names_problem
from visnmf.archive.safe_names import safe_names
from visnmf.errors import InvalidInputError

__all__ = ["join_names"]


def join_names(old: Sequence[str], new: Sequence[str]) -> list[str]:
    """Return the old names as they are, and new ones behind them that are safe and their own.

    Parameters
    ----------
    old : sequence of str
        Names in the archive, with which nothing is wrong.
    new : sequence of str
        Any text. Numbers from 0 on, which pictures without names have, go on from those
        of the archive if it has such ones.

    Returns
    -------
    names : list of str
        A new name that is taken gets a number; one in a folder that is an old picture's name
        lies beside that picture instead.

    Examples
    --------
    >>> join_names(["a.png", "b.png"], ["b.png", "c.png", "a.png/d.png"])
    ['a.png', 'b.png', 'b_2.png', 'c.png', 'a.png_d.png']
    >>> join_names(["0", "1"], ["0", "1", "2"])
    ['0', '1', '2', '3', '4']
    """
    old, new = list(old), list(new)
    if _counts(old, 0) and _counts(new, 0):
        return old + [str(len(old) + i) for i in range(len(new))]
    pictures = {name_key(name) for name in old}
    beside = [_beside(name, pictures) for name in safe_names(new).names]
    names = safe_names(old + beside).names
    if names[: len(old)] != old:
        names = (
            old + safe_names([*old, *(name.replace("/", "_") for name in beside)]).names[len(old) :]
        )
    problem = names_problem(names)
    if problem:
        raise InvalidInputError(f"the new names do not go with those in the archive: {problem}")
    return names


def _counts(names: list[str], first: int) -> bool:
    return all(name == str(first + i) for i, name in enumerate(names))


def _beside(name: str, pictures: set[str]) -> str:
    """Return a name that lies in no folder that is a picture."""
    if not pictures.isdisjoint(folders_of(name_key(name))):
        return name.replace("/", "_")
    return name
