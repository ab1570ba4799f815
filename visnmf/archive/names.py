"""The names of pictures as bytes: those that count up cost next to nothing.

The names are written one after another, as UTF-8, each against the one before it (the first
against an empty one). A record opens with a varint t:

- t even, *another name*: keep the first t / 2 bytes of the name before; then a varint, the number
  of bytes that follow them, and those bytes.
- t odd, *counting*: the next (t + 1) / 2 names are each the one before with one number larger.
  Then a varint, which number, counted from the end from 0 on; and a varint, by how much, from 1 on.
  A number is a longest run of ASCII digits; it is written with at least as many digits as before.
  Only numbers of at most 18 digits count.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator, Sequence

from visnmf.archive.names_check import MAX_NAME, names_problem
from visnmf.archive.varints import Cursor, varint
from visnmf.errors import ArchiveFormatError, InvalidInputError

__all__ = ["MAX_NAMES", "decode_names", "encode_names", "iter_names"]

MAX_NAMES = 2**30
"""Bytes of all names together, where each counts as 64 more than it has: what Python needs."""
_EACH = 64
_MAX_DIGITS = 18
_DIGITS = re.compile(rb"([0-9]+)")


def encode_names(names: Sequence[str]) -> bytes:
    """Write the names of pictures.

    Parameters
    ----------
    names : sequence of str
        One a picture, each as `check_names` wants it.

    Returns
    -------
    data : bytes
        To be packed further by a general coder.

    Raises
    ------
    InvalidInputError
        If a name cannot be stored; `safe_names` makes all of them fit.

    Examples
    --------
    >>> names = [f"face{i:04}.png" for i in range(1, 2430)]
    >>> len(encode_names(names))
    18
    >>> decode_names(encode_names(names), 2429) == names
    True
    """
    problem = names_problem(names)
    if problem:
        raise InvalidInputError(f"{problem}; safe_names gives names that can be stored")
    coded = [name.encode() for name in names]
    if sum(map(len, coded)) + _EACH * len(coded) > MAX_NAMES:
        raise InvalidInputError(f"the {len(coded)} names are too many for one archive")
    out, before, place = bytearray(), b"", 0
    while place < len(coded):
        name = coded[place]
        counting = _counted(before, name)
        if counting:
            end = place + 1
            while end < len(coded) and _counted(coded[end - 1], coded[end]) == counting:
                end += 1
            out += varint(2 * (end - place) - 1) + varint(counting[0]) + varint(counting[1])
            place = end
        else:
            shared = _shared(before, name)
            out += varint(2 * shared) + varint(len(name) - shared) + name[shared:]
            place += 1
        before = coded[place - 1]
    return bytes(out)


def decode_names(
    data: bytes, n: int, *, room: Callable[[int, int], object] | None = None
) -> list[str]:
    """Read what `encode_names` wrote, trusting nothing.

    Parameters
    ----------
    data : bytes
        From a file of unknown origin.
    n : int
        Pictures that the archive holds.
    room : callable, optional
        As of `iter_names`.

    Returns
    -------
    names : list of str
        n of them, such that `check_names` has nothing against them.

    Raises
    ------
    ArchiveFormatError
        If the bytes are damaged, there are more or fewer names, or one of them is no name that
        may be made a file.
    """
    names = list(iter_names(data, n, room=room))
    problem = names_problem(names)
    if problem:
        raise ArchiveFormatError(f"the names of the pictures cannot be trusted: {problem}")
    return names


def iter_names(
    data: bytes, n: int, *, room: Callable[[int, int], object] | None = None
) -> Iterator[str]:
    """Yield names as they are read, not yet checked by `check_names`.

    Parameters
    ----------
    data : bytes
        As of `encode_names`.
    n : int
        How many there have to be.
    room : callable, optional
        Told how many names there are so far and of how many bytes, every thousand names; may
        raise.

    Raises
    ------
    ArchiveFormatError
        If the bytes are damaged, or there are more or fewer names.
    """
    cursor = Cursor(data, "the list of names")
    before, count, nbytes, made = b"", 0, 0, 0
    while cursor.left:
        kind = cursor.varint()
        repeats = (kind + 1) // 2 if kind % 2 else 1
        count += repeats
        if count > n:
            raise ArchiveFormatError(f"the list of names has more than {n} names")
        if kind % 2:
            which, by = cursor.varint(), cursor.varint()
        else:
            rest = cursor.bytes(cursor.varint())
            if kind // 2 > len(before):
                raise ArchiveFormatError("the list of names keeps more of a name than there is")
        for _ in range(repeats):
            before = _next(before, which, by) if kind % 2 else before[: kind // 2] + rest
            nbytes += len(before) + _EACH
            made += 1
            if room and made % 1024 == 0:
                room(made, nbytes - _EACH * made)
            if len(before) > MAX_NAME or nbytes > MAX_NAMES:
                raise ArchiveFormatError(
                    f"the list of names is absurd: one of {len(before)} bytes, or {nbytes} in all"
                )
            try:
                yield before.decode()
            except UnicodeDecodeError as error:
                raise ArchiveFormatError("the list of names is not UTF-8") from error
    if count < n:
        raise ArchiveFormatError(f"the list of names has {count} names, need {n}")


def _counted(before: bytes, name: bytes) -> tuple[int, int] | None:
    """Tell which number of a name, from the end, is larger than before, and by how much."""
    old, new = _DIGITS.split(before), _DIGITS.split(name)
    differing = [i for i, (a, b) in enumerate(zip(old, new, strict=False)) if a != b]
    if len(old) != len(new) or len(differing) != 1 or differing[0] % 2 == 0:
        return None
    i = differing[0]
    if max(len(old[i]), len(new[i])) > _MAX_DIGITS:
        return None
    by = int(new[i]) - int(old[i])
    which = (len(new) - 2 - i) // 2
    return (which, by) if by > 0 and _next(before, which, by) == name else None


def _next(before: bytes, which: int, by: int) -> bytes:
    """Return a name with one number larger by something."""
    parts = _DIGITS.split(before)
    place = len(parts) - 2 - 2 * which
    if place < 0 or by < 1 or len(parts[place]) > _MAX_DIGITS:
        raise ArchiveFormatError("the list of names counts where there is no number")
    number = int(parts[place]) + by
    if number >= 10**_MAX_DIGITS:
        raise ArchiveFormatError(f"the list of names counts beyond {_MAX_DIGITS} digits")
    parts[place] = b"%0*d" % (len(parts[place]), number)
    return b"".join(parts)


def _shared(a: bytes, b: bytes) -> int:
    """Return how many bytes two names begin with alike."""
    most = min(len(a), len(b))
    return next((i for i in range(most) if a[i] != b[i]), most)
