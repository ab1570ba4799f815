"""Numbers of few bytes, and a cursor that never reads beyond the end of what it was given."""

from __future__ import annotations

import struct

from visnmf.errors import ArchiveFormatError

__all__ = ["Cursor", "varint"]

_MOST_BITS = 63
_FLOAT = struct.Struct("<d")


def varint(number: int) -> bytes:
    """Write a whole number from 0 to 2^63 - 1 as LEB128: 7 bits a byte, the lowest first.

    Examples
    --------
    >>> varint(300).hex()
    'ac02'
    """
    out = bytearray()
    while number > 127:
        out.append(number & 127 | 128)
        number >>= 7
    out.append(number)
    return bytes(out)


class Cursor:
    """Takes one thing after another from bytes of unknown origin.

    Parameters
    ----------
    data : bytes
        What to read; not copied.
    what : str
        Its name in messages, such as "the directory".

    Attributes
    ----------
    at : int
        How many bytes were taken.

    Raises
    ------
    ArchiveFormatError
        From every method, if the bytes end early or a number is spelled in a way that
        `varint` does not write.
    """

    def __init__(self, data: bytes, what: str) -> None:
        self.data = data
        self.what = what
        self.at = 0

    @property
    def left(self) -> int:
        """Bytes that are not taken yet."""
        return len(self.data) - self.at

    def bytes(self, count: int) -> bytes:
        """Take some bytes."""
        if count > self.left:
            raise ArchiveFormatError(f"{self.what} ends in the middle of a field; it is damaged")
        self.at += count
        return self.data[self.at - count : self.at]

    def byte(self) -> int:
        """Take a number of one byte."""
        if not self.left:
            self.bytes(1)
        self.at += 1
        return self.data[self.at - 1]

    def float64(self) -> float:
        """Take a float64, little-endian; it may be NaN."""
        number: float = _FLOAT.unpack(self.bytes(8))[0]
        return number

    def varint(self) -> int:
        """Take what `varint` wrote; the same number in more bytes than it needs is refused."""
        number = shift = 0
        while True:
            byte = self.byte()
            number |= (byte & 127) << shift
            if byte < 128:
                break
            shift += 7
            if shift >= _MOST_BITS:
                raise ArchiveFormatError(f"{self.what} holds a number of more than 63 bits")
        if shift and not byte:
            raise ArchiveFormatError(f"{self.what} holds a number with needless bytes")
        return number
