"""Images to bytes by well-kept libraries, and back with nothing believed.

Nothing is decoded before the coded bytes themselves say that they hold what is wanted, its exact
height, width, channels and bits (`visnmf.archive.stated`), and what was decoded is looked at
again. Whatever a library raises on damaged bytes becomes an `ArchiveFormatError`.

An image is an array of levels: uint8 or uint16, (height, width) or (height, width, 3).
"""

from __future__ import annotations

import math
from typing import Any

import numpy as np
from numpy.typing import DTypeLike, NDArray

from visnmf.archive.lossy import LOSSY, LossyCodec, lossy_codec
from visnmf.archive.packed import pack_bytes, unpack_bytes
from visnmf.archive.registry import MAX_SAMPLES, MAX_SIDES, Coder
from visnmf.archive.stated import check, check_wanted
from visnmf.archive.stated_jxl import bare_jxl
from visnmf.errors import ArchiveFormatError, ArchiveTooLargeError, InvalidInputError

__all__ = [
    "LOSSY",
    "PLAIN",
    "MAX_SAMPLES",
    "MAX_SIDES",
    "Coder",
    "LossyCodec",
    "decode_image",
    "encode_image",
    "encode_near",
    "lossy_codec",
    "pack_bytes",
    "unpack_bytes",
]

Levels = NDArray[np.uint8] | NDArray[np.uint16]

PLAIN = (Coder.RAW, Coder.ZSTD, Coder.BROTLI, Coder.LZMA)
_QUICK_EFFORTS = (3, 5, 7)
"""Of JPEG XL, tried beside 9: noisy sheets take 1 to 3 % less by them, since trees learned from
noise do not pay, in half of the time of 9."""

_FEW_BYTES = 4096  # of levels; above it plain bytes never win over JPEG XL


def encode_image(levels: Levels, effort: int = 9) -> tuple[Coder, bytes]:
    """Write an image so that every level comes back, in the fewest bytes.

    The smallest of JPEG XL, JPEG-LS (which wins on some noise of 16 bits), plain bytes (which win
    on noise alone) and, where the image is small, of plain packed bytes (which win on a few pixels,
    and on one level throughout).

    Parameters
    ----------
    levels : ndarray of uint8 or uint16, shape (height, width) or (height, width, 3)
        The image; no side may be empty, and no more than `MAX_SAMPLES` numbers.
    effort : int
        Of JPEG XL, 1 to 10. From 9 on quick ones are tried too, which win on noise. At 10 both 9
        and 10 are tried, in three to four times the time; few levels in long rows, such as
        quantized encodings, take 6 to 9 % less by it.

    Returns
    -------
    coder : Coder
        What to decode with.
    data : bytes
        The same levels give the same bytes.

    Raises
    ------
    InvalidInputError
        Such an image cannot be written.

    Examples
    --------
    >>> levels = np.arange(12, dtype=np.uint16).reshape(3, 4)
    >>> coder, data = encode_image(levels)
    >>> np.array_equal(decode_image(coder, data, (3, 4), np.uint16), levels)
    True
    """
    levels = _checked(levels)
    if not 1 <= effort <= 10:
        raise InvalidInputError(f"the effort of JPEG XL is 1 to 10, not {effort}")
    height, width = levels.shape[:2]
    found: list[tuple[Coder, bytes]] = []
    if max(height, width) <= MAX_SIDES[Coder.JXL]:
        efforts = (effort,) if effort < 9 else (*_QUICK_EFFORTS, *range(9, effort + 1))
        found += [(Coder.JXL, _jxl(levels, effort)) for effort in efforts]
    if max(height, width) <= MAX_SIDES[Coder.JPEGLS]:
        found.append((Coder.JPEGLS, _jpegls(levels, 0)))
    found = [(coder, data) for coder, data in found if _is_readable(coder, data, levels)]
    if levels.nbytes <= _FEW_BYTES or not found:
        found.append(pack_bytes(_plain(levels)))
    elif min(len(data) for _, data in found) > levels.nbytes:
        found.append((Coder.RAW, _plain(levels)))
    return min(found, key=lambda pair: len(pair[1]))


def encode_near(levels: Levels, error: int) -> bytes:
    """Write an image by near-lossless JPEG-LS: every level comes back within `error`.

    Of three channels each comes back within `error`; they are coded pixel by pixel, with no
    color transform between them, so that it may take less to code them apart.

    Parameters
    ----------
    levels : ndarray of uint8 or uint16, shape (height, width) or (height, width, 3)
        The image, at most 65535 pixels a side.
    error : int
        0 to 127 for uint8, 0 to 255 for uint16, as far as the format goes.

    Returns
    -------
    data : bytes
        To decode as `Coder.JPEGLS`.

    Raises
    ------
    InvalidInputError
        Such an image, or such an error, cannot be written.
    """
    levels = _checked(levels)
    greatest = 127 if levels.dtype == np.uint8 else 255
    if error != int(error) or not 0 <= error <= greatest:
        raise InvalidInputError(
            f"the error of JPEG-LS is a whole number from 0 to {greatest} for {levels.dtype}, "
            f"not {error}"
        )
    if max(levels.shape) > MAX_SIDES[Coder.JPEGLS]:
        raise InvalidInputError(f"JPEG-LS takes at most 65535 pixels a side, not {levels.shape}")
    return _jpegls(levels, int(error))


