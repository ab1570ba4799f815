"""Read the headers of images bit by bit."""

from __future__ import annotations

from visnmf.errors import ArchiveFormatError

__all__ = ["Bits"]


class Bits:
    """Bits of a byte string, the lowest of a byte first as in JPEG XL, or the highest.

    Parameters
    ----------
    data : bytes
        Where they are.
    at : int
        The byte to begin with.
    highest_first : bool
        As AV1 orders them.
    """

    def __init__(self, data: bytes, at: int, *, highest_first: bool = False) -> None:
        self._data = data
        self._bit = 8 * at
        self._highest_first = highest_first

    def read(self, count: int) -> int:
        """Read a whole number of `count` bits."""
        start, self._bit = self._bit, self._bit + count
        first, last = start >> 3, (self._bit + 7) >> 3
        if last > len(self._data):
            raise ArchiveFormatError("an image ends within its header")
        piece = self._data[first:last]
        if self._highest_first:
            value = int.from_bytes(piece, "big") >> (8 * last - self._bit)
        else:
            value = int.from_bytes(piece, "little") >> (start & 7)
        return value & ((1 << count) - 1)

    def u32(self, *choices: tuple[int, int]) -> int:
        """Read a number of JPEG XL in one of four ranges, each (bits, offset)."""
        bits, offset = choices[self.read(2)]
        return self.read(bits) + offset

    def u64(self) -> int:
        """Read a number of JPEG XL of at most 8 bits and a little; longer ones are refused."""
        bits, offset = ((0, 0), (4, 1), (8, 17), (0, -1))[self.read(2)]
        value = self.read(bits) + offset
        if value < 0:
            raise ArchiveFormatError("an image has flags in its header that nobody knows")
        return value

    @property
    def next_byte(self) -> int:
        """The first byte that is not begun yet."""
        return (self._bit + 7) >> 3
