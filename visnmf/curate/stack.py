"""Parts as one 16-bit TIFF that ImageJ opens as a stack."""

from __future__ import annotations

import io
from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visnmf.errors import InvalidInputError

__all__ = ["check_stack", "stack_bytes"]

_LARGEST = 4 * 10**9  # bytes: offsets in ImageJ's TIFF have 32 bits


def check_stack(planes: NDArray[Any]) -> None:
    """Refuse what an ImageJ TIFF cannot hold, before it is made."""
    size = 2 * planes.size
    if size > _LARGEST:
        raise InvalidInputError(
            f"a stack of {size:,} bytes is too large for a TIFF of ImageJ ({_LARGEST:,}): choose "
            "one channel, or three (channels=), or write single pictures"
        )


def stack_bytes(planes: NDArray[Any], white: NDArray[Any], names: Sequence[str]) -> bytes:
    """Return a TIFF of 16 bits, a slice a part.

    Parameters
    ----------
    planes : ndarray, shape (k, h, w) or (k, h, w, channels)
        The parts, not negative.
    white : ndarray, shape (k,)
        The value that becomes 65535, of each.
    names : sequence of str
        The labels of the slices; of several channels each has it, with its number.

    Returns
    -------
    bytes
        As tifffile writes it for ImageJ: of several channels a hyperstack, three of them
        shown as color.
    """
    import tifffile

    scale = 65535 / white.astype(np.float64)
    levels = np.empty(planes.shape, np.uint16)
    for k, plane in enumerate(planes):
        levels[k] = np.rint(plane * scale[k])
    channels = planes.shape[3] if planes.ndim == 4 else 1
    # Labels end with a line break in ImageJ; they are printable, so have none inside
    labels = [
        name if channels == 1 else f"{name}, channel {c + 1}"
        for name in names
        for c in range(channels)
    ]
    metadata: dict[str, Any] = {"axes": "ZYX", "Labels": labels}
    if channels > 1:
        levels = np.moveaxis(levels, 3, 1)
        metadata |= {"axes": "ZCYX", "mode": "composite" if channels <= 7 else "grayscale"}
    content = io.BytesIO()
    tifffile.imwrite(content, levels, imagej=True, metadata=metadata)
    return content.getvalue()
