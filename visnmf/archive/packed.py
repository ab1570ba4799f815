"""Bytes to fewer bytes and back, with no more given back than was asked for."""

from __future__ import annotations

import lzma
from typing import Any

from visnmf.archive.registry import Coder
from visnmf.errors import ArchiveFormatError, ArchiveTooLargeError

__all__ = ["pack_bytes", "unpack_bytes"]

_FIRST_ROOM = 2**13
_ZSTD_MAGIC = b"\x28\xb5\x2f\xfd"
# said here and not in the data, so that a file cannot ask for a larger dictionary
_LZMA: dict[str, Any] = {
    "format": lzma.FORMAT_RAW,
    "filters": [{"id": lzma.FILTER_LZMA2, "preset": 9, "dict_size": 2**23}],
}


def pack_bytes(data: bytes) -> tuple[Coder, bytes]:
    """Shrink bytes by the best of Zstandard, Brotli and LZMA, or by none where none helps.

    Brotli wins on short texts (8 to 18 % on a header or names), LZMA on tables and names that
    count up (20 %), Zstandard between.

    Parameters
    ----------
    data : bytes
        Anything.

    Returns
    -------
    coder : Coder
        RAW, ZSTD, BROTLI or LZMA.
    packed : bytes
        Never longer than `data`. The same bytes give the same bytes.

    Examples
    --------
    >>> coder, packed = pack_bytes(b"face " * 100)
    >>> len(packed) < 30
    True
    >>> unpack_bytes(coder, packed, limit=500) == b"face " * 100
    True
    """
    import imagecodecs

    data = bytes(data)
    if not data:
        return Coder.RAW, data
    packed = {
        Coder.RAW: data,
        Coder.ZSTD: bytes(imagecodecs.zstd_encode(data, level=19)),
        Coder.BROTLI: bytes(imagecodecs.brotli_encode(data, level=11)),
        Coder.LZMA: lzma.compress(data, **_LZMA),
    }
    coder = min(packed, key=lambda coder: len(packed[coder]))
    return coder, packed[coder]


def unpack_bytes(coder: int, data: bytes, limit: int) -> bytes:
    """Give back what `pack_bytes` shrank.

    Parameters
    ----------
    coder : Coder
        As `pack_bytes` returned it.
    data : bytes
        The packed bytes, whole.
    limit : int
        Bytes to give back at most; no more room than for these is made.

    Raises
    ------
    ArchiveFormatError
        The bytes are damaged, would be more than `limit`, or `coder` packs no bytes.
    ArchiveTooLargeError
        There is not enough memory.
    """
    import imagecodecs

    if coder not in (Coder.RAW, Coder.ZSTD, Coder.BROTLI, Coder.LZMA):
        raise ArchiveFormatError(f"{coder!r:.40} is no coder of bytes")
    if coder == Coder.RAW:
        unpacked = bytes(data[: limit + 1])
    else:
        try:
            if coder == Coder.ZSTD:
                size = _zstd_size(data, limit)
                unpacked = bytes(imagecodecs.zstd_decode(data, out=size))
            elif coder == Coder.BROTLI:
                unpacked = _unpack_brotli(data, limit)
            else:
                unpacked = _unpack_lzma(data, limit)
        except ArchiveFormatError:
            raise
        except MemoryError as error:
            raise ArchiveTooLargeError(
                f"packed bytes may be {limit}, for which there is not enough memory"
            ) from error
        except Exception as error:  # each library has errors of its own
            raise ArchiveFormatError(
                f"packed bytes are damaged, or more than {limit}: {error}"
            ) from error
    if len(unpacked) > limit:
        raise ArchiveFormatError(f"packed bytes are more than the {limit} that there should be")
    return unpacked


def _zstd_size(data: bytes, limit: int) -> int:
    """Return how many bytes a Zstandard frame says it holds (RFC 8878)."""
    if data[:4] != _ZSTD_MAGIC or len(data) < 6:
        raise ArchiveFormatError("packed bytes are no Zstandard frame")
    flags = data[4]
    single = flags >> 5 & 1
    at = 5 + (1 - single) + (0, 1, 2, 4)[flags & 3]
    length = (single, 2, 4, 8)[flags >> 6]
    size = int.from_bytes(data[at : at + length], "little") + (256 if length == 2 else 0)
    if length == 0 or len(data) < at + length:
        raise ArchiveFormatError("a Zstandard frame does not say how many bytes it holds")
    if size > limit:
        raise ArchiveFormatError(
            f"a Zstandard frame says it holds {size} bytes; there should be at most {limit}"
        )
    return size


def _unpack_brotli(data: bytes, limit: int) -> bytes:
    import imagecodecs

    # A stream does not say how many bytes it holds, and the library makes room for all it may.
    room = max(_FIRST_ROOM, 8 * len(data))
    while True:
        room = min(8 * room, limit)
        try:
            unpacked = bytes(imagecodecs.brotli_decode(data, out=room))
            break
        except imagecodecs.BrotliError:
            if room == limit:
                raise
    # The library does not tell of bytes behind the stream. A stream knows its own end, so that
    # one without its last byte decodes only where that byte was none of it.
    try:
        imagecodecs.brotli_decode(data[:-1], out=limit)
    except imagecodecs.BrotliError:
        return unpacked
    raise ArchiveFormatError("more bytes follow a Brotli stream")


def _unpack_lzma(data: bytes, limit: int) -> bytes:
    decoder = lzma.LZMADecompressor(**_LZMA)
    unpacked = decoder.decompress(data, max_length=limit + 1)
    if len(unpacked) <= limit and (not decoder.eof or decoder.unused_data):
        raise ArchiveFormatError("packed bytes are cut short, or more follow")
    return unpacked
