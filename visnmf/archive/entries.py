"""Encodings in whole numbers to bytes and back, in chunks of images that decode alone.

H (rank x n) holds counts of steps, most of them small. A chunk is coded as an image of rank rows,
by lossless JPEG XL, or as plain bytes by Zstandard, whichever is smaller over all chunks.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from visnmf.archive.coders import Coder, decode_image, unpack_bytes
from visnmf.archive.lattice import row_bits
from visnmf.archive.stated import check, stated_size
from visnmf.archive.stated_jxl import bare_jxl
from visnmf.errors import ArchiveFormatError, InvalidInputError

__all__ = [
    "MODEL",
    "MOST",
    "EncodedEntries",
    "EntryModel",
    "decode_entries",
    "encode_entries",
    "estimate_bytes",
    "read_model",
    "row_costs",
]

MOST = 2**16 - 1
"""The greatest whole number that can be coded."""
MODEL = 0
"""Bytes that a model takes at most; neither coder has one."""


@dataclass(frozen=True)
class EncodedEntries:
    """H as bytes.

    Attributes
    ----------
    coder : Coder
        Of all chunks: JXL or ZSTD.
    model : bytes
        What all chunks are decoded with.
    chunks : list of bytes
        One for each `chunk` images, the last one for what is left.
    """

    coder: Coder
    model: bytes
    chunks: list[bytes]

    @property
    def nbytes(self) -> int:
        """Bytes of the model and of all chunks."""
        return len(self.model) + sum(map(len, self.chunks))


@dataclass(frozen=True)
class EntryModel:
    """What is known of H before a chunk is read; to keep between chunks.

    Attributes
    ----------
    coder : Coder
        Of the chunks.
    rank : int
        Rows of H.
    """

    coder: Coder
    rank: int

    def decode(self, data: bytes, count: int) -> NDArray[np.int32]:
        """Return the entries of a chunk of `count` images, int32 (rank, count).

        Raises
        ------
        ArchiveFormatError
            The bytes are damaged.
        """
        if self.coder == Coder.JXL:
            dtype = np.uint16 if stated_size(self.coder, data).bits > 8 else np.uint8
            return decode_image(self.coder, data, (self.rank, count), dtype).astype(np.int32)
        size = self.rank * count
        plain = unpack_bytes(Coder.ZSTD, data, 2 * size)
        if len(plain) not in (size, 2 * size):
            raise ArchiveFormatError(f"{len(plain)} bytes are no {size} encodings")
        wide = len(plain) > size
        whole = np.frombuffer(plain, "<u2" if wide else np.uint8)
        return whole.reshape(self.rank, count).astype(np.int32)


def encode_entries(
    H: NDArray[np.int32], chunk: int, *, model: EntryModel | None = None
) -> EncodedEntries:
    """Write H in the fewest bytes, `chunk` images at a time.

    Parameters
    ----------
    H : ndarray of int, shape (rank, n)
        From 0 to `MOST`. Fewest bytes come of rows in order of energy, large ones first.
    chunk : int
        Images that decode together.
    model : EntryModel, optional
        That of earlier chunks, when more are to be decoded with it.

    Returns
    -------
    encoded : EncodedEntries
        The same H gives the same bytes.

    Raises
    ------
    InvalidInputError
        H is empty or holds other numbers.

    Examples
    --------
    >>> H = np.arange(12, dtype=np.int32).reshape(3, 4)
    >>> encoded = encode_entries(H, 3)
    >>> len(encoded.chunks)
    2
    >>> decode_entries(encoded.coder, encoded.model, encoded.chunks[1], 3, 1)[:, 0].tolist()
    [3, 7, 11]
    """
    H = _checked(H)
    pieces = [_narrow(H[:, first : first + chunk]) for first in range(0, H.shape[1], chunk)]
    if model is not None:
        return EncodedEntries(model.coder, b"", [_WRITERS[model.coder](piece) for piece in pieces])
    found = [
        EncodedEntries(coder, b"", [write(piece) for piece in pieces])
        for coder, write in _WRITERS.items()
    ]
    return min(found, key=lambda encoded: encoded.nbytes)


def read_model(coder: int, data: bytes, rank: int) -> EntryModel:
    """Read what all chunks are decoded with.

    Parameters
    ----------
    coder : Coder
        As `EncodedEntries` has it.
    data : bytes
        Its model, whole.
    rank : int
        Rows of H.

    Raises
    ------
    ArchiveFormatError
        The model is damaged, or `coder` codes no entries.
    """
    if coder not in (Coder.JXL, Coder.ZSTD):
        raise ArchiveFormatError(f"{coder!r:.40} is no coder of encodings")
    if data:
        raise ArchiveFormatError(f"a model of {len(data)} bytes where none is needed")
    return EntryModel(Coder(coder), rank)


def decode_entries(
    coder: int, model: bytes, data: bytes, rank: int, count: int
) -> NDArray[np.int32]:
    """Return one chunk of H, int32 (rank, count).

    Raises
    ------
    ArchiveFormatError
        Model or chunk are damaged.
    """
    return read_model(coder, model, rank).decode(data, count)


def estimate_bytes(H: NDArray[np.int32]) -> float:
    """Return about how many bytes `encode_entries` takes for H, without coding it."""
    costs = row_costs(H)
    bits = sum(float(costs[k][row].sum()) for k, row in enumerate(H))
    return 0.92 * bits / 8


def row_costs(H: NDArray[np.int32]) -> NDArray[np.float64]:
    """Return how many bits each value costs in each row, shape (rank, max(H) + 3)."""
    return row_bits(H, int(H.max(initial=0)) + 3)


def _checked(H: NDArray[np.int32]) -> NDArray[np.int32]:
    if H.ndim != 2 or not H.size or H.dtype.kind not in "iu" or H.min() < 0 or H.max() > MOST:
        raise InvalidInputError(
            f"encodings to code are whole numbers from 0 to {MOST}, (rank, n), "
            f"not {H.dtype} {H.shape}"
        )
    return H


def _narrow(H: NDArray[np.int32]) -> NDArray[np.uint8] | NDArray[np.uint16]:
    if H.max() < 256:
        return np.ascontiguousarray(H, np.uint8)
    return np.ascontiguousarray(H, np.uint16)


def _jxl(H: NDArray[np.uint8] | NDArray[np.uint16]) -> bytes:
    import imagecodecs

    # Effort 10 takes 3 to 9 % less as a rule; not always.
    found = [imagecodecs.jpegxl_encode(H, lossless=True, effort=effort, numthreads=1)
             for effort in (9, 10)]  # fmt: skip
    data = bare_jxl(bytes(min(found, key=len)))
    check(Coder.JXL, data, H.shape, H.dtype)
    return data


def _zstd(H: NDArray[np.uint8] | NDArray[np.uint16]) -> bytes:
    import imagecodecs

    plain = H.astype(H.dtype.newbyteorder("<")).tobytes()
    return bytes(imagecodecs.zstd_encode(plain, level=19))


_WRITERS: dict[Coder, Callable[[NDArray[np.uint8] | NDArray[np.uint16]], bytes]] = {
    Coder.JXL: _jxl,
    Coder.ZSTD: _zstd,
}
