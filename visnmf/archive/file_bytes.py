"""Parts of a file by their place, for any number of threads at once."""

from __future__ import annotations

import os
import threading
from collections.abc import Iterator
from pathlib import Path

from visnmf.errors import ArchiveFormatError, ArchiveNotFoundError, InvalidInputError

__all__ = ["FileBytes"]

_BLOCK = 2**20


class FileBytes:
    """A file open for reading.

    Parameters
    ----------
    path : Path
        Which one.

    Attributes
    ----------
    size : int
        Bytes it had when it was opened.

    Raises
    ------
    ArchiveNotFoundError
        There is no such file.
    ArchiveFormatError
        It is a folder, a pipe, or anything but a file.
    OSError
        The system does not let us read it.
    """

    def __init__(self, path: Path) -> None:
        if not path.exists():
            raise ArchiveNotFoundError(str(path))
        if not path.is_file():  # to open a pipe would wait for whoever writes into it
            raise ArchiveFormatError(f"{path}: is not a file; name the archive itself")
        self.path = path
        self._file = path.open("rb", buffering=0)
        self._lock = threading.Lock()
        self.size = os.fstat(self._file.fileno()).st_size

    def read(self, offset: int, length: int) -> bytes:
        """Return bytes that lie inside the file.

        Raises
        ------
        ArchiveFormatError
            If the file ends before them.
        InvalidInputError
            If the file was closed.
        """
        if self._file.closed:
            raise InvalidInputError(f"{self.path}: this archive was closed; open it again")
        parts: list[bytes] = []
        while length > 0:
            part = self._some(offset, length)
            if not part:
                raise ArchiveFormatError(f"the file ends before byte {offset + length}")
            parts.append(part)
            offset, length = offset + len(part), length - len(part)
        return parts[0] if len(parts) == 1 else b"".join(parts)

    def blocks(self, offset: int, length: int) -> Iterator[bytes]:
        """Yield the same bytes a megabyte at a time."""
        for at in range(offset, offset + length, _BLOCK):
            yield self.read(at, min(_BLOCK, offset + length - at))

    def close(self) -> None:
        """Close the file; again is fine."""
        self._file.close()

    def _some(self, offset: int, length: int) -> bytes:
        """Return at least one byte, unless the file ends there."""
        if hasattr(os, "pread"):
            return os.pread(self._file.fileno(), length, offset)
        with self._lock:  # Windows has no reading that leaves the place as it is
            self._file.seek(offset)
            return self._file.read(length)
