"""What a JPEG XL codestream says of itself: its image, and each of its frames.

ISO/IEC 18181-1. Every frame is walked over, since each may say a size of its own and decoders
make room for it. What the encoder behind `visnmf.archive.coders` does not write is refused:
containers, previews, animations, extra channels, ICC profiles, orientations.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, field
from typing import NoReturn

from visnmf.archive.stated_bits import Bits
from visnmf.errors import ArchiveFormatError

__all__ = ["JxlImage", "bare_jxl", "read_jxl"]

_CODESTREAM = b"\xff\x0a"
_MAX_FRAMES = 4  # libjxl writes one, and one or two of patches before it
_RATIOS = ((1, 1), (12, 10), (4, 3), (3, 2), (16, 9), (5, 4), (2, 1))
_SIDE = ((9, 1), (13, 1), (18, 1), (30, 1))  # U32: bits to read, then what to add
_CROP = ((8, 0), (11, 256), (14, 2304), (30, 18688))
_SIZES = ((10, 0), (14, 1024), (22, 17408), (30, 4211712))
_REGULAR, _REFERENCE = 0, 2
_FLAGS = 2 + 128  # patches; coarse detail as it is
_LEAST_AREA = 2**16  # what patches may take beside a small image


@dataclass(frozen=True)
class JxlImage:
    """What a codestream says.

    Parameters
    ----------
    height, width, channels, bits : int
        Of the image.
    frames : list of tuple of int
        (height, width) of every frame, in order; more than one where patches are kept apart.
    """

    height: int
    width: int
    channels: int
    bits: int
    frames: list[tuple[int, int]] = field(default_factory=list)


def read_jxl(data: bytes) -> JxlImage:
    """Read the headers of a codestream and of its frames.

    Raises
    ------
    ArchiveFormatError
        They make no sense, or say what no contact sheet needs.
    """
    if data[:2] != _CODESTREAM:
        _refuse("no bare codestream")
    bits = Bits(data, 2)
    height, width = _size(bits)
    depth, gray, xyb = _metadata(bits)
    image = JxlImage(height, width, 1 if gray else 3, depth)
    at, last = bits.next_byte, False
    while not last:
        if len(image.frames) == _MAX_FRAMES:
            _refuse(f"more than {_MAX_FRAMES} frames")
        at, last = _frame(data, at, image, xyb=xyb)
    if at != len(data):
        _refuse(f"{len(data)} bytes, of which its frames take {at}")
    return image


def bare_jxl(data: bytes) -> bytes:
    """Return the codestream without the boxes that libjxl puts around some.

    It does so for 16 bits without loss, and above 2^18 pixels a side. Bytes that have no box of a
    codestream are returned as they are.
    """
    at = 0
    while data[:2] != _CODESTREAM and at < len(data):
        size, kind = int.from_bytes(data[at : at + 4], "big"), data[at + 4 : at + 8]
        if kind == b"jxlc":
            return data[at + 8 : at + size if size else None]
        at += max(8, size)
    return data


def _refuse(what: str) -> NoReturn:
    raise ArchiveFormatError(f"a JPEG XL image that cannot be read safely: {what}")


def _size(bits: Bits) -> tuple[int, int]:
    eighths = bits.read(1)
    height = 8 * (bits.read(5) + 1) if eighths else bits.u32(*_SIDE)
    ratio = bits.read(3)
    if ratio:
        over, under = _RATIOS[ratio - 1]
        return height, height * over // under
    return height, 8 * (bits.read(5) + 1) if eighths else bits.u32(*_SIDE)


def _metadata(bits: Bits) -> tuple[int, bool, bool]:
    """Return bits of a level, whether gray, and whether in the colors XYB."""
    depth, gray, xyb = 8, False, True
    if not bits.read(1):  # not all as usual
        depth, gray, xyb = _unusual(bits)
    if not bits.read(1):
        _refuse("a color transform of its own")
    return depth, gray, xyb


def _unusual(bits: Bits) -> tuple[int, bool, bool]:
    if bits.read(1):
        _refuse("an orientation, preview, animation or tone mapping")
    if bits.read(1):
        _refuse("levels in floating point")
    depth = bits.u32((0, 8), (0, 10), (0, 12), (6, 1))
    bits.read(1)  # whether 16 bits suffice the decoder
    if bits.u32((0, 0), (0, 1), (4, 2), (12, 1)):
        _refuse("extra channels")
    xyb = bool(bits.read(1))
    gray = False
    if not bits.read(1):
        gray = _color(bits)
    if bits.u64():
        _refuse("extensions")
    return depth, gray, xyb


def _color(bits: Bits) -> bool:
    """Read how colors are meant; return whether gray."""
    if bits.read(1):
        _refuse("an ICC profile")
    space = _enum(bits)
    if space > 1 or _enum(bits) != 1 or (space == 0 and _enum(bits) != 1):
        _refuse("colors other than gray and sRGB")
    if bits.read(1):
        bits.read(24)  # a gamma
    else:
        _enum(bits)  # a transfer function
    _enum(bits)  # a rendering intent
    return space == 1


def _enum(bits: Bits) -> int:
    return bits.u32((0, 0), (0, 1), (4, 2), (6, 18))


def _frame(data: bytes, at: int, image: JxlImage, *, xyb: bool) -> tuple[int, bool]:
    """Walk over a frame that begins at a byte; return where the next does, and if it is last."""
    bits = Bits(data, at)
    height, width, larger, shift, last = image.height, image.width, 1, 1, True
    if not bits.read(1):
        kind, modular = bits.read(2), bits.read(1)
        if kind not in (_REGULAR, _REFERENCE):
            _refuse("frames of coarse detail")
        if bits.u64() & ~_FLAGS or (not xyb and bits.read(1)):
            _refuse("frames with noise or splines, over coarser ones, or of YCbCr")
        larger = 1 << bits.read(2)  # libjxl halves the image at the greatest distances
        if modular:
            shift = bits.read(2)
        elif xyb:
            bits.read(6)  # finer steps of X and B
        if kind != _REFERENCE and bits.read(2):
            _refuse("more than one pass")
        cropped = bits.read(1)
        if cropped:
            corner = (0, 0) if kind == _REFERENCE else (bits.u32(*_CROP), bits.u32(*_CROP))
            width, height = bits.u32(*_CROP), bits.u32(*_CROP)
            if corner != (0, 0):
                _refuse("frames that are put aside")
        last = _order(bits, kind, partial=bool(cropped))
        _filters(bits, modular=bool(modular))
        if bits.u64():
            _refuse("extensions of a frame")
    image.frames.append((height, width))
    if sum(map(math.prod, image.frames)) > 2 * max(image.height * image.width, _LEAST_AREA):
        _refuse(f"frames of {image.frames}")  # decoders keep those that others refer to
    group = 128 << shift
    height, width = -(-height // larger), -(-width // larger)
    groups = -(-height // group) * -(-width // group)
    coarse = -(-height // (8 * group)) * -(-width // (8 * group))
    entries = 1 if groups == 1 else 2 + coarse + groups
    if entries > 8 * len(data):
        _refuse("a frame of more parts than it has bits")
    if bits.read(1):  # parts in another order, which is coded: libjxl, above 2048 pixels a side
        if not last:
            _refuse("parts that are not in order")
        return len(data), True
    bits = Bits(data, bits.next_byte)
    length = sum(bits.u32(*_SIZES) for _ in range(entries))
    return bits.next_byte + length, last


def _order(bits: Bits, kind: int, *, partial: bool) -> bool:
    """Read how a frame is put on the others; return whether it is the last."""
    last = False
    if kind == _REGULAR:
        if bits.read(2) or partial:
            _refuse("frames that are laid over others")
        last = bool(bits.read(1))
        if not last:
            _refuse("several frames")
    if not last:
        bits.read(2)  # the place where it is kept
        bits.read(1)  # whether before its colors are made
    named = bits.u32((0, 0), (4, 0), (5, 16), (10, 48))
    if named:
        _refuse("frames with names")
    return last


def _filters(bits: Bits, *, modular: bool) -> None:
    """Step over how the edges of blocks are smoothed."""
    if bits.read(1):
        return
    if bits.read(1) and bits.read(1):
        bits.read(6 * 16)
    if bits.read(2):
        if not modular and bits.read(1):
            bits.read(8 * 16)
        if bits.read(1):
            bits.read(5 * 16)
        if bits.read(1):
            bits.read((3 if modular else 4) * 16)
        if modular:
            bits.read(16)
    if bits.u64():
        _refuse("extensions of a filter")
