"""The frame of an archive: what stands before and after its sections, so that damage shows.

In order: a magic, the state of the directory, the directory; the sections; the directory once
more, its state, another magic, and the SHA-256 of all that. Whichever copy of the directory is
whole leads to the sections.
"""

from __future__ import annotations

import struct
import zlib

from visnmf.archive.directory import MAX_DIRECTORY, Directory, read_directory
from visnmf.archive.file_bytes import FileBytes
from visnmf.errors import ArchiveFormatError

__all__ = [
    "END_MAGIC",
    "FRONT",
    "MAGIC",
    "SHA",
    "TAIL",
    "VERSION",
    "directory_state",
    "file_size",
    "front_directory",
    "tail_directory",
]

MAGIC = b"\x89VNM\r\n\x1a\n"  # as of PNG: shows a transfer that changed line ends or cut bit 7
END_MAGIC = b"MNV\x89"
VERSION = 1
_STATE = struct.Struct("<HHII")  # version, 0, length and CRC-32 of the directory
FRONT = len(MAGIC) + _STATE.size
"""Bytes before the directory."""
SHA = 32
"""Bytes of the SHA-256 at the very end."""
TAIL = _STATE.size + len(END_MAGIC)
"""Bytes between the second copy of the directory and the SHA-256."""


def directory_state(data: bytes) -> bytes:
    """Return the 12 bytes that tell of a directory: version, length, and CRC-32 of all three."""
    start = _STATE.pack(VERSION, 0, len(data), 0)[:-4]
    return start + zlib.crc32(data, zlib.crc32(start)).to_bytes(4, "little")


def file_size(directory: int, sections: int) -> int:
    """Return how many bytes an archive has from those of its directory and of its sections."""
    return FRONT + 2 * directory + sections + TAIL + SHA


def front_directory(file: FileBytes) -> tuple[bytes, Directory]:
    """Read the first copy of the directory: its bytes, and what they say.

    Raises
    ------
    ArchiveFormatError
        If this is no archive, is of a newer version, or the copy is damaged.
    """
    start = file.read(0, min(FRONT, file.size))
    magic, state = start[: len(MAGIC)], start[len(MAGIC) :]
    if magic != MAGIC:
        if magic[:4] == MAGIC[:4]:
            raise ArchiveFormatError("its line ends were changed, as a transfer as text does")
        raise ArchiveFormatError("is no archive of visnmf; it does not begin like one")
    return _directory(file, FRONT, state)


def tail_directory(file: FileBytes) -> tuple[bytes, Directory]:
    """Read the second copy of the directory, which is found from the end of the file.

    Raises
    ------
    ArchiveFormatError
        If the file does not end like an archive, or the copy is damaged.
    """
    end = file.size - SHA - TAIL
    tail = file.read(end, TAIL) if end >= 0 else b""
    state, magic = tail[: _STATE.size], tail[_STATE.size :]
    if magic != END_MAGIC:
        raise ArchiveFormatError("does not end like an archive")
    length = _STATE.unpack(state)[2]
    return _directory(file, end - length, state)


def _directory(file: FileBytes, at: int, state: bytes) -> tuple[bytes, Directory]:
    """Check the state of a directory before the directory is read, then what it says."""
    if len(state) < _STATE.size:
        raise ArchiveFormatError(f"is cut short: it has {file.size} bytes")
    version, reserved, length, _ = _STATE.unpack(state)
    if version > VERSION:
        raise ArchiveFormatError(
            f"is of format version {version}, this visnmf reads up to {VERSION}; "
            "upgrade visnmf to open it"
        )
    if version != VERSION or reserved:
        raise ArchiveFormatError("its version is none; the file is damaged")
    if length > MAX_DIRECTORY:
        raise ArchiveFormatError(
            f"its directory of {length} bytes is absurd (at most {MAX_DIRECTORY})"
        )
    if at < 0 or at + length > file.size:
        raise ArchiveFormatError(f"its directory of {length} bytes leaves the file")
    data = file.read(at, length)
    if directory_state(data) != state:
        raise ArchiveFormatError("its directory is damaged (the CRC-32 differs)")
    return data, read_directory(data)
