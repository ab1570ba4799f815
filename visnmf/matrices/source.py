"""Where the columns of a V that is never whole in memory come from."""

from __future__ import annotations

from typing import Any, Protocol

import numpy as np

__all__ = ["ArraySource", "Source"]


class Source(Protocol):
    """The columns of V, read range by range.

    Whatever reads them (`visnmf.images`, an array on disk) holds paths and no open files, so
    that it can be sent to other processes, and may be read by several threads at once.
    """

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers of pixels m and of images n."""
        ...

    @property
    def dtype(self) -> np.dtype[Any]:
        """The type that `read` gives: float32 or float64."""
        ...

    @property
    def step(self) -> int:
        """How many images are stored together; ranges from one multiple to another read best."""
        ...

    @property
    def block(self) -> int | None:
        """How many images to read at a time; None where nobody has said."""
        ...

    @property
    def name(self) -> str:
        """What messages call it."""
        ...

    @property
    def lost(self) -> dict[int, str]:
        """Images that could not be read, and why; their columns come as zeros.

        Empty where a broken image is an error.
        """
        ...

    def read(self, first: int, last: int) -> np.ndarray:
        """Return columns first to last - 1, (m, last - first), each contiguous.

        Raises
        ------
        ImageReadError
            If some cannot be read and that is an error; it names them.
        """
        ...


class ArraySource:
    """Columns of anything that is sliced as an array (m, n): on disk, or mapped into memory.

    Parameters
    ----------
    array : array_like (m, n)
        numpy.memmap, zarr.Array, h5py.Dataset or the like; of any real dtype.
    name : str
        What messages call it.
    block : int, optional
        How many columns to read at a time.
    """

    def __init__(self, array: Any, name: str, block: int | None = None) -> None:
        self.array = array
        self.name = name
        self.block = block
        self.shape = (int(array.shape[0]), int(array.shape[1]))
        kind = np.dtype(array.dtype)
        narrow = kind.kind in "biu" and kind.itemsize <= 2 or kind in (np.float16, np.float32)
        self.dtype = np.dtype(np.float32 if narrow else np.float64)
        chunks = getattr(array, "chunks", None)
        self.step = int(chunks[1]) if chunks else 1
        self.lost: dict[int, str] = {}

    def read(self, first: int, last: int) -> np.ndarray:
        """Return columns first to last - 1."""
        return np.asarray(self.array[:, first:last]).astype(self.dtype, order="F", copy=False)
