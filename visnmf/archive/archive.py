"""Archive: many pictures in one file, any of them at hand without decoding the others."""

from __future__ import annotations

import math
import os
from collections.abc import Iterator, Sequence
from functools import cached_property
from types import TracebackType
from typing import Any, overload

import numpy as np
from numpy.typing import NDArray

from visnmf.archive.container import Container
from visnmf.archive.decoder import Decoder
from visnmf.archive.decoding import read_layout, read_names
from visnmf.archive.directory import Entries
from visnmf.archive.header import Base, Header
from visnmf.archive.material import values_of
from visnmf.archive.originals import to_originals
from visnmf.images.imageset import ImageSet, checked_index
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

    Attributes
    ----------
    names : list of str
        One a picture.
    layout : ImageLayout
        Size, value range and type of a picture.
    header : Header
        All that the file says of itself: what was asked for, the PSNR reached, and more.

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

    def __init__(self, file: Container) -> None:
        self._file = file
        self.header: Header = file.header
        self.layout: ImageLayout = read_layout(file)
        self._decoder = Decoder(file, self.layout)

    @classmethod
    def open(cls, path: str | os.PathLike[str], *, salvage: bool = False) -> Archive:
        """Open an archive. No picture is decoded yet.

        Parameters
        ----------
        path : str or path
            The file.
        salvage : bool
            Open it even though it was cut short; what is missing is told when it is asked for.

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
        """
        file = Container.open(path, salvage=salvage)
        try:
            return cls(file)
        except BaseException:
            file.close()
            raise

    @cached_property
    def names(self) -> list[str]:
        """Names of the pictures, in order."""
        return read_names(self._file)

    def __len__(self) -> int:
        return self.header.n

    @overload
    def __getitem__(self, index: int | np.integer) -> NDArray[Any]: ...
    @overload
    def __getitem__(self, index: slice | Sequence[int] | NDArray[Any]) -> NDArray[Any]: ...
    def __getitem__(self, index: Any) -> NDArray[Any]:
        if isinstance(index, (int, np.integer)):
            j = self._place(index)
            return to_originals(self.levels(j, j + 1), self.layout)[0]
        picked = np.arange(len(self))[checked_index(index, "an Archive is")]
        return to_originals(self._gather(picked), self.layout)

    def __iter__(self) -> Iterator[NDArray[Any]]:
        return (self[j] for j in range(len(self)))

    def __enter__(self) -> Archive:
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.close()

    def __reduce__(self) -> tuple[Any, ...]:
        return type(self), (self._file,)

    def __repr__(self) -> str:
        header = self.header
        size = f"{header.height} x {header.width}"
        kind = {Base.FACTORS: f"{header.rank} parts", Base.SHEETS: "contact sheets"}
        loss = "lossless" if math.isinf(header.psnr) else f"{header.psnr:.2f} dB"
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
        picked = np.arange(len(self))[checked_index(index, "an Archive is")]
        values = values_of(self._gather(picked), self.layout)
        return ImageSet(
            self.layout.to_columns(values),
            self.layout,
            [self.names[j] for j in picked],
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
        if isinstance(index, (int, np.integer)):
            j = self._place(index)
            return to_originals(self.levels(j, j + 1, residual=False), self.layout)[0]
        picked = np.arange(len(self))[checked_index(index, "an Archive is")]
        return to_originals(self._gather(picked, residual=False), self.layout)

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
        one = isinstance(index, (int, np.integer))
        picked = np.array([self._place(index)]) if one else np.arange(len(self))[index]
        whole = self._gather(picked).astype(np.int32) - self._gather(picked, residual=False)
        return whole[0] if one else whole

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
        """
        return self._decoder.levels(first, last, residual)

    def _place(self, index: int | np.integer) -> int:
        n = len(self)
        if not -n <= index < n:
            raise IndexError(f"picture {index} is asked for, the archive has {n}")
        return int(index) % n

    def _gather(self, picked: NDArray[np.intp], residual: bool = True) -> NDArray[Any]:
        """Return levels of some pictures in the order asked for."""
        shape = self.layout.shape
        out = np.empty((len(picked), *shape), np.uint8 if self.header.bits <= 8 else np.uint16)
        size = self.header.chunk if self.header.base == Base.FACTORS else self.header.sheet_chunk
        begin = 0
        while begin < len(picked):  # runs of neighbors that lie in one section
            end = begin + 1
            while (
                end < len(picked)
                and picked[end] == picked[end - 1] + 1
                and picked[end] // size == picked[begin] // size
            ):
                end += 1
            first = int(picked[begin])
            out[begin:end] = self.levels(first, first + end - begin, residual=residual)
            begin = end
        return out
