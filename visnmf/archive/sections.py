"""Sections: what an archive consists of, and which coders each may be written by."""

from __future__ import annotations

from dataclasses import dataclass
from enum import IntEnum

from visnmf.archive.registry import Coder

__all__ = ["CODERS", "MAX_SECTION", "MAX_SECTIONS", "Entry", "Section", "SectionKind"]

MAX_SECTION = 2**31 - 1
"""Bytes of a section."""
MAX_SECTIONS = 2**22
"""Sections of a file."""


class SectionKind(IntEnum):
    """What a section holds; a byte in the file, whose order is the order in the file."""

    NAMES = 1
    MASK = 2
    NOTES = 3
    SCALES = 4
    BASIS = 5
    ENCODINGS = 6
    SHEET = 7
    RESIDUAL = 8


_EXACT = frozenset(coder for coder in Coder if coder < Coder.AVIF)
CODERS = {
    kind: frozenset(Coder) if kind in {SectionKind.BASIS, SectionKind.SHEET} else _EXACT
    for kind in SectionKind
}
"""The coders that a kind of section may name: lossy ones for the basis and for sheets alone."""


@dataclass(frozen=True, slots=True)
class Section:
    """Bytes to be put into an archive.

    Parameters
    ----------
    kind : SectionKind
        What they are.
    coder : Coder
        What wrote them.
    data : bytes
        From 1 to 2^31 - 1 of them.
    """

    kind: SectionKind
    coder: Coder
    data: bytes


@dataclass(frozen=True, slots=True)
class Entry:
    """Where a section lies in an archive.

    Parameters
    ----------
    kind : SectionKind
        What it holds.
    index : int
        Its place among those of its kind.
    coder : Coder
        What wrote it.
    offset : int
        Where it begins in the file; below 0 where the front of the file is lost.
    length : int
        Its bytes.
    crc : int
        CRC-32 of them.
    """

    kind: SectionKind
    index: int
    coder: Coder
    offset: int
    length: int
    crc: int
