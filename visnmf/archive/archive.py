"""Archive: many pictures in one file, any of them at hand without decoding the others."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator
from functools import cached_property, partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visnmf.archive.container import Container
from visnmf.archive.decoder import Decoder
from visnmf.archive.decoding import read_names
from visnmf.archive.directory import Entries
from visnmf.archive.header import Base, Header
from visnmf.archive.layouts import read_layout
from visnmf.archive.material import describe_exact, values_of
from visnmf.archive.originals import to_originals
from visnmf.archive.picking import Places, places_of, runs_of
from visnmf.archive.room import MAX_MEMORY, Room
from visnmf.arguments import check_integer
from visnmf.errors import InvalidInputError
from visnmf.images.imageset import ImageSet, refuse_in
from visnmf.images.layout import ImageLayout

__all__ = ["Archive"]


class Archive:
    """Pictures that `visnmf.compress` put into one file.

    Indexing with a number gives a picture in its original type; with a slice or an array of
    indices, a stack of them. Only what the pictures asked for lie in is read and decoded, and
    the last few sections stay decoded. Any number of threads may read at a time; an
    archive can be pickled, and is opened anew where it arrives.

    Nothing in the file is believed before it is checked, and nothing is unpickled, so that a file
    from a stranger can be opened.

    Parameters
    ----------
    file : Container
        Opened; `Archive.open` is how to get there.
    salvage, max_memory : bool and int
        As of `Archive.open`.

    Attributes
    ----------
    names : list of str
        One a picture.
    layout : ImageLayout
        Size, value range and type of a picture.
    header : Header
        All that the file says of itself: what was asked for, the PSNR reached, and more.
    damage : list of str
        What was found wrong when it was opened to be salvaged; empty for a file that is whole.
    room : Room
        What reading may take of memory.

    Examples
    --------
    >>> import tempfile, numpy as np, visnmf
    >>> rng = np.random.default_rng(0)
    >>> parts = rng.integers(0, 90, (4, 64))
    >>> faces = np.minimum(rng.integers(0, 2, (200, 4)) @ parts, 255).astype(np.uint8)
    >>> path = tempfile.mkdtemp() + "/faces.vnmf"
    >>> done = visnmf.compress(faces.reshape(200, 8, 8), path, lossless=True, compare=False)
    >>> archive = visnmf.Archive.open(path)
    >>> len(archive), archive[3].shape, archive[10:12].shape
    (200, (8, 8), (2, 8, 8))
    >>> bool((archive[:] == faces.reshape(200, 8, 8)).all())
    True
    """

    def __init__(
        self, file: Container, *, salvage: bool = False, max_memory: int = MAX_MEMORY
    ) -> None:
        self._file = file
        self._options: dict[str, Any] = {"salvage": salvage, "max_memory": max_memory}
        self.header: Header = file.header
        self.room = Room(file.path, file.header, max_memory)
        self.layout: ImageLayout
        self.layout, told = read_layout(file, self.room, salvage=salvage)
        self.damage: list[str] = file.damage + told
        self._decoder = Decoder(file, self.layout, self.room)

    @classmethod
    def open(
        cls, path: str | os.PathLike[str], *, salvage: bool = False, max_memory: int = MAX_MEMORY
    ) -> Archive:
        """Open an archive. No picture is decoded yet.

        Parameters
        ----------
        path : str or path
            The file.
        salvage : bool
            Open it even though it was cut short or lost its mask; `damage` tells what was found,
            and what else is missing is told when it is asked for.
        max_memory : int
            Bytes that opening it, or any later call, may take, with what the call returns; at
            least 2^24. What takes more is refused before anything is decoded.

        Returns
        -------
        archive : Archive

        Raises
        ------
        ArchiveNotFoundError
            There is no such file.
        ArchiveFormatError
            It is no archive, is damaged where it would matter for every picture, or of a
            version that this visnmf does not know.
        ArchiveTooLargeError
            Its mask alone takes more memory than is allowed.

        Notes
        -----
        A small file may hold something huge, so what a call takes is counted from the header.
        Pictures: those returned, and 24 bytes for each value of all parts, of a section of
        encodings, of a contact sheet (two, with a residual over sheets), and of the pictures asked
        for that come of one section. Encodings: 24 for each, and as much for all parts. Names: 512
        each, 4 for each of their bytes. A mask: 4 a pixel. Two stores of decoded sections, 2^26
        bytes or max_memory / 16 each, count too. Beside it come twice the bytes of the sections
        read, four times the directory's, and 2^25 for buffers. Each thread counts for itself.
        """
        file = Container.open(path, salvage=salvage)
        try:
            return cls(file, salvage=salvage, max_memory=max_memory)
        except BaseException:
            file.close()
            raise

    @cached_property
    def names(self) -> list[str]:
        """Names of the pictures, in order."""
        return read_names(self._file, self.room)

    def __contains__(self, item: object) -> bool:
        refuse_in("an Archive")

    def __len__(self) -> int:
        return self.header.n

    def __getitem__(self, index: Any) -> NDArray[Any]:
        return self._pictures(index)

    def __iter__(self) -> Iterator[NDArray[Any]]:
        return (self[j] for j in range(len(self)))

    def __enter__(self) -> Archive:
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        return partial(type(self), **self._options), (self._file,)

    def __repr__(self) -> str:
        header = self.header
        size = f"{header.height} x {header.width}"
        kind = {Base.FACTORS: f"{header.rank} parts", Base.SHEETS: "contact sheets"}
        lossless = math.isinf(header.psnr)
        loss = describe_exact(self.layout) if lossless else f"{header.psnr:.2f} dB"
        held = kind.get(header.base, "contact sheets")
        return f"Archive({header.n} pictures, {size}, {header.dtype}, {held}, {loss})"

    def close(self) -> None:
        """Close the file; what was read stays."""
        self._file.close()

    @property
    def sections(self) -> Entries:
        """The sections of the file, in order: kind, coder, offset and bytes of each."""
        return self._file.entries

    def load(self, index: Any = slice(None)) -> ImageSet:
        """Return pictures as an `ImageSet`, for learning and everything else.

        Parameters
        ----------
        index : slice, sequence of int or array of bool
            Which ones; all if not given.

        Returns
        -------
        images : ImageSet
        """
        places, _ = places_of(index, len(self))
        self.room.pictures(len(places), 12)  # levels, V, and V without masked pixels
        values = values_of(self._gather(places), self.layout)
        return ImageSet(
            self.layout.to_columns(values),
            self.layout,
            [self.names[j] for j in places],
            source=str(self._file.path),
        )

    @cached_property
    def basis(self) -> NDArray[np.float32]:
        """W: the parts as columns of length 1, shape (m, rank), without decoding a picture.

        Where channels are stored apart, m is that of one channel.

        Raises
        ------
        InvalidInputError
            If the archive holds contact sheets, which have no parts.
        """
        weights, lengths = self._decoder.parts.weights, self._decoder.lengths
        return np.ascontiguousarray((weights / lengths[:, None]).T, np.float32)

    @cached_property
    def encodings(self) -> NDArray[np.float32]:
        """H: the encodings as columns, shape (rank, n), without decoding a picture.

        The pictures without their residual are basis @ encodings in [0, 1], to rounding. Where
        channels are stored apart, the rows of the first channel go before those of the next.

        Raises
        ------
        InvalidInputError
            If the archive holds contact sheets, which have no encodings.
        """
        decoder, header = self._decoder, self.header
        self.room.encodings()
        parts, planes = decoder.parts, header.planes
        H = np.concatenate([decoder.chunk(i) for i in range(header.chunks)], axis=1)
        unit = values_of(np.array([1], np.uint16), self.layout)[0] / 2.0**parts.shift
        values = (H * (decoder.lengths * unit)[:, None]).astype(np.float32)
        apart = values.reshape(header.rank, header.n, planes)
        return np.ascontiguousarray(apart.transpose(2, 0, 1).reshape(-1, header.n))

    def base(self, index: Any) -> NDArray[Any]:
        """Return pictures without their residual: what is there first, and is decoded quickest.

        Parameters
        ----------
        index : int, slice, sequence of int or array of bool
            Which ones.

        Returns
        -------
        pictures : ndarray
            As indexing gives them, in the original type. Those of an archive of contact sheets
            without a base are 0.
        """
        return self._pictures(index, residual=False)

    def residual(self, index: Any) -> NDArray[np.int32]:
        """Return U, what pictures have over their base, in levels of either sign.

        Parameters
        ----------
        index : int, slice, sequence of int or array of bool
            Which ones.

        Returns
        -------
        U : ndarray of int32
            Of the shape that indexing gives. Zero where no residual is stored.
        """
        places, one = places_of(index, len(self))
        self.room.pictures(len(places), 12)  # levels, and two of int32
        over = self._gather(places).astype(np.int32)
        over -= self._gather(places, residual=False)
        return over[0] if one else over

    def levels(self, first: int, last: int, *, residual: bool = True) -> NDArray[Any]:
        """Return neighboring pictures as levels, shape (last - first, height, width[, channels]).

        Parameters
        ----------
        first, last : int
            0 <= first < last <= len(archive).
        residual : bool
            Whether to add the residual to the base.

        Returns
        -------
        levels : ndarray of uint8 or uint16
            Whole numbers from 0 to 255 or 65535: originals of 8 and 16 bits as they are.

        Raises
        ------
        InvalidInputError
            If there are no such pictures.
        """
        if check_integer(first, "first", 0) >= check_integer(last, "last", 0) or last > len(self):
            raise InvalidInputError(
                f"need 0 <= first < last <= {len(self)}, got first={first} and last={last}"
            )
        self.room.pictures(last - first, self.header.bits // 8)
        return self._gather(range(first, last), residual=residual)

    def _pictures(self, index: Any, *, residual: bool = True) -> NDArray[Any]:
        """Return the pictures that an index picks, in their original type."""
        places, one = places_of(index, len(self))
        self.room.pictures(len(places), np.dtype(self.layout.dtype).itemsize)
        pictures = self._gather(places, residual=residual, originals=True)
        return pictures[0] if one else pictures

    def _gather(
        self, places: Places, *, residual: bool = True, originals: bool = False
    ) -> NDArray[Any]:
        """Return pictures in the order asked for, as levels or in their original type."""
        header, layout = self.header, self.layout
        dtype = layout.dtype if originals else f"uint{header.bits}"
        size = header.chunk if header.base == Base.FACTORS else header.sheet_chunk
        whole = np.empty((len(places), *layout.shape), dtype)
        for some, first in runs_of(places, size):
            levels = self._decoder.levels(first, first + some.stop - some.start, residual)
            whole[some] = to_originals(levels, layout) if originals else levels
        return whole