def decode_image(coder: int, data: bytes, shape: tuple[int, ...], dtype: DTypeLike) -> NDArray[Any]:
    """Read an image of a known shape and type, in one thread.

    Parameters
    ----------
    coder : Coder
        Any of images, lossy ones too; RAW, ZSTD, BROTLI and LZMA hold plain levels.
    data : bytes
        The coded image, whole.
    shape : tuple of int
        (height, width) or (height, width, 3).
    dtype : dtype
        uint8 or uint16.

    Returns
    -------
    levels : ndarray of `dtype`, of `shape`
        A new array.

    Raises
    ------
    ArchiveFormatError
        The bytes do not say that they hold such an image, or are damaged.
    ArchiveTooLargeError
        There is not enough memory.
    """
    dtype = np.dtype(dtype)
    if coder in PLAIN:
        check_wanted(coder, shape, dtype)
        size = math.prod(shape) * dtype.itemsize
        plain = unpack_bytes(coder, data, size)
        if len(plain) != size:
            raise ArchiveFormatError(f"an image of {len(plain)} bytes where {size} are needed")
        read = np.frombuffer(plain, dtype.newbyteorder("<")).reshape(shape)
        return read.astype(dtype)
    check(coder, data, shape, dtype)
    try:
        levels = _decode(coder, data)
    except MemoryError as error:
        raise ArchiveTooLargeError(
            f"an image of {Coder(coder).name} is {tuple(shape)}: there is not enough memory"
        ) from error
    except Exception as error:  # each library has errors of its own
        raise ArchiveFormatError(f"an image of {Coder(coder).name} is damaged: {error}") from error
    if coder == Coder.WEBP and len(shape) == 2 and levels.ndim == 3:
        levels = np.ascontiguousarray(levels[..., 1])  # green is nearest to what was written
    if levels.shape != tuple(shape) or levels.dtype != dtype:
        raise ArchiveFormatError(
            f"an image of {Coder(coder).name} decodes to {levels.dtype} {levels.shape}; "
            f"the archive says {dtype} {tuple(shape)}"
        )
    return levels


def _decode(coder: int, data: bytes) -> NDArray[Any]:
    import imagecodecs

    if coder in (Coder.JXL, Coder.JXL_LOSSY):
        return imagecodecs.jpegxl_decode(data, numthreads=1)
    if coder == Coder.JPEGLS:
        return imagecodecs.jpegls_decode(data)
    if coder == Coder.AVIF:
        return imagecodecs.avif_decode(data, numthreads=1)
    if coder == Coder.WEBP:
        return imagecodecs.webp_decode(data)
    if coder == Coder.JPEG:
        return imagecodecs.jpeg8_decode(data)
    return imagecodecs.jpeg2k_decode(data, numthreads=1)


def _plain(levels: Levels) -> bytes:
    return levels.astype(levels.dtype.newbyteorder("<")).tobytes()


def _checked(levels: Levels) -> Levels:
    """Return an image whose numbers lie in a row, or tell why it is none."""
    right = levels.ndim == 2 or (levels.ndim == 3 and levels.shape[2] == 3)
    if not right or not levels.size or levels.dtype not in (np.uint8, np.uint16):
        raise InvalidInputError(
            "an image to code is of uint8 or uint16 and (height, width) or (height, width, 3), "
            f"not {levels.dtype} {levels.shape}"
        )
    if levels.size > MAX_SAMPLES or max(levels.shape) > MAX_SIDES[Coder.RAW]:
        raise InvalidInputError(
            f"an image of {levels.shape} is too large: at most {MAX_SAMPLES} numbers and "
            f"{MAX_SIDES[Coder.RAW]} a side; lay it on several"
        )
    return levels if levels.flags.c_contiguous else levels.copy()


def _is_readable(coder: Coder, data: bytes, levels: Levels) -> bool:
    """Tell whether the header is as we would accept it: another version may write another."""
    try:
        check(coder, data, levels.shape, levels.dtype)
    except ArchiveFormatError:
        return False
    return True


def _jxl(levels: Levels, effort: int) -> bytes:
    import imagecodecs

    data = imagecodecs.jpegxl_encode(levels, lossless=True, effort=effort, numthreads=1)
    return bare_jxl(bytes(data))


def _jpegls(levels: Levels, error: int) -> bytes:
    """Return JPEG-LS without the notes that CharLS puts before the frame header."""
    import imagecodecs

    room = 4 * levels.nbytes + 4096  # noise takes more than its levels
    data = bytes(imagecodecs.jpegls_encode(levels, level=error, out=room))
    return data[:2] + data[data.index(b"\xff\xf7") :]
