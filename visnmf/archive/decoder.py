"""The pictures of an archive from its sections, of which the last few stay decoded."""

from __future__ import annotations

from functools import cached_property
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visnmf.archive.canvas import Canvas
from visnmf.archive.container import Container
from visnmf.archive.decoding import Kept, Parts, read_parts, read_sheet, sheets_of
from visnmf.archive.fixed_point import rebuild
from visnmf.archive.header import Base
from visnmf.archive.residual import put_back
from visnmf.archive.room import Room
from visnmf.archive.sections import SectionKind
from visnmf.archive.sheets import cut
from visnmf.errors import InvalidInputError
from visnmf.images.layout import ImageLayout

__all__ = ["Decoder"]


class Decoder:
    """Makes levels of pictures from sections, for any number of threads at a time.

    Parameters
    ----------
    file : Container
        The archive.
    layout : ImageLayout
        Of its pictures.
    room : Room
        What may be taken.
    """

    def __init__(self, file: Container, layout: ImageLayout, room: Room) -> None:
        self._file = file
        self.header = file.header
        self.layout = layout
        self.room = room
        header = self.header
        channels = 1 if header.apart else header.channels
        self._canvas = Canvas(header.height, header.width, channels, layout.mask)
        self._top = 255 if header.bits <= 8 else 65535
        self._chunks: Kept[int, NDArray[np.int32]] = Kept(room.keep)
        self._sheets: Kept[tuple[SectionKind, int], NDArray[Any]] = Kept(room.keep)

    def levels(self, first: int, last: int, residual: bool) -> NDArray[Any]:
        """Return neighboring pictures as levels; see `Archive.levels`."""
        header = self.header
        base = None
        if header.base == Base.FACTORS:
            base = self._rebuilt(first, last)
        elif header.base == Base.SHEETS:
            base = self._cut(SectionKind.SHEET, first, last)
        if not header.step or not residual:
            if base is None:
                dtype = np.uint8 if self._top == 255 else np.uint16
                return np.zeros((last - first, *self.layout.shape), dtype)
            return base
        return put_back(self._cut(SectionKind.RESIDUAL, first, last), base, header.step)

    @cached_property
    def parts(self) -> Parts:
        """The parts.

        Raises
        ------
        InvalidInputError
            If the archive holds contact sheets.
        ArchiveTooLargeError
            If they take more memory than is allowed.
        """
        if self.header.base != Base.FACTORS:
            raise InvalidInputError(
                f"{self._file.path} holds contact sheets, which were smaller than parts: it has "
                "no basis and no encodings"
            )
        self.room.parts()
        return read_parts(self._file, self._canvas)

    @cached_property
    def lengths(self) -> NDArray[np.float64]:
        """The length of each weighted part."""
        weights = self.parts.weights
        return np.maximum(np.sqrt(np.einsum("km,km->k", weights, weights)), 1e-300)

    def _rebuilt(self, first: int, last: int) -> NDArray[Any]:
        """Return what parts and encodings make, of pictures that may lie in several chunks."""
        parts, header = self.parts, self.header
        rows = []
        for i in range(first // header.chunk, (last - 1) // header.chunk + 1):
            H = self.chunk(i)
            begin = i * header.chunk
            some = slice(
                max(first - begin, 0) * header.planes,
                min(last - begin, header.chunk) * header.planes,
            )
            rows.append(rebuild(parts.weights, H[:, some], parts.shift, self._top))
        levels = rows[0] if len(rows) == 1 else np.concatenate(rows)
        return self._pictures(levels)

    def _pictures(self, rows: NDArray[Any]) -> NDArray[Any]:
        """Return rows of kept values as pictures."""
        whole = self._canvas.pictures(rows)
        if not self.header.apart:
            return whole
        planes = whole.reshape(-1, self.header.channels, *whole.shape[1:])
        return np.ascontiguousarray(planes.transpose(0, 2, 3, 1))

    def chunk(self, i: int) -> NDArray[np.int32]:
        """Return the encodings of a chunk in steps, shape (rank, count)."""

        def make() -> NDArray[np.int32]:
            header = self.header
            count = min(header.n - i * header.chunk, header.chunk) * header.planes
            _, data = self._file.read(SectionKind.ENCODINGS, i)
            return self.parts.encodings(data, count)

        return self._chunks.get(i, make, lambda H: H.nbytes)

    def _cut(self, kind: SectionKind, first: int, last: int) -> NDArray[Any]:
        """Return pictures from their contact sheets."""
        size = self.header.sheet_chunk
        pieces = []
        for i in range(first // size, (last - 1) // size + 1):
            begin = i * size
            pictures = self._sheet(kind, i)
            pieces.append(pictures[max(first - begin, 0) : min(last - begin, size)])
        return pieces[0] if len(pieces) == 1 else np.concatenate(pieces)

    def _sheet(self, kind: SectionKind, i: int) -> NDArray[Any]:
        """Return the pictures of a contact sheet."""

        def make() -> NDArray[Any]:
            return cut(read_sheet(self._file, kind, i), sheets_of(self.header), i)

        return self._sheets.get((kind, i), make, lambda pictures: pictures.nbytes)
