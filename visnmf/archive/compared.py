"""What the same pictures take as files of their own: PNG without loss, JPEG at the same PSNR."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visnmf.archive.coders import Coder, decode_image, lossy_codec
from visnmf.archive.fidelity import squared_errors, to_psnr
from visnmf.archive.turns import in_turn
from visnmf.images.layout import ImageLayout
from visnmf.images.writing import encode_picture, suffix_of

__all__ = ["Comparison", "compare_files"]

_MOST_VALUES = 4_000_000
_MOST_FILES = 400  # that are written to count their bytes; of more, so many spread over the set


@dataclass(frozen=True)
class Comparison:
    """Bytes of a file for each picture, over the whole set.

    Attributes
    ----------
    png : int
        Files as `visnmf extract` writes them, without loss: PNG, or TIFF where PNG cannot hold
        such pictures.
    kind : str
        "PNG" or "TIFF".
    jpeg : int or None
        JPEG files at the PSNR of the archive, all of one quality; None where JPEG does not take
        such pictures, or no quality of it reaches the PSNR.
    quality : int
        Of the JPEG files.
    estimated : bool
        Whether only some pictures were written, spread over the set.
    """

    png: int
    kind: str
    jpeg: int | None = None
    quality: int = 0
    estimated: bool = False


def compare_files(
    pictures: NDArray[Any], layout: ImageLayout, psnr: float, peak: int
) -> Comparison:
    """Count what pictures take as files of their own.

    Parameters
    ----------
    pictures : ndarray of uint8 or uint16 (n, height, width[, channels])
        Levels.
    layout : ImageLayout
        Of the originals.
    psnr : float
        That JPEG files have to reach over the set; infinite asks for PNG alone.
    peak : int
        The level over which that is taken.

    Returns
    -------
    comparison : Comparison
    """
    n = len(pictures)
    count = max(1, min(n, _MOST_FILES, _MOST_VALUES // pictures[0].size))
    some = pictures if count == n else pictures[np.linspace(0, n - 1, count).astype(np.intp)]
    suffix = suffix_of(layout)
    share = count / n
    png = sum(in_turn(lambda i: len(encode_picture(some[i], suffix)), count))
    kind = {".png": "PNG"}.get(suffix, "TIFF")
    found = _jpeg(some, layout, psnr, peak)
    return Comparison(
        png=round(png / share),
        kind=kind,
        jpeg=None if found is None else round(found[1] / share),
        quality=0 if found is None else found[0],
        estimated=count < n,
    )


def _jpeg(
    pictures: NDArray[Any], layout: ImageLayout, psnr: float, peak: int
) -> tuple[int, int] | None:
    """Return the least quality that reaches a PSNR, and the bytes of all files."""
    codec = lossy_codec(Coder.JPEG)
    if not np.isfinite(psnr) or pictures.shape[3:] not in ((), (3,)):
        return None
    if not codec.takes(pictures[0]):
        return None
    size: dict[int, int] = {}
    mask, values = layout.mask, len(pictures) * layout.m

    def meets(quality: int) -> bool:
        encode = partial(codec.encode, quality=quality)
        size[quality], error = _written(pictures, encode, mask)
        return to_psnr(error, values, peak) >= psnr

    low, high = int(codec.worst) - 1, int(codec.best) + 1
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if meets(middle) else (middle, high)
    return (high, size[high]) if high in size else None


def _written(
    pictures: NDArray[Any], encode: Callable[[Any], bytes], mask: NDArray[np.bool_] | None
) -> tuple[int, float]:
    """Return bytes of files, and the squared error of what comes back."""

    def one(i: int) -> tuple[int, float]:
        data = encode(pictures[i])
        back = decode_image(Coder.JPEG, data, pictures[i].shape, pictures.dtype)
        errors, _ = squared_errors(pictures[i][None], back[None], mask)
        return len(data), float(errors[0])

    done = list(in_turn(one, len(pictures)))
    return sum(size for size, _ in done), sum(error for _, error in done)
