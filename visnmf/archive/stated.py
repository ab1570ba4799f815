"""What coded images say of themselves, read without decoding them.

A decoder makes room for what the header of an image says, not for what an archive needs; so the
header is read first and must say exactly what is wanted. The parsers know what the encoders of
`visnmf.archive.coders` write and refuse the rest of each format: containers, animations, alpha,
tiles, layers, profiles, thumbnails. That is fewer lines, and fewer surprises in a decoder.

What a header cannot show is not checked: entropy coded data that makes a decoder slow, or the
transforms within a group of JPEG XL, which libjxl limits by itself.
"""

from __future__ import annotations

import math
import re
from dataclasses import dataclass
from typing import NoReturn

import numpy as np
from numpy.typing import DTypeLike

from visnmf.archive.registry import MAX_SAMPLES, MAX_SIDES, Coder
from visnmf.archive.stated_boxes import read_avif
from visnmf.archive.stated_jxl import read_jxl
from visnmf.errors import ArchiveFormatError

__all__ = ["Stated", "check", "stated_size"]

_MAX_SCANS = 16  # libjpeg writes at most 10 of a progressive image
_MARKER = re.compile(rb"\xff+[^\x00\xff\xd0-\xd7]")


@dataclass(frozen=True)
class Stated:
    """What the header of a coded image says.

    Parameters
    ----------
    height, width, channels : int
        Of the image.
    bits : int
        Of a level.
    """

    height: int
    width: int
    channels: int
    bits: int


def stated_size(coder: int, data: bytes) -> Stated:
    """Read what a coded image says of itself.

    Parameters
    ----------
    coder : Coder
        One of images.
    data : bytes
        The coded image, whole.

    Raises
    ------
    ArchiveFormatError
        Its header makes no sense, has what no contact sheet needs, or `coder` codes no images.
    """
    if coder in (Coder.JXL, Coder.JXL_LOSSY):
        image = read_jxl(data)
        return Stated(image.height, image.width, image.channels, image.bits)
    if coder == Coder.AVIF:
        return Stated(*read_avif(data))
    if coder == Coder.WEBP:
        return _webp(data)
    if coder == Coder.JPEG:
        return _jpeg(data)
    if coder == Coder.JPEGLS:
        return _jpegls(data)
    if coder == Coder.JPEG2000:
        return _jpeg2000(data)
    raise ArchiveFormatError(f"{coder!r:.40} is no coder of images")


def check(coder: int, data: bytes, shape: tuple[int, ...], dtype: DTypeLike) -> None:
    """Refuse a coded image that does not say it is what is wanted.

    Parameters
    ----------
    coder : Coder
        One of images.
    data : bytes
        The coded image, whole.
    shape : tuple of int
        (height, width) or (height, width, 3).
    dtype : dtype
        uint8 or uint16.

    Raises
    ------
    ArchiveFormatError
        It says something else, or nobody should make such an image.
    """
    check_wanted(coder, shape, dtype)
    stated = stated_size(coder, data)
    channels = 3 if len(shape) == 3 or coder == Coder.WEBP else 1  # WebP has no gray
    wanted = Stated(shape[0], shape[1], channels, 8 * np.dtype(dtype).itemsize)
    if stated != wanted:
        raise ArchiveFormatError(
            f"a coded image says that it is of {stated.height} x {stated.width} pixels, "
            f"{stated.channels} channels and {stated.bits} bits; the archive says "
            f"{wanted.height} x {wanted.width}, {wanted.channels} and {wanted.bits}"
        )


