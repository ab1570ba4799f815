"""Arrays in zarr stores: folders and .zip files, read chunk by chunk."""

from __future__ import annotations

import itertools
import os
import threading
import zipfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visnmf.errors import ImageReadError, InvalidInputError, MissingDependencyError

__all__ = ["ZarrArray", "import_zarr", "is_zarr", "open_zarr", "pick_array"]

_MARKS = ("zarr.json", ".zarray", ".zgroup")
_USUAL = "images"


def import_zarr() -> Any:
    """Return the module zarr, or tell how to install it."""
    try:
        import zarr
    except ImportError as error:
        raise MissingDependencyError(
            "zarr arrays need the package zarr, version 3 or later: pip install 'visnmf[big]'"
        ) from error
    return zarr


def is_zarr(path: str) -> bool:
    """Tell whether a path is a zarr store, by what lies in it or by its name."""
    if os.path.isdir(path):
        return any(os.path.exists(os.path.join(path, mark)) for mark in _MARKS)
    return path.lower().endswith(".zip") and os.path.isfile(path)


def open_zarr(path: str) -> Any:
    """Open a store for reading.

    Parameters
    ----------
    path : str
        A folder or .zip file.

    Returns
    -------
    node : zarr.Array or zarr.Group

    Raises
    ------
    ImageReadError
        If it is no zarr store, or damaged.
    """
    zarr = import_zarr()
    try:
        store = zarr.storage.ZipStore(path, mode="r") if os.path.isfile(path) else path
        return zarr.open(store, mode="r")
    except Exception as error:  # zarr, zipfile and JSON raise all sorts on damaged stores
        raise ImageReadError(
            path, f"cannot be opened as a zarr store: {error or type(error).__name__}"
        ) from error


def pick_array(node: Any, path: str, key: str | None) -> Any:
    """Return the array of a store that holds pictures: by its key, the only one, or "images"."""
    zarr = import_zarr()
    if isinstance(node, zarr.Array):
        if key is not None:
            raise ImageReadError(path, f"is one array, and has no {key!r}; leave key out")
        return node
    names = sorted(name for name, _ in node.arrays())
    if key is None and (_USUAL in names or len(names) == 1):
        key = _USUAL if _USUAL in names else names[0]
    if key is None:
        raise ImageReadError(
            path, f"holds {len(names)} arrays ({', '.join(names)}); choose one with key=..."
        )
    found = node.get(key)
    if not isinstance(found, zarr.Array):
        raise ImageReadError(path, f"has no array {key!r}; it has {', '.join(names) or 'none'}")
    return found


class ZarrArray:
    """One array of a zarr store.

    A chunk that is not there means the fill value to zarr. In an array that is known to have been
    written in full it is lost data, and told so; of arrays of other origin this cannot be known.

    Parameters
    ----------
    array : zarr.Array
        Open for reading.
    path : str, optional
        Its store; where given, processes that this is sent to open it anew.
    whole : bool
        Whether the array was written in full, so that chunks which are not there are lost.

    Raises
    ------
    ImageReadError
        If its chunks could run code as they are read.
    """

    def __init__(self, array: Any, path: str | None = None, *, whole: bool = False) -> None:
        self.path = path
        self.key = str(array.path)
        self.name = path if path is not None else str(array.store_path)
        _refuse_pickles(array, self.name)
        self.shape: tuple[int, ...] = tuple(array.shape)
        self.dtype = np.dtype(array.dtype).newbyteorder("=")
        self.step: int = int(array.chunks[0]) if array.chunks else 1
        self.whole = whole
        self._array = array
        self._process = os.getpid()
        self._listed: frozenset[str] | None = None
        self._seen: set[str] = set()  # chunks that were there
        self._lock = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        state = {name: value for name, value in vars(self).items() if name != "_lock"}
        if self.path is not None:
            state.update(_array=None, _listed=None)
        return state

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _lock=threading.Lock())

    def read(self, first: int, last: int, stride: int = 1) -> NDArray[Any]:
        """Return pictures, or raise ImageReadError that names the chunk and its images."""
        array = self._opened()
        place = f"{self.name}, {self._told(array, first)}"
        self._check_present(array, first, last, place)
        try:
            values = array[first:last:stride]
        except Exception as error:  # codecs raise all sorts on damaged chunks
            raise ImageReadError(
                place, f"cannot be read, it is damaged or cut off: {_reason(error)}"
            ) from error
        return np.asarray(values).astype(self.dtype, copy=False)

    def _opened(self) -> Any:
        with self._lock:
            if self._array is None or (self.path is not None and self._process != os.getpid()):
                assert self.path is not None
                node = open_zarr(self.path)
                self._array = node[self.key] if self.key else node
                self._process = os.getpid()
            return self._array

    def _outer(self, array: Any) -> tuple[int, ...]:
        """Return the shape of what lies in one file: a shard, or a chunk."""
        return tuple(array.shards or array.chunks)

    def _told(self, array: Any, first: int) -> str:
        """Name the chunk that a picture lies in, and its pictures."""
        key = self._keys(array, first, first + 1)[0]
        start = first // self.step * self.step
        last = min(start + self.step, self.shape[0]) - 1
        return f"chunk {key} (images {start} to {last})"

    def _keys(self, array: Any, first: int, last: int) -> list[str]:
        """Return the keys of the files that hold some pictures."""
        outer = self._outer(array)
        grid = [range(first // outer[0], (last - 1) // outer[0] + 1)]
        grid += [range(-(-size // chunk)) for size, chunk in zip(self.shape, outer, strict=True)][
            1:
        ]
        prefix = f"{self.key}/" if self.key else ""
        return [
            prefix + array.metadata.encode_chunk_key(place) for place in itertools.product(*grid)
        ]

    def _check_present(self, array: Any, first: int, last: int, place: str) -> None:
        for key in self._keys(array, first, last):
            if self._is_there(key):
                self._seen.add(key)
            elif self.whole or key in self._seen:
                raise ImageReadError(place, f"the chunk {key} is not there any more")

    def _is_there(self, key: str) -> bool:
        if self.path is None:
            return True
        if os.path.isdir(self.path):
            return os.path.exists(os.path.join(self.path, *key.split("/")))
        with self._lock:
            if self._listed is None:
                try:
                    with zipfile.ZipFile(self.path) as file:
                        self._listed = frozenset(file.namelist())
                except (OSError, zipfile.BadZipFile):  # nor is anything else
                    return False
            return key in self._listed


def _refuse_pickles(array: Any, name: str) -> None:
    """Refuse arrays of zarr's second version whose chunks are pickles: reading runs code."""
    codecs = [*(array.filters or ()), *(array.compressors or ())]
    if np.dtype(array.dtype).kind not in "buif":
        raise InvalidInputError(f"pictures must be real numbers, got an array of {array.dtype}")
    if any("pickle" in str(getattr(codec, "codec_id", codec)).lower() for codec in codecs):
        raise ImageReadError(name, "holds Python objects, which are never loaded")


def _reason(error: Exception) -> str:
    return str(error) or type(error).__name__
