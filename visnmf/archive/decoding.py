"""What the sections of an archive hold, decoded and checked against its header."""

from __future__ import annotations

import math
import struct
from collections import OrderedDict
from collections.abc import Callable
from dataclasses import dataclass
from threading import Lock
from typing import Generic, TypeVar

import numpy as np
from numpy.typing import NDArray

from visnmf.archive.canvas import Canvas
from visnmf.archive.coders import PLAIN, Coder, decode_image
from visnmf.archive.container import Container
from visnmf.archive.entries import MODEL, EntryModel, read_model
from visnmf.archive.fixed_point import MOST_SHIFT, check_sums, weighted
from visnmf.archive.header import Header
from visnmf.archive.names import decode_names
from visnmf.archive.names_check import MAX_NAME
from visnmf.archive.packed import unpack_bytes
from visnmf.archive.room import Room
from visnmf.archive.sections import SectionKind
from visnmf.archive.sheets import SheetPlan
from visnmf.archive.stated import stated_size
from visnmf.errors import ArchiveFormatError, InvalidInputError

__all__ = [
    "Kept",
    "Parts",
    "numbers",
    "read_mask",
    "read_names",
    "read_parts",
    "read_sheet",
    "sheets_of",
]

_MOST_NAMES = 2**30
_NAME_ROOM = MAX_NAME + 16  # bytes that the record of a name takes at most

_K = TypeVar("_K")
_V = TypeVar("_V")


@dataclass(frozen=True, eq=False)
class Parts:
    """The factors of an archive, all but the encodings.

    Attributes
    ----------
    whole : ndarray of ints (rank, m)
        The parts.
    scales : ndarray of int64 (rank,)
        Of each.
    shift : int
        whole * scales / 2^shift are levels per step of an encoding.
    weights : ndarray of float64 (rank, m)
        whole * scales.
    model : EntryModel
        Decodes encodings.
    """

    whole: NDArray[np.int32]
    scales: NDArray[np.int64]
    shift: int
    weights: NDArray[np.float64]
    model: EntryModel

    def encodings(self, data: bytes, count: int) -> NDArray[np.int32]:
        """Decode a section of encodings, shape (rank, count)."""
        H = self.model.decode(data, count)
        try:
            check_sums(self.whole, self.scales, H.max(axis=1, initial=0), self.shift)
        except InvalidInputError as error:
            raise ArchiveFormatError(str(error)) from error
        return H