def check_wanted(coder: int, shape: tuple[int, ...], dtype: DTypeLike) -> None:
    """Refuse shapes and types that no coder of ours makes, and coders that make no images."""
    if coder not in MAX_SIDES:
        raise ArchiveFormatError(f"{coder!r:.40} is no coder of images")
    if np.dtype(dtype) not in (np.uint8, np.uint16):
        raise ArchiveFormatError(f"images are of uint8 or uint16, not {dtype!r:.40}")
    right = len(shape) in (2, 3) and min(shape) >= 1 and shape[2:] in ((), (3,))
    if not right or max(shape) > MAX_SIDES[Coder(coder)] or math.prod(shape) > MAX_SAMPLES:
        raise ArchiveFormatError(
            f"{Coder(coder).name} holds no image of shape {shape!r:.80}: need (height, width) or "
            f"(height, width, 3), at most {MAX_SIDES[Coder(coder)]} a side and "
            f"{MAX_SAMPLES} numbers in all"
        )


def _refuse(name: str, what: str) -> NoReturn:
    raise ArchiveFormatError(f"a {name} image that cannot be read safely: {what}")


def _number(data: bytes, at: int, length: int) -> int:
    return int.from_bytes(data[at : at + length], "big")


def _webp(data: bytes) -> Stated:
    """Read a simple lossy file: RIFF, one chunk "VP8 ", one key frame (RFC 6386, RFC 9649)."""
    if len(data) < 30 or data[:4] != b"RIFF" or data[8:16] != b"WEBPVP8 ":
        _refuse("WebP", "no simple lossy file")
    riff, chunk = (int.from_bytes(data[at : at + 4], "little") for at in (4, 16))
    if riff + 8 != len(data) or chunk + (chunk & 1) + 20 != len(data):
        _refuse("WebP", "it is not as long as it says")
    if data[20] & 1 or data[23:26] != b"\x9d\x01\x2a":
        _refuse("WebP", "no key frame")
    width, height = (int.from_bytes(data[at : at + 2], "little") & 0x3FFF for at in (26, 28))
    return Stated(height, width, 3, 8)


def _segments(data: bytes, name: str, known: dict[int, int]) -> list[tuple[int, int, int]]:
    """Return (marker, start, end) of the segments of a JPEG up to its first scan.

    `known` gives for each marker how often it may come.
    """
    if data[:2] != b"\xff\xd8":
        _refuse(name, "no such file")
    at, found, left = 2, [], dict(known)
    while True:
        marker, length = _number(data, at, 2), _number(data, at + 2, 2)
        if length < 2 or at + 2 + length > len(data):
            _refuse(name, "it ends within its header")
        if left.get(marker, 0) < 1:
            _refuse(name, f"a segment {marker:04x}, or too many")
        left[marker] -= 1
        found.append((marker, at + 4, at + 2 + length))
        at += 2 + length
        if marker == 0xFFDA:
            return found


def _frame_header(data: bytes, name: str, segments: list[tuple[int, int, int]]) -> Stated:
    """Read the one frame header (SOF) of a JPEG or JPEG-LS; no subsampled channels."""
    frames = [s for s in segments if s[0] in (0xFFC0, 0xFFC1, 0xFFC2, 0xFFF7)]
    if len(frames) != 1:
        _refuse(name, "not one frame")
    _, start, end = frames[0]
    channels = _number(data, start + 5, 1)
    if channels not in (1, 3) or end - start != 6 + 3 * channels:
        _refuse(name, f"{channels} channels")
    if channels == 3 and any(data[start + 7 + 3 * c] != 0x11 for c in range(3)):
        _refuse(name, "channels of different sizes")
    height, width = _number(data, start + 1, 2), _number(data, start + 3, 2)
    return Stated(height, width, channels, _number(data, start, 1))


