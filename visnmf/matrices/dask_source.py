"""The columns of a dask array, a block of them at a time."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from visnmf.errors import InvalidInputError

__all__ = ["DaskSource", "is_dask"]


def is_dask(V: Any) -> bool:
    """Tell whether V is a dask array."""
    return type(V).__module__.startswith("dask.array") and hasattr(V, "chunks")


class DaskSource:
    """Columns of a dask array (m, n).

    Parameters
    ----------
    array : dask.array.Array (m, n)
        Of any real dtype, with any chunks; those of its columns are joined.
    compute : callable
        Takes what dask is to compute, and returns it.

    Raises
    ------
    InvalidInputError
        If it does not have two dimensions, of known sizes, or its blocks are no real
        NumPy arrays.
    """

    def __init__(self, array: Any, compute: Callable[[Any], Any]) -> None:
        self.name = "the dask array"
        if array.ndim != 2:
            raise InvalidInputError(
                f"V must have two dimensions, pixels x images, but the dask array's shape is "
                f"{array.shape}; V.reshape(n, -1).T makes columns of pictures (n, height, width)"
            )
        if any(math.isnan(size) for size in array.shape):
            raise InvalidInputError(
                "the dask array does not know its shape; call V.compute_chunk_sizes() first"
            )
        if not isinstance(array._meta, np.ndarray):
            raise InvalidInputError(
                f"the blocks of the dask array are {type(array._meta).__name__}, not NumPy "
                "arrays; V.map_blocks(lambda block: block.toarray()) makes them so"
            )
        kind = np.dtype(array.dtype)
        if kind.kind not in "fiub":
            raise InvalidInputError(f"V must hold real numbers, but its dtype is {kind}")
        self.array, self.compute = array, compute
        self.shape: tuple[int, int] = (int(array.shape[0]), int(array.shape[1]))
        narrow = kind.kind in "biu" and kind.itemsize <= 2 or kind in (np.float16, np.float32)
        self.dtype: np.dtype[Any] = np.dtype(np.float32 if narrow else np.float64)
        self.step = int(max(array.chunks[1], default=1)) or 1
        self.lost: dict[int, str] = {}

    def read(self, first: int, last: int) -> np.ndarray:
        """Compute columns first to last - 1, and bring them here."""
        found = np.asarray(self.compute(self.array[:, first:last]))
        return found.astype(self.dtype, order="F", copy=False)

    def parts(self, ranges: list[slice]) -> list[Any]:
        """Return V in these ranges of columns, which cover it, as delayed arrays."""
        widths = tuple(where.stop - where.start for where in ranges)
        whole = self.array.rechunk((self.shape[0], widths))
        return list(whole.to_delayed().ravel())
