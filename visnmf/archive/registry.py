"""The coders that an archive may name, by numbers that never change, and how much they may hold."""

from __future__ import annotations

from enum import IntEnum

__all__ = ["MAX_SAMPLES", "MAX_SIDES", "Coder"]


class Coder(IntEnum):
    """What turned numbers into bytes; a byte in the file, so that a number never changes."""

    RAW = 0
    ZSTD = 1
    JXL = 2  # lossless JPEG XL
    JPEGLS = 3  # lossless or near-lossless
    BROTLI = 5  # 4 is free
    LZMA = 6  # LZMA2 with the settings of `visnmf.archive.packed`
    AVIF = 16  # from here on lossy contact sheets
    JXL_LOSSY = 17
    WEBP = 18
    JPEG = 19
    JPEG2000 = 20


MAX_SAMPLES = 2**28
"""Numbers in one image at most: height x width x channels."""

MAX_SIDES: dict[Coder, int] = {
    Coder.RAW: 2**24,  # plain levels, low byte first
    Coder.ZSTD: 2**24,
    Coder.BROTLI: 2**24,
    Coder.LZMA: 2**24,
    Coder.JXL: 2**20,  # the format goes to 2^30; the library keeps a little for each 256 of it
    Coder.JPEGLS: 65535,
    Coder.AVIF: 32768,  # libavif reads no larger one
    Coder.JXL_LOSSY: 2**20,
    Coder.WEBP: 16383,
    Coder.JPEG: 65500,  # libjpeg writes no larger one
    Coder.JPEG2000: 65535,
}
"""The greatest height or width of an image by its coder."""