def _jpeg(data: bytes) -> Stated:
    """Read a sequential or progressive file (ITU-T T.81); its scans are counted."""
    tables = {0xFFE0: 1, 0xFFDB: 4, 0xFFC4: 8, 0xFFDA: 1}
    segments = _segments(data, "JPEG", {**tables, 0xFFC0: 1, 0xFFC1: 1, 0xFFC2: 1})
    stated, at, scans = _frame_header(data, "JPEG", segments), segments[-1][2], 1
    while True:
        found = _MARKER.search(data, at)
        if found is None:
            _refuse("JPEG", "it has no end")
        kind, at = found.group()[-1], found.end()
        if kind == 0xD9:
            break
        scans += kind == 0xDA
        if kind not in (0xC4, 0xDA) or scans > _MAX_SCANS:
            _refuse("JPEG", f"a segment {kind:02x} after its first scan, or too many scans")
        at += max(2, _number(data, at, 2))
    if at != len(data):
        _refuse("JPEG", "more after its end")
    return stated


def _jpegls(data: bytes) -> Stated:
    """Read a JPEG-LS file (ITU-T T.87): a frame header, perhaps presets, a scan."""
    if data[-2:] != b"\xff\xd9":  # CharLS takes seconds to see it
        _refuse("JPEG-LS", "cut short")
    segments = _segments(data, "JPEG-LS", {0xFFF7: 1, 0xFFF8: 1, 0xFFDA: 1})
    if any(marker == 0xFFF8 and data[start] != 1 for marker, start, _ in segments):
        _refuse("JPEG-LS", "tables, or a size of its own")
    return _frame_header(data, "JPEG-LS", segments)


def _jpeg2000(data: bytes) -> Stated:
    """Read a codestream (ITU-T T.800): one tile, one layer, large precincts and blocks."""
    if data[:4] != b"\xff\x4f\xff\x51" or data[-2:] != b"\xff\xd9":
        _refuse("JPEG 2000", "no bare codestream, or cut short")
    width, height, left, top, tile_width, tile_height, tile_left, tile_top = (
        _number(data, at, 4) for at in range(8, 40, 4)
    )
    channels = _number(data, 40, 2)
    if channels not in (1, 3) or _number(data, 4, 2) != 38 + 3 * channels:
        _refuse("JPEG 2000", f"{channels} channels")
    if (left, top, tile_left, tile_top, tile_width, tile_height) != (0, 0, 0, 0, width, height):
        _refuse("JPEG 2000", "tiles, or a picture that is put aside")
    depths = {data[42 + 3 * c : 45 + 3 * c] for c in range(channels)}
    if depths not in ({b"\x07\x01\x01"}, {b"\x0f\x01\x01"}):
        _refuse("JPEG 2000", "channels of other sizes or bits")
    at, seen = 42 + 3 * channels, set()
    while (marker := _number(data, at, 2)) in (0xFF52, 0xFF5C) and marker not in seen:
        length = _number(data, at + 2, 2)
        if marker == 0xFF52:
            _coding_style(data[at + 4 : at + 2 + length])
        seen.add(marker)
        at += 2 + max(2, length)
    if marker != 0xFF90 or seen != {0xFF52, 0xFF5C} or data[at + 12 : at + 14] != b"\xff\x93":
        _refuse("JPEG 2000", "a header that is not as ours")
    whole = (10, 0, len(data) - at - 2)  # of this tile, all there is
    if (_number(data, at + 2, 2), _number(data, at + 4, 2), _number(data, at + 6, 4)) != whole:
        _refuse("JPEG 2000", "several tiles, or cut short")
    return Stated(height, width, channels, data[42] + 1)


def _coding_style(cod: bytes) -> None:
    """Check that nothing is cut so small that a decoder needs more room than for the picture."""
    if len(cod) < 10 or cod[0] not in (0, 1) or cod[2:4] != b"\0\x01" or cod[5] > 32:
        _refuse("JPEG 2000", "layers, or markers within its data")
    precincts = cod[10:]
    if len(precincts) != (cod[5] + 1 if cod[0] else 0):
        _refuse("JPEG 2000", "precincts that make no sense")
    if any(p >> 4 < 7 or p & 15 < 7 for p in precincts) or cod[6:8] != b"\x04\x04":
        _refuse("JPEG 2000", "small precincts or blocks")
