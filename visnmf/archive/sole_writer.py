"""One writer at a time for an archive that is written anew in its place.

Who appends reads the archive, makes another one and puts it in the place of the first. Of two
that do so at a time the one who ends last would drop what the other one added.
"""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path

from visnmf.errors import ArchiveBusyError

__all__ = ["sole_writer"]


@contextmanager
def sole_writer(path: Path) -> Iterator[Callable[[], None]]:
    """Hold an archive against others that would write it, until the block ends.

    The hold is a lock on the file itself (`flock`), which goes with the process. Where there is
    none, on Windows and on some network drives, and against programs that do not ask for it, the
    file is compared before it is replaced.

    Parameters
    ----------
    path : Path
        The archive; nothing is held where there is no such file.

    Yields
    ------
    check : callable
        Raises `ArchiveBusyError` if the file is not the one that it was.

    Raises
    ------
    ArchiveBusyError
        Another process holds it.
    """
    if not path.is_file():  # whoever opens it tells
        yield lambda: None
        return
    held = _lock(path)
    try:
        first = _identity(path)
        if held is not None and first[:2] != _identity(held)[:2]:
            raise ArchiveBusyError(_changed(path))

        def check() -> None:
            if _identity(path) != first:
                raise ArchiveBusyError(_changed(path))

        yield check
    finally:
        if held is not None:
            os.close(held)


def _lock(path: Path) -> int | None:
    """Return a descriptor that holds the lock; None where files cannot be locked."""
    try:
        import fcntl
    except ImportError:
        return None
    held = os.open(path, os.O_RDONLY)
    try:
        fcntl.flock(held, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(held)
        raise ArchiveBusyError(
            f"{path}: another process is putting pictures into it; try again when that is done"
        ) from None
    except OSError:  # a drive that knows no locks
        os.close(held)
        return None
    except BaseException:
        os.close(held)
        raise
    return held


def _identity(file: Path | int) -> tuple[int, ...]:
    """Return what tells a file from another one, and from itself when it was written again."""
    try:
        seen = os.stat(file)
    except FileNotFoundError:
        return ()
    return seen.st_dev, seen.st_ino, seen.st_size, seen.st_mtime_ns


def _changed(path: Path) -> str:
    return (
        f"{path}: another process wrote it meanwhile; it has what that one wrote, and nothing was "
        "appended: try again"
    )
