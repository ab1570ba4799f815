"""Encodings in a folder that several processes reach: versions of them, block by block.

A file is written once, under a name of its own, and appears whole. So a task that is done
twice, since its worker was lost or slow, writes the same file again, and harms nobody.
"""

from __future__ import annotations

import shutil
import socket
import tempfile
import threading
import weakref
from dataclasses import dataclass, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np

from visnmf.errors import ClusterError
from visnmf.files import written_atomically

__all__ = ["Store", "Version", "load_request", "new_store"]


_HEADERS = threading.Lock()  # Python 3.11 fails where two threads parse literals at a time


@dataclass(frozen=True)
class Version:
    """Encodings of all images, as files hold them.

    Parameters
    ----------
    number : int
        Which files.
    way : bool
        Whether the way that led to them counts, or they are where the next step begins afresh.
    order : ndarray of int, optional
        Which row of the files is which part.
    scale : ndarray (rank,), optional
        What these are to be multiplied by.
    """

    number: int
    way: bool = False
    order: np.ndarray | None = None
    scale: np.ndarray | None = None

    def scaled(self, factors: np.ndarray) -> Version:
        """Return the same with rows multiplied."""
        return replace(self, scale=factors if self.scale is None else self.scale * factors)

    def permuted(self, order: np.ndarray) -> Version:
        """Return the same with rows in another order."""
        return replace(
            self,
            order=order if self.order is None else self.order[order],
            scale=None if self.scale is None else self.scale[order],
        )


@dataclass(frozen=True)
class Store:
    """A folder of versions.

    Parameters
    ----------
    folder : str
        Where; all who read and write reach it.
    """

    folder: str

    def write(self, number: int, first: int, *encodings: np.ndarray) -> None:
        """Write the encodings of a block that begins at an image.

        Parameters
        ----------
        number, first : int
            The version, and the image.
        *encodings : ndarray (rank, k)
            Where their step ended, and the encodings as extrapolated; or only one of these.
        """
        self._save(self._path(number, first), np.stack(encodings))

    def read(self, version: Version, first: int) -> tuple[np.ndarray, np.ndarray]:
        """Return where the step to the encodings of a block ended, and the encodings.

        Both are (rank, k), of the caller's own.
        """
        found = _load(self._path(version.number, first))
        if version.order is not None:
            found = found[:, version.order]
        if version.scale is not None:
            found = found * version.scale[:, None].astype(found.dtype)
        best = found[-1]
        return (found[0] if version.way and len(found) > 1 else best.copy()), best

    def write_parts(self, number: int, W: np.ndarray) -> str:
        """Write W' for all to read; return the name of the file."""
        path = Path(self.folder) / f"{number:08d}-parts.npy"
        self._save(path, W)
        return str(path)

    def note(self, first: int, numbers: np.ndarray) -> None:
        """Write down what is known of a block that begins at an image, over what was there."""
        self._save(self._notes(first), numbers)

    def noted(self, first: int) -> np.ndarray | None:
        """Return what was written down of a block, if anything was."""
        path = self._notes(first)
        return _load(path) if path.exists() else None

    def drop(self, number: int, firsts: list[int]) -> None:
        """Delete a version."""
        for first in firsts:
            self._path(number, first).unlink(missing_ok=True)

    def _path(self, number: int, first: int) -> Path:
        return Path(self.folder) / f"{number:08d}-{first:012d}.npy"

    def _notes(self, first: int) -> Path:
        return Path(self.folder) / f"notes-{first:012d}.npy"

    def _save(self, path: Path, values: np.ndarray) -> None:
        if not path.parent.is_dir():
            raise _unreached(path)
        with written_atomically(path, sync=False) as file:
            np.save(file, values, allow_pickle=False)


def new_store(folder: str | None) -> tuple[Store, Any]:
    """Return a store in a new folder within one, and what deletes it when called."""
    own = tempfile.mkdtemp(prefix="visnmf-", dir=folder)
    store = Store(str(Path(own).absolute()))
    return store, weakref.finalize(store, shutil.rmtree, store.folder, ignore_errors=True)


@lru_cache(maxsize=2)
def load_request(path: str) -> np.ndarray:
    """Return W' as `Store.write_parts` wrote it; once in a process, however many tasks ask."""
    W = _load(Path(path))
    W.flags.writeable = False
    return W


def _load(path: Path) -> np.ndarray:
    try:
        with path.open("rb") as file:
            with _HEADERS:
                np.lib.format.read_magic(file)
                shape, turned, dtype = np.lib.format.read_array_header_1_0(file)
            values = np.fromfile(file, dtype)
    except FileNotFoundError as error:
        raise _unreached(path) from error
    return values.reshape(shape, order="F" if turned else "C")


def _unreached(path: Path) -> ClusterError:
    return ClusterError(
        f"the worker on {socket.gethostname()} does not find {path}, where the encodings are "
        "kept; give scratch= a folder that all workers reach under one name"
    )
