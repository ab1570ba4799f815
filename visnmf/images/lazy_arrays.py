"""Stacks of pictures read a few at a time: in memory, in a .npy file, or chunked elsewhere."""

from __future__ import annotations

import mmap
import os
from collections.abc import Iterator
from typing import Any, Protocol

import numpy as np
from numpy.typing import NDArray

from visnmf.errors import ImageReadError, InvalidInputError
from visnmf.images.colors import convert_values
from visnmf.images.frames import full_scale
from visnmf.images.lazy_columns import Piece
from visnmf.images.settings import Wanted

__all__ = ["ArrayStore", "InMemory", "NpyFile", "StoredArray", "from_memmap"]

_PIECE = 8 << 20  # bytes read at a time, of chunks
_SLICE = 1 << 20  # the same of what lies in a row: it is still in cache when it is scaled


class StoredArray(Protocol):
    """An array (n, h, w[, channels]) somewhere, whose parts can be read.

    It can be pickled, and read by several threads at a time.
    """

    shape: tuple[int, ...]
    dtype: np.dtype[Any]
    step: int
    name: str

    def read(self, first: int, last: int, stride: int = 1) -> NDArray[Any]:
        """Return ``array[first:last:stride]``, or raise ImageReadError."""
        ...


class ArrayStore:
    """The pictures of a stored array, in the colors and of the size wanted.

    Parameters
    ----------
    array : StoredArray
        Where they lie.
    wanted : Wanted
        What is wanted of each.

    Raises
    ------
    InvalidInputError
        If the array holds no pictures, or they have no such colors.
    """

    def __init__(self, array: StoredArray, wanted: Wanted) -> None:
        if array.dtype.kind not in "buif":
            raise InvalidInputError(f"pictures must be real numbers, got an array of {array.dtype}")
        if len(array.shape) not in (3, 4) or 0 in array.shape:
            raise InvalidInputError(
                "pictures in an array are (n, height, width) or (n, height, width, channels), "
                f"none of them 0; got shape {array.shape}"
            )
        self.array = array
        self.wanted = wanted
        self.picked = range(array.shape[0])[wanted.reading.frames]
        if not self.picked:
            raise InvalidInputError(
                f"frames={wanted.reading.frames} takes none of the {array.shape[0]} pictures"
            )
        self.n = len(self.picked)
        self.name = array.name
        aligned = self.picked.start % array.step == 0 and self.picked.step == 1
        self.step = array.step if aligned else 1
        self.full = full_scale(array.dtype)
        blank = self._ready(np.zeros((1, *array.shape[1:]), array.dtype))
        self.shape: tuple[int, ...] = blank.shape[1:]
        self.ready_dtype: np.dtype[Any] = blank.dtype

    def pieces(self, first: int, last: int) -> Iterator[Piece]:
        """Yield the pictures from `first` up to `last`; a chunk that cannot be read is a piece."""
        nbytes = int(np.prod(self.array.shape[1:])) * self.array.dtype.itemsize
        usual = _PIECE if self.array.step > 1 else _SLICE
        share = -(-max(usual // nbytes, 1) // self.step) * self.step
        while first < last:
            until = min(first - first % share + share, last)
            yield from self._read(first, until)
            first = until

    def _read(self, first: int, last: int) -> Iterator[Piece]:
        try:
            values = self._rows(first, last)
        except ImageReadError as error:
            for start, end in self._chunks(first, last):
                if (start, end) == (first, last):
                    yield Piece(first, last - first, error)
                else:
                    yield from self._read(start, end)
            return
        try:
            yield Piece(first, last - first, self._ready(values), self.full)
        except InvalidInputError:  # a value that is no number: which picture?
            for i in range(first, last):
                try:
                    yield Piece(i, 1, self._ready(values[i - first : i - first + 1]), self.full)
                except InvalidInputError as error:
                    place = f"{self.name}, image {self.picked[i]}"
                    yield Piece(i, 1, ImageReadError(place, str(error)))

    def _rows(self, first: int, last: int) -> NDArray[Any]:
        """Read stored pictures, in the order that they were picked in."""
        rows = self.picked[first:last]
        if rows.step > 0:
            return self.array.read(rows[0], rows[-1] + 1, rows.step)
        return self.array.read(rows[-1], rows[0] + 1, -rows.step)[::-1]

    def _chunks(self, first: int, last: int) -> Iterator[tuple[int, int]]:
        """Divide a range at the limits of what is stored together."""
        start = first
        for i in range(first + 1, last + 1):
            step = self.array.step
            if i == last or self.picked[i] // step != self.picked[start] // step:
                yield start, i
                start = i

    def _ready(self, values: NDArray[Any]) -> NDArray[Any]:
        if values.ndim == 3:
            values = values[..., np.newaxis]
        reading = self.wanted.reading
        values = convert_values(values, reading.mode, reading.background)
        if values.dtype.kind != "f" and reading.size in (None, values.shape[1:3]):
            return values
        pictures = [self.wanted.ready(picture) for picture in values]
        if all(np.may_share_memory(a, b) for a, b in zip(pictures, values, strict=True)):
            return values
        return np.stack(pictures)


class InMemory:
    """An array that is in memory, or that the system pages in (a memory map)."""

    step = 1

    def __init__(self, values: NDArray[Any], name: str = "an array") -> None:
        self.values = values
        self.shape = values.shape
        self.dtype = values.dtype.newbyteorder("=")
        self.name = name

    def read(self, first: int, last: int, stride: int = 1) -> NDArray[Any]:
        """Return a view, or a copy in the byte order of this machine."""
        return self.values[first:last:stride].astype(self.dtype, copy=False)


class NpyFile:
    """The array in a .npy file, or one that lies as plain in another file.

    It is read, not mapped: of a mapped file that another process cuts off, the system would
    end this process.

    Parameters
    ----------
    path : str
        The file.
    plain : (shape, dtype, offset), optional
        Where the array lies, if the file has no header of NumPy's.

    Raises
    ------
    ImageReadError
        If it holds no such array, or less than its header promises.
    """

    step = 1

    def __init__(
        self, path: str, plain: tuple[tuple[int, ...], np.dtype[Any], int] | None = None
    ) -> None:
        self.name = self.path = path
        fortran = False
        try:
            if plain is None:
                mapped: Any = np.load(path, mmap_mode="r", allow_pickle=False)
                plain = mapped.shape, mapped.dtype, mapped.offset
                fortran = mapped.ndim > 1 and not mapped.flags.c_contiguous
        except Exception as error:  # NumPy raises all sorts on damaged files
            raise ImageReadError(
                path, f"cannot be read as an array of numbers: {error or type(error).__name__}"
            ) from error
        self.shape, self.stored, self.offset = plain
        self.dtype = self.stored.newbyteorder("=")
        self.fortran = fortran

    def read(self, first: int, last: int, stride: int = 1) -> NDArray[Any]:
        """Return pictures of the file, or raise ImageReadError if it ends before them."""
        if self.fortran:
            self._check_size()
            whole = np.memmap(self.path, self.stored, "r", self.offset, self.shape, order="F")
            values = whole[first:last:stride]
            return np.ascontiguousarray(values, dtype=self.dtype)
        each = int(np.prod(self.shape[1:])) * self.stored.itemsize
        values = np.empty((last - first, *self.shape[1:]), self.stored)
        try:
            with open(self.path, "rb", buffering=0) as file:
                file.seek(self.offset + first * each)
                got = _fill(file, memoryview(values).cast("B"))  # type: ignore[arg-type]
        except OSError as error:
            raise ImageReadError(self.path, error.strerror or str(error)) from error
        if got < values.nbytes:
            raise ImageReadError(
                self.path,
                f"the file ends before image {first + got // each}: it was cut off since it was "
                "opened",
            )
        return values[::stride].astype(self.dtype, copy=False)

    def _check_size(self) -> None:
        try:
            size = os.stat(self.path).st_size
        except OSError as error:
            raise ImageReadError(self.path, error.strerror or str(error)) from error
        if size < self.offset + int(np.prod(self.shape)) * self.stored.itemsize:
            raise ImageReadError(
                self.path,
                "the file was cut off since it was opened, and its pictures do not lie one after "
                "another (Fortran order), so that none is whole",
            )


def _fill(file: Any, view: memoryview) -> int:
    """Read until a buffer is full or the file ends; return how many bytes came."""
    got = 0
    while got < len(view):
        count = file.readinto(view[got:])
        if not count:
            break
        got += count
    return got


def from_memmap(values: np.memmap[Any, Any]) -> StoredArray:
    """Return a whole memory map by the file that it maps, and part of one as it is.

    By its file it can be pickled without what is in it.
    """
    whole = isinstance(values.base, mmap.mmap) and values.flags.c_contiguous
    if whole and values.filename and values.mode != "c":
        plain = (values.shape, values.dtype, int(values.offset))
        return NpyFile(os.fspath(values.filename), plain)
    return InMemory(values, "a memory map")
