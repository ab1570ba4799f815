"""How pictures lie in a zarr array: chunks, shards and codecs."""

from __future__ import annotations

import math
from typing import Any

import numpy as np

__all__ = ["chunks_for", "codecs_for"]

_TOGETHER = 64  # images: what solvers sweep at a time
_USUAL, _MOST = 8 << 20, 16 << 20  # bytes a chunk
_FILES = 1000  # chunks, above which several go into a file
_IN_A_FILE = 16


def chunks_for(
    n: int, shape: tuple[int, ...], itemsize: int
) -> tuple[tuple[int, ...], tuple[int, ...] | None]:
    """Return the shape of a chunk, and of the shard of several that makes a file, if any.

    Parameters
    ----------
    n : int
        Pictures.
    shape : tuple of int
        Of one picture.
    itemsize : int
        Bytes a value.

    Returns
    -------
    chunk : tuple of int
        Of whole pictures, in multiples of 64, where these are 16 MB or less; else strips of 64.
    shard : tuple of int or None
        Of whole pictures. None where so few chunks can be files of their own.
    """
    nbytes = math.prod(shape) * itemsize
    images = max(round(_USUAL / nbytes / _TOGETHER), 1) * _TOGETHER
    images = min(images, -(-n // _TOGETHER) * _TOGETHER)
    strips = max(-(-images * nbytes // _MOST), 1)
    height = -(-shape[0] // strips)
    strips = -(-shape[0] // height)
    chunk = (images, height, *shape[1:])
    if -(-n // images) * strips <= _FILES:
        return chunk, None
    return chunk, (images * max(_IN_A_FILE // strips, 1), height * strips, *shape[1:])


def codecs_for(dtype: np.dtype[Any]) -> list[Any]:
    """Return how chunks are compressed, and the checksum that tells a damaged one."""
    from zarr.codecs import BloscCodec, Crc32cCodec

    shuffle: Any = "noshuffle" if dtype.itemsize == 1 else "bitshuffle"
    return [
        BloscCodec(cname="lz4", clevel=5, shuffle=shuffle, typesize=dtype.itemsize),
        Crc32cCodec(),
    ]
