"""Datasets in HDF5 files, read a few pictures at a time."""

from __future__ import annotations

import os
import threading
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visnmf.errors import ImageReadError, InvalidInputError, MissingDependencyError

__all__ = ["HDF5_SUFFIXES", "Hdf5Array", "open_hdf5"]

HDF5_SUFFIXES = (".h5", ".hdf5", ".hdf", ".hd5", ".he5")
_USUAL = "images"


def _import_h5py() -> Any:
    try:
        import h5py
    except ImportError as error:
        raise MissingDependencyError(
            "HDF5 files need the package h5py: pip install 'visnmf[big]'"
        ) from error
    return h5py


def open_hdf5(path: str, key: str | None = None) -> Hdf5Array:
    """Open a dataset for reading.

    Parameters
    ----------
    path : str
        The file.
    key : str, optional
        Which dataset; by default the only one, or the one called "images".

    Raises
    ------
    ImageReadError
        If the file is damaged or cut off, or has no such dataset.
    """
    file = _opened(path)
    found: list[str] = []
    h5py = _import_h5py()
    file.visititems(lambda name, node: found.append(name) if _is_dataset(node) else None)
    if key is None:
        usual = [name for name in found if name.rsplit("/", 1)[-1] == _USUAL]
        if len(found) != 1 and len(usual) != 1:
            names = f" ({', '.join(found[:8])})" if found else ""
            raise ImageReadError(
                path, f"holds {len(found)} datasets{names}; choose one with key=..."
            )
        key = found[0] if len(found) == 1 else usual[0]
    dataset = file.get(key)
    if not isinstance(dataset, h5py.Dataset):
        raise ImageReadError(path, f"has no dataset {key!r}; it has {', '.join(found[:8])}")
    return Hdf5Array(dataset)


class Hdf5Array:
    """One dataset of an HDF5 file.

    Parameters
    ----------
    dataset : h5py.Dataset
        Open for reading. Processes that this is sent to open its file anew.
    """

    def __init__(self, dataset: Any) -> None:
        self.path = str(dataset.file.filename)
        self.key = str(dataset.name)
        self.name = self.path
        if dataset.dtype.kind not in "buif":
            raise InvalidInputError(
                f"pictures must be real numbers, got a dataset of {dataset.dtype}"
            )
        self.shape: tuple[int, ...] = tuple(dataset.shape)
        self.dtype = np.dtype(dataset.dtype).newbyteorder("=")
        self.step: int = int(dataset.chunks[0]) if dataset.chunks else 1
        self._dataset = dataset
        self._process = os.getpid()
        self._lock = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        kept = {name: value for name, value in vars(self).items() if name != "_lock"}
        return {**kept, "_dataset": None}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _lock=threading.Lock())

    def read(self, first: int, last: int, stride: int = 1) -> NDArray[Any]:
        """Return pictures, or raise ImageReadError that names the chunk and its images."""
        try:
            values = self._opened()[first:last:stride]
        except ImageReadError:
            raise
        except Exception as error:  # HDF5 raises all sorts on damaged files
            start = first // self.step * self.step
            end = min(start + self.step, self.shape[0]) - 1
            raise ImageReadError(
                f"{self.path}, dataset {self.key}, images {start} to {end}",
                f"cannot be read, damaged or cut off: {error or type(error).__name__}",
            ) from error
        return np.asarray(values).astype(self.dtype, copy=False)

    def _opened(self) -> Any:
        with self._lock:
            if self._dataset is None or self._process != os.getpid() or not self._dataset:
                self._dataset = _opened(self.path).get(self.key)
                self._process = os.getpid()
                if self._dataset is None or tuple(self._dataset.shape) != self.shape:
                    self._dataset = None
                    raise ImageReadError(self.path, f"has no dataset {self.key!r} any more")
            return self._dataset


def _opened(path: str) -> Any:
    h5py = _import_h5py()
    try:
        return h5py.File(path, "r")
    except OSError as error:
        raise ImageReadError(path, f"cannot be opened as an HDF5 file: {error}") from error


def _is_dataset(node: Any) -> bool:
    return hasattr(node, "dtype") and hasattr(node, "chunks") and len(node.shape or ()) in (3, 4)
