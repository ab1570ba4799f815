"""What an AVIF file says of itself: its boxes, and the sequence header of AV1 in them.

ISO/IEC 14496-12 and 23008-12 (boxes and items), AV1 Image File Format, AV1 Bitstream
Specification. The box `ispe` tells one size and the sequence header another; a decoder makes
room for the second, so that both must be the same. One still picture is read; sequences, grids,
alpha, turned or cropped pictures and ICC profiles are refused.
"""

from __future__ import annotations

from collections.abc import Iterator
from typing import NoReturn

from visnmf.archive.stated_bits import Bits
from visnmf.errors import ArchiveFormatError

__all__ = ["read_avif"]

_MAX_BOXES = 16
_SEQUENCE, _DELIMITER, _FRAME = 1, 2, 6  # kinds of OBU
_META = {b"hdlr", b"pitm", b"iloc", b"iinf", b"iprp"}
_PROPERTIES = {b"ispe", b"pixi", b"av1C", b"colr"}


def read_avif(data: bytes) -> tuple[int, int, int, int]:
    """Return height, width, channels and bits of the one picture in an AVIF file.

    Raises
    ------
    ArchiveFormatError
        The file makes no sense, or has more in it than one still picture.
    """
    top = _boxes(data, 0, len(data), {b"ftyp", b"meta", b"mdat"})
    if {b"ftyp", b"meta", b"mdat"} - set(top):
        _refuse("a part is missing")
    if data[slice(*top[b"ftyp"])][:4] != b"avif":
        _refuse("no still picture")
    start, end = top[b"meta"]
    meta = _boxes(data, start + 4, end, _META)  # 4: its version and flags
    if {b"iloc", b"iinf", b"iprp"} - set(meta):
        _refuse("a part of its description is missing")
    _one_item(data[slice(*meta[b"iinf"])])
    stated = _properties(data, *meta[b"iprp"])
    first, last = _extent(data[slice(*meta[b"iloc"])])
    if not top[b"mdat"][0] <= first < last <= top[b"mdat"][1]:
        _refuse("its picture lies outside of the file")
    if _av1(data[first:last]) != stated:
        _refuse("its picture is of another size or kind than its description")
    return stated


def _refuse(what: str) -> NoReturn:
    raise ArchiveFormatError(f"an AVIF image that cannot be read safely: {what}")


def _walk(data: bytes, start: int, end: int) -> Iterator[tuple[bytes, int, int]]:
    """Yield kind, start and end of what is in each box."""
    for _ in range(_MAX_BOXES):
        if start == end:
            return
        size = int.from_bytes(data[start : start + 4], "big")
        if size < 8 or size > end - start:
            _refuse(f"a box of {size} bytes where {end - start} are left")
        yield data[start + 4 : start + 8], start + 8, start + size
        start += size
    _refuse(f"more than {_MAX_BOXES} boxes in a row")


def _boxes(data: bytes, start: int, end: int, known: set[bytes]) -> dict[bytes, tuple[int, int]]:
    """Return where the content of each box is; each kind once, and no other kinds."""
    found: dict[bytes, tuple[int, int]] = {}
    for kind, first, last in _walk(data, start, end):
        if kind not in known or kind in found:
            _refuse(f"a box {kind!r}, or two")
        found[kind] = (first, last)
    return found


def _one_item(iinf: bytes) -> None:
    """Check that there is one item, of AV1."""
    if iinf[:6] != b"\0\0\0\0\0\x01" or len(iinf) < 22:
        _refuse("not one picture")
    if iinf[10:14] != b"infe" or iinf[22:26] != b"av01":
        _refuse("its picture is not of AV1")


def _extent(iloc: bytes) -> tuple[int, int]:
    """Return where the one item begins and ends in the file."""
    # version 0 and flags; 4 bytes for offsets and lengths, none for a base; one item, its
    # number, that it is in this file; one extent
    if len(iloc) != 22 or iloc[:8] != b"\0\0\0\0\x44\0\0\x01" or iloc[10:14] != b"\0\0\0\x01":
        _refuse("its picture is in more than one piece")
    first = int.from_bytes(iloc[14:18], "big")
    return first, first + int.from_bytes(iloc[18:22], "big")


def _properties(data: bytes, start: int, end: int) -> tuple[int, int, int, int]:
    """Return height, width, channels and bits by the properties of the item."""
    parts = _boxes(data, start, end, {b"ipco", b"ipma"})
    if b"ipco" not in parts:
        _refuse("its properties are missing")
    properties = _boxes(data, *parts[b"ipco"], _PROPERTIES)
    if {b"ispe", b"pixi", b"av1C"} - set(properties):
        _refuse("its size or its kind is missing")
    if b"colr" in properties and data[slice(*properties[b"colr"])][:4] != b"nclx":
        _refuse("an ICC profile")
    ispe, pixi = (data[slice(*properties[kind])] for kind in (b"ispe", b"pixi"))
    if len(ispe) != 12 or len(pixi) < 6 or len(pixi) != 5 + pixi[4] or len(set(pixi[5:])) != 1:
        _refuse("its size or its bits make no sense")
    height, width = int.from_bytes(ispe[8:], "big"), int.from_bytes(ispe[4:8], "big")
    return height, width, pixi[4], pixi[5]


def _av1(data: bytes) -> tuple[int, int, int, int]:
    """Return height, width, channels and bits by the one sequence header of AV1."""
    at, kinds, stated = 0, [], (0, 0, 0, 0)
    while at < len(data):
        kind, flags = data[at] >> 3, data[at] & 7
        if flags != 2 or kind not in (_SEQUENCE, _DELIMITER, _FRAME) or kind in kinds:
            _refuse("more in its picture than one frame")
        kinds.append(kind)
        size, at = _leb128(data, at + 1)
        if size > len(data) - at:
            _refuse("its picture is cut short")
        if kind == _SEQUENCE:
            stated = _sequence(data[at : at + size])
        at += size
    if kinds not in ([_DELIMITER, _SEQUENCE, _FRAME], [_SEQUENCE, _FRAME]):
        _refuse("its picture has no frame, or not in order")
    return stated


def _leb128(data: bytes, at: int) -> tuple[int, int]:
    """Read a length of AV1; return it and where it ended."""
    value = 0
    for i, byte in enumerate(data[at : at + 5]):
        value |= (byte & 127) << (7 * i)
        if byte < 128:
            return value, at + i + 1
    _refuse("a length that does not end")


def _sequence(data: bytes) -> tuple[int, int, int, int]:
    """Read a sequence header of a still picture in its short form."""
    bits = Bits(data, 0, highest_first=True)
    profile = bits.read(3)
    if bits.read(2) != 3:
        _refuse("not a still picture")
    bits.read(5)  # the level
    wide, high = bits.read(4) + 1, bits.read(4) + 1
    width, height = bits.read(wide) + 1, bits.read(high) + 1
    bits.read(6)  # tools
    if bits.read(1):
        _refuse("more than 8 bits")
    mono = 0 if profile == 1 else bits.read(1)
    return height, width, 1 if mono else 3, 8
