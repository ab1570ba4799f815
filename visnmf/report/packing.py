"""Arrays as text in a page: whole numbers with a scale each row, and pictures on sheets."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["bits_as_text", "image_sheets", "quantized"]

_SIDE = 4096  # of a sheet: what browsers on phones draw without trouble


def quantized(rows: NDArray[Any], bits: int) -> dict[str, Any]:
    """Keep non-negative rows as whole numbers, each with the scale that gives it back.

    Parameters
    ----------
    rows : ndarray, shape (k, length)
        Non-negative.
    bits : {8, 16}
        Of a number. An entry is off by half of the row's largest over ``2**bits - 1`` at most.

    Returns
    -------
    dict
        ``bits``, ``scales`` (one a row) and ``values``, little-endian, in base64.
    """
    levels = 2**bits - 1
    tops = rows.max(axis=1, initial=0.0).astype(np.float64)
    factors = np.divide(levels, tops, out=np.zeros_like(tops), where=tops > 0)
    whole = np.rint(rows * factors[:, None]).astype("<u2" if bits == 16 else np.uint8)
    return {"bits": bits, "scales": (tops / levels).tolist(), "values": _text(whole.tobytes())}


def bits_as_text(mask: NDArray[np.bool_]) -> str:
    """Return a mask as packed bits in base64."""
    return _text(np.packbits(mask).tobytes())


def image_sheets(
    pictures: NDArray[np.uint8], seen: NDArray[np.bool_] | None = None
) -> list[dict[str, Any]]:
    """Lay pictures out on PNG sheets, without loss.

    Parameters
    ----------
    pictures : ndarray, shape (n, height, width, 1 or 3), uint8
    seen : ndarray of bool, shape (height, width) or (n, height, width), optional
        Where there is something to see; the sheets are transparent elsewhere.

    Returns
    -------
    list of dict
        ``uri``, ``columns`` (pictures in a row) and ``count`` of each sheet, in order.
    """
    n, height, width, _ = pictures.shape
    if seen is not None:
        seen = np.broadcast_to(seen, (n, height, width))
        alpha = np.where(seen, 255, 0).astype(np.uint8)[..., None]
        pictures = np.concatenate([np.where(seen[..., None], pictures, 0), alpha], axis=-1)
    most_across, most_down = max(1, _SIDE // width), max(1, _SIDE // height)
    across = min(most_across, max(1, round(np.sqrt(n * height / width))))
    step = across * most_down
    sheets = []
    for first in range(0, n, step):
        some = pictures[first : first + step]
        sheets.append({"uri": _png(_grid(some, across)), "columns": across, "count": len(some)})
    return sheets


def _grid(pictures: NDArray[np.uint8], across: int) -> NDArray[np.uint8]:
    n, height, width, channels = pictures.shape
    down = -(-n // across)
    grid = np.zeros((down * across, height, width, channels), np.uint8)
    grid[:n] = pictures
    grid = grid.reshape(down, across, height, width, channels).swapaxes(1, 2)
    return np.ascontiguousarray(grid).reshape(down * height, across * width, channels)


def _png(pixels: NDArray[np.uint8]) -> str:
    """Return gray, gray with alpha, RGB or RGBA as a data URI."""
    from PIL import Image

    file = io.BytesIO()
    image = Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels)
    image.save(file, "PNG", compress_level=3)  # half the time of 6, a twentieth larger
    return "data:image/png;base64," + _text(file.getvalue())


def _text(content: bytes) -> str:
    return base64.b64encode(content).decode("ascii")
