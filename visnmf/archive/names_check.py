"""Which names an archive may hold: those that are a file under a folder on every system.

A name is a path with "/" between folders. A file from a stranger must not be able to write outside
of the folder it is extracted into, to reach a device, to hide an ending behind marks that turn the
direction of writing, or to have one picture overwrite another where case does not count.
"""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Sequence

from visnmf.errors import InvalidInputError

__all__ = [
    "JOINERS",
    "MAX_COMPONENT",
    "MAX_NAME",
    "MAX_PARTS",
    "check_names",
    "folders_of",
    "is_bad",
    "is_device",
    "name_key",
    "name_problem",
    "names_problem",
]

MAX_NAME = 4096
"""Bytes of a name in UTF-8."""
MAX_COMPONENT = 255
"""Bytes of a folder or of the file in it."""
MAX_PARTS = 64
"""Folders of a name, and the file in the last."""
JOINERS = "\u200c\u200d"
"""Format characters that Persian and some emoji cannot do without."""

_PLAIN = re.compile(r"[A-Za-z0-9_ .,;=+@#%&()\[\]{}!'~$^`/-]+")
_BAD = frozenset('\\<>:"|?*')
_CATEGORIES = frozenset({"Cc", "Cf", "Cs", "Zl", "Zp"})
_DEVICES = frozenset(
    {"con", "prn", "aux", "nul", "clock$", "conin$", "conout$"}
    | {f"{port}{number}" for port in ("com", "lpt") for number in "0123456789\u00b9\u00b2\u00b3"}
)
_NO_JOINERS = str.maketrans("", "", JOINERS)


def check_names(names: Sequence[str]) -> None:
    """Refuse names that cannot all be made files under one folder, on any system.

    Parameters
    ----------
    names : sequence of str
        With "/" between folders.

    Raises
    ------
    InvalidInputError
        If a name is empty, too long, absolute, climbs, holds characters that are not for file
        names, is that of a device, ends in a dot or a space, is a name met before but for case,
        or is a folder of another.
    """
    problem = names_problem(names)
    if problem:
        raise InvalidInputError(problem)


def names_problem(names: Sequence[str]) -> str:
    """Tell what is wrong with the first name that cannot be had; nothing if all can.

    Parameters
    ----------
    names : sequence of str
        As of `check_names`.
    """
    taken: dict[str, int] = {}
    for place, name in enumerate(names):
        what = name_problem(name)
        if what:
            return f"name {place}, {ascii(name)[:80]}, {what}"
        first = taken.setdefault(name_key(name), place)
        if first != place:
            return (
                f"names {first} and {place}, {ascii(name)[:80]}, are the same "
                "where case does not count"
            )
    for place, name in enumerate(names):
        for folder in folders_of(name_key(name)) if "/" in name else ():
            if folder in taken:
                other = taken[folder]
                return f"name {other}, {ascii(names[other])[:80]}, is a folder of name {place}"
    return ""


def name_key(name: str) -> str:
    """Return what two names have in common that some file system takes for one.

    Canonical caseless matching (Unicode, D145), without joiners.
    """
    if name.isascii():
        return name.lower()
    folded = unicodedata.normalize("NFD", unicodedata.normalize("NFD", name).casefold())
    return folded.translate(_NO_JOINERS)


def folders_of(name: str) -> list[str]:
    """Return the folders that a name lies in, the outermost first."""
    return [name[:place] for place, letter in enumerate(name) if letter == "/"]


def is_bad(letter: str) -> bool:
    """Tell whether a character is not for file names: "/" is none of them."""
    if letter in _BAD:
        return True
    return unicodedata.category(letter) in _CATEGORIES and letter not in JOINERS


def is_device(component: str) -> bool:
    """Tell whether Windows takes a file name for a device, whatever its ending."""
    return component.partition(".")[0].rstrip(" ").lower() in _DEVICES


def name_problem(name: str) -> str:
    """Tell what is wrong with one name by itself; nothing if it is good."""
    if not isinstance(name, str):
        return "is no text"
    if not _PLAIN.fullmatch(name) and any(map(is_bad, name)):
        letter = next(filter(is_bad, name))
        return f"holds the character U+{ord(letter):04X}, which is not for file names"
    if len(name.encode()) > MAX_NAME:
        return f"has more than {MAX_NAME} bytes"
    parts = name.split("/")
    if len(parts) > MAX_PARTS:
        return f"lies in more than {MAX_PARTS - 1} folders"
    for part in parts:
        bare = part.translate(_NO_JOINERS)  # as some file systems see it
        if bare in {"", ".", ".."}:
            return "is empty, absolute, or climbs out of its folder"
        if bare[-1] in ". ":
            return "ends in a dot or a space, which Windows drops"
        if is_device(bare):
            return "is that of a device on Windows"
        if len(part.encode()) > MAX_COMPONENT:
            return f"has more than {MAX_COMPONENT} bytes in one part"
    return ""
