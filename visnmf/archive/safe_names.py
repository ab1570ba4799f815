"""Names as a loader gives them, made fit for an archive."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

from visnmf.archive.names_check import (
    JOINERS,
    MAX_COMPONENT,
    MAX_NAME,
    MAX_PARTS,
    folders_of,
    is_bad,
    is_device,
    name_key,
    name_problem,
)

__all__ = ["SafeNames", "safe_names"]

_ROOM = MAX_NAME - MAX_COMPONENT  # bytes of a name that may still get a number
_NO_JOINERS = str.maketrans(dict.fromkeys(JOINERS, "_"))
_MAX_SUFFIX = 16  # characters of what may be the type of a file: ".tif#12"


@dataclass(frozen=True)
class SafeNames:
    """Names that an archive can hold.

    Attributes
    ----------
    names : list of str
        One a picture.
    changed : list of int
        The places of those that are not as they were given.
    """

    names: list[str]
    changed: list[int]


def safe_names(names: Sequence[str]) -> SafeNames:
    r"""Change names as little as it takes for `check_names` to have nothing against them.

    Parameters
    ----------
    names : sequence of str
        Any text.

    Returns
    -------
    safe : SafeNames
        Backslashes become "/"; what makes a path absolute or climb is dropped; what is not for
        file names becomes "_"; what is too long is cut, outer folders first; names met before,
        or that are folders of others, get a number. The same names give the same result, and a
        good name stays as it is, unless a good one before it is the same but for case.

    Examples
    --------
    >>> safe_names(["sub/one.jpg", "2024:10.png", "/a.png", "A.png"])
    SafeNames(names=['sub/one.jpg', '2024_10.png', 'a_2.png', 'A.png'], changed=[1, 2])
    """
    clean = [_clean(name) for name in names]
    keys = [name_key(name) for name in clean]
    folders = {folder for key in keys for folder in folders_of(key)}
    taken: dict[str, int] = {}  # by key: the last number tried for it
    safe: dict[int, str] = {}
    good = [place for place, name in enumerate(names) if clean[place] == name]
    others = [place for place, name in enumerate(names) if clean[place] != name]
    for place in good:
        if keys[place] not in taken and keys[place] not in folders:
            taken[keys[place]] = 1
            safe[place] = clean[place]
    for place in [*good, *others]:
        if place not in safe:
            safe[place] = _free(clean[place], keys[place], taken, folders)
    result = [safe[place] for place in range(len(clean))]
    changed = [place for place, name in enumerate(names) if result[place] != name]
    return SafeNames(result, changed)


def _clean(name: str) -> str:
    """Return a name that has nothing wrong with it by itself."""
    if not name_problem(name) and len(name.encode()) <= _ROOM:
        return name
    letters = "".join("_" if is_bad(letter) else letter for letter in name.replace("\\", "/"))
    parts = [_component(part) for part in letters.split("/") if part not in {"", ".", ".."}]
    while len(parts) > MAX_PARTS or len("/".join(parts).encode()) > _ROOM:
        del parts[0]
    clean = "/".join(parts) or "picture"
    # What joiners alone keep from being "..", say, is that on some file systems.
    return _clean(clean.translate(_NO_JOINERS)) if name_problem(clean) else clean


def _component(part: str) -> str:
    stem = part.rstrip(". ")
    part = stem + "_" * (len(part) - len(stem))
    if is_device(part):
        stem, dot, suffix = part.partition(".")
        part = f"{stem}_{dot}{suffix}"
    return _numbered(part, "") if len(part.encode()) > MAX_COMPONENT else part


def _free(name: str, key: str, taken: dict[str, int], folders: set[str]) -> str:
    """Return a name with the first number that nobody has, or with none if it is free."""
    number = taken.get(key, 1 if key in folders else 0)
    folder, slash, last = name.rpartition("/")
    while True:
        number += 1
        candidate = folder + slash + _numbered(last, f"_{number}") if number > 1 else name
        found = name_key(candidate)
        if found not in taken and found not in folders:
            taken[key] = number
            taken.setdefault(found, 1)
            return candidate


def _numbered(component: str, number: str) -> str:
    """Put a number before the suffix, and cut what stands before it to what fits."""
    stem, dot, suffix = component.rpartition(".")
    if not stem or len(suffix) > _MAX_SUFFIX:
        stem, dot, suffix = component, "", ""
    end = f"{number}{dot}{suffix}"
    room = MAX_COMPONENT - len(end.encode())
    stem = stem.encode()[:room].decode(errors="ignore")
    kept = stem.rstrip(". ")  # a cut must not leave a dot or a space at the end
    return kept + "_" * (len(stem) - len(kept)) + end if not end else stem + end
