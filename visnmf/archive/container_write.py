"""Writing an archive's file: the sections one after another, framed by two directories."""

from __future__ import annotations

import hashlib
import os
import tempfile
import zlib
from array import array
from collections.abc import Callable, Iterable
from pathlib import Path

import numpy as np

from visnmf.archive.directory import MAX_DIRECTORY, ROW, Directory, Table
from visnmf.archive.frame import END_MAGIC, MAGIC, directory_state, file_size
from visnmf.archive.header import Header
from visnmf.archive.header_bytes import header_bytes
from visnmf.archive.sections import MAX_SECTION, MAX_SECTIONS, Section
from visnmf.archive.varints import varint
from visnmf.errors import InvalidInputError
from visnmf.files import written_atomically

__all__ = ["container_size", "write_container"]

_IN_MEMORY = 2**26  # bytes of sections that wait in memory; more wait beside the file
_BLOCK = 2**20


def write_container(
    path: str | os.PathLike[str],
    header: Header,
    sections: Iterable[Section],
    *,
    overwrite: bool = True,
    ready: Callable[[], object] | None = None,
) -> int:
    """Write an archive's file whole or not at all.

    Parameters
    ----------
    path : str or path
        Where to.
    header : Header
        What the archive says of its pictures and of itself.
    sections : iterable of Section
        In the order of their kinds, exactly those that the header implies. They are taken one
        by one, and need not fit in memory together.
    overwrite : bool
        Replace a file that is there already.
    ready : callable, optional
        Called when all is written, before the file takes its place; what it raises leaves that
        as it was.

    Returns
    -------
    nbytes : int
        Size of the file. The same header and sections give the same bytes.

    Raises
    ------
    InvalidInputError
        If the sections are not those that the header implies, one is empty or has 2^31 bytes,
        the folder does not exist, or there is a file already that is not to be replaced.
    OSError
        The system does not let us write; what was there is as it was.
    """
    path = Path(path)
    if not path.parent.is_dir():  # before hours of work on the sections
        raise InvalidInputError(
            f"cannot write {path}: there is no folder {path.parent}; make it first"
        )
    _check_free(path, overwrite)
    # The directory stands first and is known last, so that the sections have to wait for it.
    with tempfile.SpooledTemporaryFile(_IN_MEMORY, dir=str(path.parent)) as waiting:
        kinds, coders, lengths, crcs = bytearray(), bytearray(), array("q"), array("I")
        for section in sections:
            _check(section, len(kinds))
            kinds.append(section.kind)
            coders.append(section.coder)
            lengths.append(len(section.data))
            crcs.append(zlib.crc32(section.data))
            waiting.write(section.data)
        table = Table(
            bytes(kinds), bytes(coders), np.array(lengths, np.int64), np.array(crcs, np.uint32)
        )
        data = Directory(header, table).to_bytes()
        if len(data) > MAX_DIRECTORY:
            raise InvalidInputError(f"a directory of {len(data)} bytes is too large")
        _check_free(path, overwrite)
        waiting.seek(0)
        state, digest, nbytes = directory_state(data), hashlib.sha256(), 0
        with written_atomically(path) as file:
            part = MAGIC + state + data
            while part:
                digest.update(part)
                nbytes += file.write(part)
                part = waiting.read(_BLOCK)
            part = data + state + END_MAGIC
            digest.update(part)
            nbytes += file.write(part + digest.digest())
            if ready:
                ready()
    return nbytes


def container_size(header: Header, lengths: Iterable[int]) -> int:
    """Return how many bytes an archive will have, before it is written.

    Parameters
    ----------
    header : Header
        As it will be.
    lengths : iterable of int
        Bytes of each of its sections.
    """
    lengths = list(lengths)
    rows = sum(len(varint(length)) + ROW for length in lengths)
    return file_size(len(header_bytes(header)) + rows, sum(lengths))


def _check(section: Section, before: int) -> None:
    """Refuse a section that no reader would take."""
    if not 1 <= len(section.data) <= MAX_SECTION:
        raise InvalidInputError(
            f"a section of {section.kind.name.lower()} has from 1 to {MAX_SECTION} bytes, "
            f"got {len(section.data)}"
        )
    if before >= MAX_SECTIONS:
        raise InvalidInputError(f"a file takes at most {MAX_SECTIONS} sections")


def _check_free(path: Path, overwrite: bool) -> None:
    if path.exists() and not overwrite:
        raise InvalidInputError(f"{path} is there already; ask to overwrite it")
