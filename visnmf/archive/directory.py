"""The directory of an archive: its header, and the table of its sections."""

from __future__ import annotations

from array import array
from bisect import bisect_left, bisect_right
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visnmf.archive.header import Header
from visnmf.archive.header_bytes import header_bytes, take_header
from visnmf.archive.registry import Coder
from visnmf.archive.sections import CODERS, MAX_SECTION, MAX_SECTIONS, Entry, SectionKind
from visnmf.archive.varints import Cursor, varint
from visnmf.errors import ArchiveFormatError, InvalidInputError

__all__ = [
    "MAX_DIRECTORY",
    "ROW",
    "Directory",
    "Entries",
    "Table",
    "read_directory",
    "section_title",
]

MAX_DIRECTORY = 64 * 2**20
"""Bytes of a directory; above what the most sections take."""
ROW = 6
"""Bytes that a section takes in the table beside its length: kind, coder and CRC-32."""
_SINGLE = {SectionKind.NAMES, SectionKind.MASK, SectionKind.NOTES, SectionKind.SCALES}


@dataclass(frozen=True, eq=False)
class Table:
    """Which sections there are, in the order of the file: flat arrays, as there may be millions.

    Parameters
    ----------
    kinds, coders : bytes
        A byte a section.
    lengths : ndarray of int64
        Bytes of each.
    crcs : ndarray of uint32
        CRC-32 of each.
    """

    kinds: bytes
    coders: bytes
    lengths: NDArray[np.int64]
    crcs: NDArray[np.uint32]

    @property
    def total(self) -> int:
        """Bytes of all sections."""
        return int(self.lengths.sum())

    def __len__(self) -> int:
        return len(self.kinds)

    def count(self, kind: SectionKind) -> int:
        """Return how many sections there are of a kind."""
        return self.kinds.count(kind)

    def place(self, kind: SectionKind, index: int) -> int:
        """Return which row of the table the section is, by its place among those of its kind.

        Raises
        ------
        InvalidInputError
            If there is no such section.
        """
        # The kinds ascend, so that those of one kind lie together.
        first, end = bisect_left(self.kinds, kind), bisect_right(self.kinds, kind)
        if not 0 <= index < end - first:
            raise InvalidInputError(
                f"there is no section {kind.name.lower()} {index}; there are {end - first}"
            )
        return first + index

    def check(self, header: Header) -> None:
        """Refuse a table that is not exactly what the header implies.

        Raises
        ------
        InvalidInputError
            If sections are missing, too many, out of order, or of a coder that their kind may
            not name.
        """
        order = np.frombuffer(self.kinds, np.uint8)
        if np.any(order[1:] < order[:-1]):
            raise InvalidInputError("sections are not in the order of their kinds")
        for kind, (least, most) in header.counts().items():
            count = self.count(kind)
            if not least <= count <= most:
                wanted = str(least) if least == most else f"{least} to {most}"
                raise InvalidInputError(
                    f"need {wanted} section(s) of {kind.name.lower()}, got {count}"
                )
        for number, coder in set(zip(self.kinds, self.coders, strict=True)):
            if coder not in CODERS[SectionKind(number)]:
                raise InvalidInputError(
                    f"a section of {SectionKind(number).name.lower()} cannot be of coder {coder}"
                )

    def to_bytes(self) -> bytes:
        """Write the table: kind, coder, length and CRC-32 of each section."""
        rows = zip(self.kinds, self.coders, self.lengths, self.crcs, strict=True)
        return b"".join(
            bytes((kind, coder)) + varint(int(length)) + int(crc).to_bytes(4, "little")
            for kind, coder, length, crc in rows
        )


class Entries:
    """The sections of a file by their place in the table, each made when it is asked for.

    Parameters
    ----------
    table : Table
        The sections.
    begin : int
        Where the first of them begins in the file.
    """

    def __init__(self, table: Table, begin: int) -> None:
        self._table = table
        self._offsets = begin + np.cumsum(table.lengths) - table.lengths

    def __len__(self) -> int:
        return len(self._table)

    def __iter__(self) -> Iterator[Entry]:
        return (self[place] for place in range(len(self)))

    def __getitem__(self, place: int) -> Entry:
        table = self._table
        kind = SectionKind(table.kinds[place])
        return Entry(
            kind=kind,
            index=range(len(self))[place] - bisect_left(table.kinds, kind),
            coder=Coder(table.coders[place]),
            offset=int(self._offsets[place]),
            length=int(table.lengths[place]),
            crc=int(table.crcs[place]),
        )


@dataclass(frozen=True, eq=False)
class Directory:
    """A header with the table that fits it.

    Parameters
    ----------
    header : Header
        What the archive says of itself.
    table : Table
        Its sections.

    Raises
    ------
    InvalidInputError
        If the two do not fit.
    """

    header: Header
    table: Table

    def __post_init__(self) -> None:
        """Refuse a table that does not fit."""
        self.table.check(self.header)

    def to_bytes(self) -> bytes:
        """Write the directory."""
        return header_bytes(self.header) + self.table.to_bytes()


def read_directory(data: bytes) -> Directory:
    """Read what `Directory.to_bytes` wrote, trusting nothing.

    Parameters
    ----------
    data : bytes
        At most `MAX_DIRECTORY` of them.

    Raises
    ------
    ArchiveFormatError
        If a field of the header makes no sense, or the table is not what the header implies.
    """
    cursor = Cursor(data, "the directory")
    header = take_header(cursor)
    most = min(sum(most for _, most in header.counts().values()), MAX_SECTIONS)
    table = _take_table(cursor, most)
    try:
        return Directory(header, table)
    except InvalidInputError as error:
        raise ArchiveFormatError(f"the directory makes no sense: {error}") from error


def section_title(header: Header, entry: Entry) -> str:
    """Name a section for a person, such as "encodings 3 (pictures 768 to 1023)"."""
    name = entry.kind.name.lower()
    if entry.kind in _SINGLE:
        return name
    pictures = header.pictures(entry.kind, entry.index)
    if len(pictures) > 1:
        return f"{name} {entry.index} (pictures {pictures[0]} to {pictures[-1]})"
    return f"{name} {entry.index}" + (f" (picture {pictures[0]})" if pictures else "")


def _take_table(cursor: Cursor, most: int) -> Table:
    """Read rows until the bytes end."""
    kinds, coders, lengths, crcs = bytearray(), bytearray(), array("q"), bytearray()
    while cursor.left:
        kinds.append(cursor.byte())
        coders.append(cursor.byte())
        lengths.append(cursor.varint())
        crcs += cursor.bytes(4)
        if len(kinds) > most:
            raise ArchiveFormatError(f"the directory lists more than the {most} sections it may")
        if not 1 <= lengths[-1] <= MAX_SECTION:
            raise ArchiveFormatError(f"a section has from 1 to {MAX_SECTION} bytes")
    unknown = set(kinds) - set(SectionKind)
    if unknown:
        raise ArchiveFormatError(f"the directory lists sections of an unknown kind, {min(unknown)}")
    unknown = set(coders) - set(Coder)
    if unknown:
        raise ArchiveFormatError(f"the directory names an unknown coder, {min(unknown)}")
    return Table(
        bytes(kinds), bytes(coders), np.array(lengths, np.int64), np.frombuffer(crcs, "<u4")
    )
