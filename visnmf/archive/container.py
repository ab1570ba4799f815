"""Reading an archive's file: its header, and its sections by kind and number.

What the bytes of a section mean is not known here: they are found, and checked against their
CRC-32.
"""

from __future__ import annotations

import hashlib
import os
import zlib
from pathlib import Path
from types import TracebackType
from typing import Self

from visnmf.archive.directory import Directory, Entries, section_title
from visnmf.archive.file_bytes import FileBytes
from visnmf.archive.frame import (
    END_MAGIC,
    FRONT,
    MAGIC,
    SHA,
    TAIL,
    directory_state,
    file_size,
    front_directory,
    tail_directory,
)
from visnmf.archive.header import Header
from visnmf.archive.registry import Coder
from visnmf.archive.sections import Entry, SectionKind
from visnmf.arguments import check_path
from visnmf.errors import ArchiveFormatError

__all__ = ["Container"]

_DAMAGED = "damaged: its CRC-32 differs"


class Container:
    """An archive's file, open for reading by any number of threads; made by `open`.

    It can be pickled: where it arrives, the file is opened again, and has to be the same.

    Attributes
    ----------
    path : Path
        The file.
    header : Header
        What it says of its pictures and of itself.
    entries : Entries
        Its sections in the order of the file: kind, index, coder, offset, length, CRC-32.
    damage : list of str
        What was found wrong with the frame when it was opened, though it can be read.
    """

    def __init__(self, file: FileBytes, data: bytes, directory: Directory, begin: int) -> None:
        self.path = file.path
        self.header: Header = directory.header
        self.entries = Entries(directory.table, begin)
        self.damage: list[str] = []
        self._file = file
        self._data = data  # the directory as it is in the file
        self._table = directory.table
        self._begin = begin
        # Of a file with bytes lost or put in between, what lies behind those has moved by as many;
        # what lies before them, if the place of all was counted from the end.
        over = file.size - file_size(len(data), directory.table.total)
        self._moved = over if begin == FRONT + len(data) else -over

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, salvage: bool = False) -> Self:
        """Open an archive: its frame and its directory are checked, its sections not yet.

        Parameters
        ----------
        path : str or path
            The file.
        salvage : bool
            Open it even though it was cut short, or has bytes too many: sections that are there
            can be read, and `hurt` names the others.

        Returns
        -------
        container : Container

        Raises
        ------
        ArchiveNotFoundError
            There is no such file.
        ArchiveFormatError
            It is no archive, or of a newer version, or says what makes no sense, or both copies
            of its directory are damaged, or its size is not what the directory says and it is
            not to be salvaged.
        """
        file = FileBytes(check_path(path, "path"))
        try:
            return cls._opened(file, salvage)
        except ArchiveFormatError as error:
            file.close()
            raise ArchiveFormatError(f"{file.path}: {error}") from error
        except BaseException:
            file.close()
            raise

    def read(self, kind: SectionKind, index: int = 0) -> tuple[Coder, bytes]:
        """Read one section, and nothing else of the file.

        Parameters
        ----------
        kind : SectionKind
            Of the section.
        index : int
            Its place among those of its kind.

        Returns
        -------
        coder : Coder
            What wrote it.
        data : bytes
            As they were written.

        Raises
        ------
        ArchiveFormatError
            If the section is damaged, or lies where a file cut short has nothing.
        InvalidInputError
            If there is no such section, or the archive was closed.
        """
        entry = self.entries[self._table.place(kind, index)]
        what = ""
        for offset in self._places(entry):
            why = self._outside(offset, entry.length)
            if not why:
                data = self._file.read(offset, entry.length)
                if zlib.crc32(data) == entry.crc:
                    return entry.coder, data
            what = what or why or _DAMAGED
        told = f"{section_title(self.header, entry)}: {what}"
        raise ArchiveFormatError(f"{self.path}: {told}")

    def count(self, kind: SectionKind) -> int:
        """Return how many sections there are of a kind."""
        return self._table.count(kind)

    def coder(self, kind: SectionKind, index: int = 0) -> Coder:
        """Return what wrote a section, without reading it."""
        return self.entries[self._table.place(kind, index)].coder

    def hurt(self) -> list[tuple[str, str]]:
        """Read the whole file, and name what is damaged.

        Returns
        -------
        hurt : list of (str, str)
            What, such as "encodings 3 (pictures 768 to 1023)", and why. Nothing, if the file is
            as it was written.
        """
        hurt = [("size of the file", why) for why in self._wrong_size()]
        state = directory_state(self._data)
        end = self._begin + self._table.total
        front, tail = MAGIC + state + self._data, self._data + state + END_MAGIC
        hurt += self._differs("directory at the front", 0, front)
        for entry in self.entries:
            why = self._damaged(entry)
            if why:
                hurt.append((section_title(self.header, entry), why))
        hurt += self._differs("directory at the end", end, tail)
        digest = hashlib.sha256()
        for block in self._file.blocks(0, min(end + len(tail), self._file.size)):
            digest.update(block)
        hurt += self._differs("SHA-256 of the whole file", end + len(tail), digest.digest())
        return hurt

    def close(self) -> None:
        """Close the file; what was read stays."""
        self._file.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __reduce__(self) -> tuple[object, ...]:
        return _reopened, (self.path.absolute(), self._data)

    def __repr__(self) -> str:
        return f"<Container {self.path}: {self.header.n} pictures, {len(self.entries)} sections>"

    @classmethod
    def _opened(cls, file: FileBytes, salvage: bool) -> Self:
        told = ""
        try:
            data, directory = front_directory(file)
            begin = FRONT + len(data)
        except ArchiveFormatError as error:
            try:
                data, directory = tail_directory(file)
            except ArchiveFormatError:
                raise error from None
            # Counted from the end, so that it holds even where the front of the file is lost.
            begin = file.size - SHA - TAIL - len(data) - directory.table.total
            told = f"{error}; read from the copy at the end"
        container = cls(file, data, directory, begin)
        wrong = container._wrong_size()
        container.damage = ([told] if told else []) + wrong
        if wrong and not salvage:
            raise ArchiveFormatError(
                f"{'; '.join(container.damage)}; `visnmf extract --salvage` gets out what is whole"
            )
        return container

    def _wrong_size(self) -> list[str]:
        """Tell how many bytes the file lacks, or has too many."""
        over = self._file.size - file_size(len(self._data), self._table.total)
        if over == 0:
            return []
        if over > 0:
            return [f"has {over} byte{'s' * (over > 1)} too many"]
        return [f"is cut short: {-over} byte{'s are' if over < -1 else ' is'} missing"]

    def _places(self, entry: Entry) -> tuple[int, ...]:
        """Return where a section may lie: behind bytes lost or put in, it has moved."""
        return (entry.offset, entry.offset + self._moved) if self._moved else (entry.offset,)

    def _outside(self, offset: int, length: int) -> str:
        """Tell why a section cannot be at a place; nothing if it can."""
        if offset < 0:
            return "missing: the file begins behind it"
        if offset + length > self._file.size:
            return "missing: the file ends before it does"
        return ""

    def _damaged(self, entry: Entry) -> str:
        """Tell what is wrong with a section; nothing if it is as written."""
        told = ""
        for offset in self._places(entry):
            why = self._outside(offset, entry.length)
            if not why:
                crc = 0
                for block in self._file.blocks(offset, entry.length):
                    crc = zlib.crc32(block, crc)
                if crc == entry.crc:
                    return ""
            told = told or why or _DAMAGED
        return told

    def _differs(self, what: str, offset: int, wanted: bytes) -> list[tuple[str, str]]:
        """Name a part of the frame that is not what it should be."""
        if offset + len(wanted) > self._file.size:
            return [(what, "missing: the file ends before it does")]
        same = offset >= 0 and self._file.read(offset, len(wanted)) == wanted
        return [] if same else [(what, "damaged: it is not what the file should hold there")]


def _reopened(path: Path, directory: bytes) -> Container:
    """Open a file again, in another process perhaps, and see that it is the same."""
    container = Container.open(path, salvage=True)
    if container._data != directory:
        container.close()
        raise ArchiveFormatError(f"{path}: has changed since it was opened first")
    return container
