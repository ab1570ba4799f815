"""The header as bytes: short numbers, and nothing that is as anyone would expect."""

from __future__ import annotations

import math
import struct

from visnmf.archive.header import Base, Header, Mode
from visnmf.archive.header_fields import DTYPES, member
from visnmf.archive.varints import Cursor, varint
from visnmf.errors import ArchiveFormatError, InvalidInputError

__all__ = ["header_bytes", "take_header"]

# Bits of the first byte; the lowest two are the base, the highest three are 0.
_BASE, _APART, _MASKED, _RANGE, _RESERVED = 3, 4, 8, 16, 224
_COUNTS = ("rank", "chunk", "sheet_chunk", "columns", "shift", "step", "worst", "max_error")
_AIMED = frozenset({Mode.PSNR, Mode.MAX_BYTES, Mode.MAX_ERROR})


def header_bytes(header: Header) -> bytes:
    """Write a header: four codes, the whole numbers, then the floats that are not implied.

    Parameters
    ----------
    header : Header
        What to write.

    Returns
    -------
    data : bytes
        From 16 to 97 of them; equal headers give equal bytes.
    """
    ranged = (header.low, header.high) != (0.0, _usual_high(header.dtype, header.bits))
    flags = header.base | _APART * header.apart | _MASKED * header.masked | _RANGE * ranged
    out = bytearray([flags, header.mode, DTYPES.index(header.dtype), header.bits])
    numbers = [header.n, header.height, header.width, header.channels]
    numbers += [header.kept] if header.masked else []
    numbers += [getattr(header, name) for name in _COUNTS]
    for number in numbers:
        out += varint(number)
    floats = [header.low, header.high] if ranged else []
    floats += [header.target] if header.mode in _AIMED else []
    floats += [header.psnr, header.worst_psnr] if header.max_error else []
    return bytes(out) + struct.pack(f"<{len(floats)}d", *floats)


def take_header(cursor: Cursor) -> Header:
    """Read what `header_bytes` wrote, trusting nothing.

    Parameters
    ----------
    cursor : Cursor
        Stands at the first byte of the header, afterwards behind its last.

    Raises
    ------
    ArchiveFormatError
        If it ends early, a field makes no sense, or it is not spelled as we would.
    """
    start = cursor.at
    flags, mode, dtype, bits = cursor.bytes(4)
    if flags & _RESERVED:
        raise ArchiveFormatError(f"{cursor.what} sets bits that version 1 does not know")
    if dtype >= len(DTYPES):
        raise ArchiveFormatError(f"{cursor.what} names an unknown type of pictures, {dtype}")
    n, height, width, channels = (cursor.varint() for _ in range(4))
    kept = cursor.varint() if flags & _MASKED else 0
    counts = {name: cursor.varint() for name in _COUNTS}
    low, high = 0.0, _usual_high(DTYPES[dtype], bits)
    if flags & _RANGE:
        low, high = cursor.float64(), cursor.float64()
    target = cursor.float64() if mode in _AIMED else 0.0
    psnr = worst_psnr = math.inf
    if counts["max_error"]:
        psnr, worst_psnr = cursor.float64(), cursor.float64()
    try:
        header = Header(
            n=n,
            height=height,
            width=width,
            channels=channels,
            kept=kept,
            bits=bits,
            dtype=DTYPES[dtype],
            low=low,
            high=high,
            base=member(Base, flags & _BASE, "base"),
            apart=bool(flags & _APART),
            mode=member(Mode, mode, "mode"),
            target=target,
            psnr=psnr,
            worst_psnr=worst_psnr,
            **counts,
        )
    except InvalidInputError as error:
        raise ArchiveFormatError(f"{cursor.what} makes no sense: {error}") from error
    if header_bytes(header) != cursor.data[start : cursor.at]:
        raise ArchiveFormatError(f"{cursor.what} says something in more bytes than it needs")
    return header


def _usual_high(dtype: str, bits: int) -> float:
    """Return what the greatest level stands for where nothing is said, level 0 being 0."""
    return 1.0 if dtype == "bool" or dtype.startswith("float") else 2.0**bits - 1