def read_mask(file: Container) -> NDArray[np.bool_] | None:
    """Return which pixels are kept, shape (height, width); None where all are."""
    header = file.header
    if not header.masked:
        return None
    coder, data = file.read(SectionKind.MASK)
    pixels = header.height * header.width
    bits = unpack_bytes(coder, data, -(-pixels // 8))
    if len(bits) != -(-pixels // 8):
        raise ArchiveFormatError(f"{file.path}: the mask has too few bits")
    mask = np.unpackbits(np.frombuffer(bits, np.uint8), count=pixels).view(np.bool_)
    if np.count_nonzero(mask) != header.kept:
        raise ArchiveFormatError(
            f"{file.path}: the mask keeps {np.count_nonzero(mask)} pixels, "
            f"its header says {header.kept}"
        )
    return mask.reshape(header.height, header.width)


def read_names(file: Container, room: Room) -> list[str]:
    """Return the names of the pictures, checked; numbers where there are none."""
    if not file.count(SectionKind.NAMES):
        return numbers(file.header.n, room)
    coder, data = file.read(SectionKind.NAMES)
    n = file.header.n
    try:
        plain = unpack_bytes(coder, data, min(_MOST_NAMES, n * _NAME_ROOM, room.letters))
        return decode_names(plain, n, room=room.names)
    except ArchiveFormatError as error:
        raise ArchiveFormatError(f"{file.path}: {error}") from error


def numbers(n: int, room: Room, *, digits: int = 0) -> list[str]:
    """Return 0, 1, 2, ... as names, with at least so many digits."""
    room.names(n, n * len(str(n)))
    return [f"{j:0{digits}}" for j in range(n)]


def read_parts(file: Container, canvas: Canvas) -> Parts:
    """Return the parts, and what decodes encodings."""
    header, path = file.header, file.path
    rank = header.rank
    if header.shift > MOST_SHIFT:
        raise ArchiveFormatError(f"{path}: a shift of {header.shift} is above {MOST_SHIFT}")
    coder, data = file.read(SectionKind.SCALES)
    plain = unpack_bytes(coder, data, 2 * rank + MODEL)
    if len(plain) < 2 * rank:
        raise ArchiveFormatError(f"{path}: the scales of {rank} parts are cut short")
    scales = np.array(struct.unpack_from(f"<{rank}H", plain), np.int64)
    if not scales.all():
        raise ArchiveFormatError(f"{path}: the scale of a part is 0")
    coder = file.coder(SectionKind.ENCODINGS)  # not read: it may be hurt, and others not
    model = read_model(coder, plain[2 * rank :], rank)
    plan = canvas.plan(rank)
    if file.count(SectionKind.BASIS) != plan.sheets:
        raise ArchiveFormatError(
            f"{path}: parts lie on {file.count(SectionKind.BASIS)} sheets, "
            f"{rank} of them need {plan.sheets}"
        )
    sheets = []
    for i in range(plan.sheets):
        coder, data = file.read(SectionKind.BASIS, i)
        sheets.append(
            decode_image(coder, data, plan.shape(i), _type_of(coder, data, plan.shape(i)))
        )
    whole = canvas.cut(sheets, rank).astype(np.int32)
    return Parts(whole, scales, header.shift, weighted(whole, scales), model)


def _type_of(coder: Coder, data: bytes, shape: tuple[int, ...]) -> type[np.uint8] | type[np.uint16]:
    """Tell whether levels of a sheet of parts have 8 bits or 16: what is larger takes 16."""
    if coder in PLAIN:
        size = math.prod(shape)
        wide = len(unpack_bytes(coder, data, 2 * size)) > size
    else:
        wide = stated_size(coder, data).bits > 8
    return np.uint16 if wide else np.uint8


def sheets_of(header: Header) -> SheetPlan:
    """Return how pictures lie on contact sheets."""
    return SheetPlan(
        header.n,
        header.height,
        header.width,
        header.channels,
        header.sheet_chunk,
        header.columns,
        header.apart,
    )


def read_sheet(file: Container, kind: SectionKind, i: int) -> NDArray[np.uint8 | np.uint16]:
    """Return sheet i of the base or of the residual as it was coded."""
    coder, data = file.read(kind, i)
    dtype = np.uint16 if file.header.bits > 8 else np.uint8
    try:
        return decode_image(coder, data, sheets_of(file.header).shape(i), dtype)
    except ArchiveFormatError as error:
        raise ArchiveFormatError(f"{file.path}: sheet {i}: {error}") from error


class Kept(Generic[_K, _V]):
    """The last few things that were decoded, for any number of threads.

    Parameters
    ----------
    most : int
        Bytes to keep, beside the latest.
    """

    def __init__(self, most: int) -> None:
        self._most = most
        self._things: OrderedDict[_K, tuple[_V, int]] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def get(self, key: _K, make: Callable[[], _V], size: Callable[[_V], int]) -> _V:
        """Return what is kept under a key; made now if it is not."""
        with self._lock:
            found = self._things.get(key)
            if found is not None:
                self._things.move_to_end(key)
                return found[0]
        thing = make()
        with self._lock:
            if key not in self._things:
                self._things[key] = (thing, size(thing))
                self._bytes += size(thing)
            while self._bytes > self._most and len(self._things) > 1:
                _, (_, freed) = self._things.popitem(last=False)
                self._bytes -= freed
        return thing
