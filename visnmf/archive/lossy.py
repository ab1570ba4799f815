"""Lossy codecs of contact sheets, each with fixed settings and one quality to search over.

The settings are the same wherever two of them are compared:

- JPEG: libjpeg-turbo, optimized Huffman tables, RGB as YCbCr 4:4:4, the smaller of a sequential
  file (imagecodecs) and a progressive one (Pillow); quality 1 to 100, whole. Qualities above 95
  do help: 100 is 8 to 13 dB above 95.
- WebP: libwebp, lossy, method 6; quality 0 to 100, whole; gray goes as RGB with three times
  the same channel, of which green is read back. At most 16383 a side.
- JPEG 2000: OpenJPEG, a bare codestream, irreversible 9/7 wavelet, RGB by the irreversible color
  transform, one tile, 64 x 64 code blocks, one layer allotted by distortion; the quality is the
  PSNR in dB that the allotment aims at, any number 10 to 100 (about right where it can be).
- JPEG XL: libjxl, VarDCT in XYB, effort 7; the quality is the Butteraugli distance, any number
  0.01 (best) to 25 (worst).
- AVIF: Pillow (libavif, libaom), speed 4, tuned for PSNR, one thread; gray as 4:0:0, RGB as
  4:4:4 in BT.601, full range; quality 0 to 100, whole. At most 32768 a side.

Only JPEG 2000 and JPEG XL take 16 bits.
"""

from __future__ import annotations

import io
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visnmf.archive.registry import MAX_SAMPLES, MAX_SIDES, Coder
from visnmf.archive.stated_jxl import bare_jxl
from visnmf.errors import InvalidInputError

__all__ = ["LOSSY", "LossyCodec", "lossy_codec"]

Levels = NDArray[np.uint8] | NDArray[np.uint16]


@dataclass(frozen=True)
class LossyCodec:
    """One way to write a contact sheet that is not read back to the level.

    Parameters
    ----------
    coder : Coder
        Its number in a file.
    name : str
        For people.
    best, worst : float
        The ends of its quality; either may be the greater number.
    whole : bool
        Whether a quality must be a whole number.
    exact : bool
        Whether gray decodes to the same levels on every machine and by every version, as the
        format demands: only then can a residual be kept to what it decodes to. JPEG leaves the
        last digit to the decoder; the others that are not exact compute in floating point.
    bits : tuple of int
        Bits of a level that it takes.
    """

    coder: Coder
    name: str
    best: float
    worst: float
    whole: bool
    exact: bool
    bits: tuple[int, ...]
    encoder: Callable[[Any, Any], bytes]

    def takes(self, levels: Levels) -> bool:
        """Tell whether an image of this shape and type can be written."""
        fits = max(levels.shape[:2]) <= MAX_SIDES[self.coder] and levels.size <= MAX_SAMPLES
        return fits and levels.dtype.itemsize * 8 in self.bits

    def encode(self, levels: Levels, quality: float) -> bytes:
        """Write an image at a quality.

        Parameters
        ----------
        levels : ndarray of uint8 or uint16, shape (height, width) or (height, width, 3)
            The image.
        quality : float
            Between `worst` and `best`.

        Raises
        ------
        InvalidInputError
            The codec does not take such an image or such a quality.
        """
        low, high = sorted((self.best, self.worst))
        if not low <= quality <= high or (self.whole and quality != int(quality)):
            kind = "a whole number" if self.whole else "a number"
            raise InvalidInputError(
                f"the quality of {self.name} is {kind} from {low:g} to {high:g}, not {quality}"
            )
        if not self.takes(levels):
            raise InvalidInputError(
                f"{self.name} takes images of {' or '.join(map(str, self.bits))} bits of at most "
                f"{MAX_SIDES[self.coder]} pixels a side, not {levels.dtype} {levels.shape}"
            )
        exactly = int(quality) if self.whole else float(quality)
        return self.encoder(np.ascontiguousarray(levels), exactly)


def _jpeg(levels: Levels, quality: int) -> bytes:
    import imagecodecs

    sequential = bytes(
        imagecodecs.jpeg8_encode(levels, level=quality, subsampling="444", optimize=True)
    )
    # Pillow gives a progressive file this much room and fails beyond, which is noise
    room = levels.shape[0] * levels.shape[1] * (2 if quality >= 95 else 1)
    if 5 * len(sequential) > 4 * max(room, 2**16):
        return sequential
    progressive = _by_pillow(
        levels, "JPEG", quality=quality, subsampling="4:4:4", optimize=True, progressive=True
    )
    return min(sequential, progressive, key=len)


def _webp(levels: Levels, quality: int) -> bytes:
    import imagecodecs

    rgb = np.repeat(levels[..., None], 3, axis=2) if levels.ndim == 2 else levels
    settings: dict[str, Any] = {"lossless": False, "method": 6, "numthreads": 1}
    return bytes(imagecodecs.webp_encode(rgb, level=quality, **settings))


def _jpeg2000(levels: Levels, quality: float) -> bytes:
    import imagecodecs

    settings: dict[str, Any] = {"level": quality, "codecformat": "j2k", "reversible": False}
    data = bytes(imagecodecs.jpeg2k_encode(levels, numthreads=1, **settings))
    at = data.find(b"\xff\x64")  # a comment in its header, which names the version of OpenJPEG
    if not 0 < at < data.find(b"\xff\x90"):
        return data
    return data[:at] + data[at + 2 + int.from_bytes(data[at + 2 : at + 4], "big") :]


def _jxl(levels: Levels, quality: float) -> bytes:
    import imagecodecs

    data = imagecodecs.jpegxl_encode(levels, distance=quality, effort=7, numthreads=1)
    return bare_jxl(bytes(data))


def _avif(levels: Levels, quality: int) -> bytes:
    return _by_pillow(
        levels,
        "AVIF",
        quality=quality,
        speed=4,
        max_threads=1,
        advanced={"tune": "psnr"},
        subsampling="4:0:0" if levels.ndim == 2 else "4:4:4",
    )


def _by_pillow(levels: Levels, kind: str, **settings: Any) -> bytes:
    from PIL import Image

    file = io.BytesIO()
    Image.fromarray(levels).save(file, kind, **settings)
    return file.getvalue()


LOSSY: tuple[LossyCodec, ...] = (
    LossyCodec(Coder.JPEG, "JPEG", 100, 1, True, False, (8,), _jpeg),
    LossyCodec(Coder.WEBP, "WebP", 100, 0, True, True, (8,), _webp),
    LossyCodec(Coder.JPEG2000, "JPEG 2000", 100.0, 10.0, False, False, (8, 16), _jpeg2000),
    LossyCodec(Coder.JXL_LOSSY, "JPEG XL", 0.01, 25.0, False, False, (8, 16), _jxl),
    LossyCodec(Coder.AVIF, "AVIF", 100, 0, True, True, (8,), _avif),
)
"""Every lossy codec, the quick ones first."""


def lossy_codec(coder: Coder) -> LossyCodec:
    """Return the lossy codec of a number."""
    for codec in LOSSY:
        if codec.coder == coder:
            return codec
    raise InvalidInputError(f"{Coder(coder).name} is no lossy codec of contact sheets")
