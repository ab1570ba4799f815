"""Write a file whole or not at all."""

from __future__ import annotations

import os
import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from visnmf.errors import InvalidInputError

__all__ = ["errors_named", "remove_unfinished", "write_atomically", "written_atomically"]

_LONGEST = 240  # bytes of a name that are kept in that of an unfinished file


@contextmanager
def written_atomically(path: Path, *, sync: bool = True) -> Iterator[BinaryIO]:
    """Open a file to write by and by, through another one beside it; it appears when whole.

    Parameters
    ----------
    path : Path
        Where to; a file that is there already is replaced, when all went well.
    sync : bool
        As of `write_atomically`.

    Yields
    ------
    file : BinaryIO
        Opened for writing.

    Raises
    ------
    InvalidInputError
        The folder of `path` does not exist, or `path` is a folder.
    OSError
        The system does not let us write, or the disk is full; `path` is as it was.
    """
    if not path.parent.is_dir():
        raise InvalidInputError(
            f"cannot write {path}: there is no folder {path.parent}; make it first"
        )
    if path.is_dir():
        raise InvalidInputError(f"cannot write {path}: it is a folder; name a file in it")
    unfinished = path.with_name(f"{_hidden(path)}{secrets.token_hex(4)}.tmp")
    try:
        with errors_named(path, unfinished):
            with unfinished.open("xb") as file:
                yield file
                if sync:
                    file.flush()
                    os.fsync(file.fileno())
            os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


@contextmanager
def errors_named(path: Path, *unfinished: Path) -> Iterator[None]:
    """Have the system's errors name the file that was asked for.

    Of a full disk it does not say where, else it names the unfinished file that nobody asked for.
    """
    try:
        yield
    except OSError as error:
        if error.errno and error.filename in (None, *unfinished, *map(str, unfinished)):
            error.filename = str(path)
        raise


def write_atomically(path: Path, content: bytes, *, sync: bool = True) -> None:
    """Write a file through another one beside it, so that nobody ever sees half of it.

    Parameters
    ----------
    path : Path
        Where to; a file that is there already is replaced.
    content : bytes
        All of the file.
    sync : bool
        Wait until the disk has it. Without, a power cut may lose the file, but does not
        leave half of it under its name on a journaling file system.

    Raises
    ------
    InvalidInputError
        The folder of `path` does not exist, or `path` is a folder.
    OSError
        The system does not let us write, or the disk is full; `path` is as it was.
    """
    with written_atomically(path, sync=sync) as file:
        file.write(content)


def remove_unfinished(path: Path) -> None:
    """Remove what processes that were killed while they wrote a file left beside it."""
    start, end = _hidden(path), ".tmp"
    for other in path.parent.iterdir():
        middle = other.name[len(start) : -len(end)]
        named = other.name.startswith(start) and other.name.endswith(end)
        if named and len(middle) == 8 and not set(middle) - set("0123456789abcdef"):
            other.unlink(missing_ok=True)


def _hidden(path: Path) -> str:
    """Return how the names of unfinished files begin; cut, since systems take 255 bytes."""
    return f".{os.fsdecode(os.fsencode(path.name)[:_LONGEST])}."
