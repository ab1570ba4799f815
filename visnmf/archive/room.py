"""The memory that reading an archive takes, told before any of it is taken.

A file of some hundred bytes may say, and even mean, that it holds a sheet of 2^28 numbers: one
level throughout packs to nothing. So what a call takes at most is counted from the header alone,
and a call that takes more than is allowed is refused before it decodes anything.
"""

from __future__ import annotations

import math
from numbers import Real
from pathlib import Path

from visnmf.archive.header import Base, Header
from visnmf.errors import ArchiveTooLargeError, InvalidInputError

__all__ = ["MAX_MEMORY", "Room"]

MAX_MEMORY = 2**31
"""Bytes that a call may take, unless more or less is said."""
_EACH = 24
"""Bytes for a number that is decoded: codecs take up to 8 of them, and parts in float64, sums and
what is put together from them up to 24."""
_PLACE = 64
"""Bytes for the place of a picture that is asked for."""
_MASK = 4
"""Bytes for a pixel of the mask."""
_NAME = 512
"""Bytes for a name: Python's text, and what sees that no two are alike."""
_LETTER = 4
"""Bytes for a byte of a name."""
_LEAST = 2**24
_KEEP = 2**26


class Room:
    """What reading an archive takes, and how much it may.

    Parameters
    ----------
    path : Path
        The archive, for messages.
    header : Header
        What it says of itself.
    most : int
        Bytes that a call may take.

    Attributes
    ----------
    keep : int
        Bytes of decoded encodings, and as many of decoded sheets, that may stay at hand.
    letters : int
        Bytes that the list of names may have.

    Raises
    ------
    InvalidInputError
        If `most` is no number of bytes, or below 2^24.
    """

    def __init__(self, path: Path, header: Header, most: int = MAX_MEMORY) -> None:
        real = isinstance(most, Real) and not isinstance(most, bool)
        if not real or not _LEAST <= most < math.inf or most != int(most):
            raise InvalidInputError(
                f"max_memory is a number of bytes, {_LEAST} or more, got {most!r:.40}"
            )
        self._path, self._header, self._most = path, header, int(most)
        self.keep = min(_KEEP, self._most // 16)
        self.letters = self._most // _LETTER
        factors, planes = header.base == Base.FACTORS, header.planes
        sheets = (header.base == Base.SHEETS) + (header.step > 0)
        self._picture = header.height * header.width * header.channels
        self._parts = header.rank * self._picture // planes
        self._encodings = header.rank * planes * min(header.n, header.chunk) if factors else 0
        self._sheets = sheets * header.sheet_values
        self._together = max(
            header.chunk if factors else 1, header.sheet_chunk if sheets else 1
        )  # pictures that come of one section

    def pictures(self, count: int, itemsize: int) -> None:
        """See that some pictures may be decoded.

        Parameters
        ----------
        count : int
            How many.
        itemsize : int
            Bytes of a value of what is returned.

        Raises
        ------
        ArchiveTooLargeError
            If it takes too much.
        """
        run = self._picture * min(count, self._together)
        needed = count * (self._picture * itemsize + _PLACE)
        needed += _EACH * (self._parts + self._encodings + self._sheets + run)
        what = "a picture" if count == 1 else f"{count:,} pictures"
        self._see(2 * self.keep + needed, f"to decode {what}")

    def parts(self) -> None:
        """See that the parts may be decoded."""
        self._see(2 * self.keep + _EACH * self._parts, f"to decode {self._header.rank:,} parts")

    def encodings(self) -> None:
        """See that all encodings may be decoded, which takes the parts too."""
        header = self._header
        count = header.rank * header.planes * header.n
        needed = _EACH * (count + self._parts + self._encodings)
        self._see(2 * self.keep + needed, f"to decode {count:,} encodings")

    def mask(self) -> None:
        """See that the mask may be unpacked."""
        header = self._header
        pixels = header.height * header.width
        self._see(_MASK * pixels, f"to unpack a mask of {header.height} x {header.width} pixels")

    def names(self, count: int, nbytes: int) -> None:
        """See that so many names of so many bytes in all may be kept."""
        self._see(_NAME * count + _LETTER * nbytes, f"to keep {count:,} names")

    def batch(self, most: int) -> int:
        """Return how many pictures to decode together where all are wanted one after another."""
        return max(1, min(most, self.keep // (_EACH * self._picture)))

    def _see(self, needed: int, what: str) -> None:
        if needed > self._most:
            raise ArchiveTooLargeError(
                f"{self._path}: {what} may take {_told(needed)} of memory, more than the "
                f"{_told(self._most)} allowed; if the file can be trusted, allow more "
                "(max_memory=, on the command line --max-memory), or ask for fewer at a time"
            )


def _told(nbytes: int) -> str:
    return f"{nbytes / 1e9:,.2f} GB" if nbytes >= 1e8 else f"{nbytes / 1e6:,.1f} MB"
