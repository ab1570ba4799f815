"""Where arrays of the size of H are made: in memory, or in files that are mapped into it."""

from __future__ import annotations

import os
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

from visnmf.errors import InvalidInputError

__all__ = ["Rooms"]


class Rooms:
    """Room for arrays (rank x n), each image's numbers beside each other.

    Parameters
    ----------
    shape : (int, int)
        Rank and n.
    dtype : dtype
        Of the numbers.
    folder : str or path, optional
        Where files are made; memory, if not given. The files have no names there, and are
        gone with the last array that is mapped from them, however the process ends.
    """

    def __init__(
        self,
        shape: tuple[int, int],
        dtype: np.dtype[Any],
        folder: str | os.PathLike[str] | None = None,
    ) -> None:
        self.shape, self.dtype = shape, dtype
        self.folder = None if folder is None else Path(folder)
        if self.folder is not None and not self.folder.is_dir():
            raise InvalidInputError(f"there is no folder {self.folder} to keep H in; make it first")

    def make(self) -> np.ndarray:
        """Return an array of zeros (rank, n)."""
        rank, n = self.shape
        if self.folder is None:
            return np.zeros((n, rank), self.dtype).T
        size = max(1, rank * n * np.dtype(self.dtype).itemsize)
        try:
            with tempfile.TemporaryFile(dir=self.folder) as file:
                if hasattr(
                    os, "posix_fallocate"
                ):  # to write where no room is would end the process
                    os.posix_fallocate(file.fileno(), 0, size)
                return np.memmap(file, self.dtype, "w+", shape=(n, rank)).T
        except OSError as error:
            raise InvalidInputError(
                f"{self.folder} has no room for {size:,} bytes of encodings, of which a run keeps "
                f"four times ({error}); give scratch= a folder on another disk"
            ) from error
