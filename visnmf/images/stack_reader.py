"""Stacks of pictures in .npy and .npz files, read without trusting them."""

from __future__ import annotations

import math
import zipfile
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visnmf.errors import ImageReadError
from visnmf.images.frames import check_memory

__all__ = ["STACK_SUFFIXES", "read_stack"]

STACK_SUFFIXES = frozenset({".npy", ".npz"})
_USUAL_KEYS = ("images", "cube")


def read_stack(path: str, key: str | None = None) -> NDArray[Any]:
    """Read the array of a .npy file, or one array of a .npz file.

    Parameters
    ----------
    path : str
        The file. Nothing pickled is ever loaded.
    key : str, optional
        Name of the array in a .npz file; by default the only one, or the one named
        "images" or "cube".

    Returns
    -------
    values : array
        As stored.

    Raises
    ------
    ImageReadError
        If the file is damaged, holds objects, or is larger than memory.
    """
    try:
        return _read_npz(path, key) if path.lower().endswith(".npz") else _read_npy(path)
    except ImageReadError:
        raise
    except Exception as error:  # NumPy and zipfile raise all sorts on damaged files
        raise ImageReadError(path, _reason(error)) from error


def _read_npy(path: str) -> NDArray[Any]:
    # A memory map is refused where the header promises more than the file holds.
    mapped = np.load(path, mmap_mode="r", allow_pickle=False)
    check_memory(path, mapped.nbytes, "the array")
    return np.array(mapped)


def _read_npz(path: str, key: str | None) -> NDArray[Any]:
    with zipfile.ZipFile(path) as archive:
        sizes = {info.filename.removesuffix(".npy"): info.file_size for info in archive.infolist()}
        key = _chosen(path, sizes, key)
        with archive.open(f"{key}.npy") as member:
            version = np.lib.format.read_magic(member)
            read_header = (
                np.lib.format.read_array_header_1_0
                if version == (1, 0)
                else np.lib.format.read_array_header_2_0
            )
            shape, _, dtype = read_header(member)
        nbytes = math.prod(shape) * dtype.itemsize
        if nbytes > sizes[key]:
            raise ImageReadError(path, f"the array {key!r} is cut off or damaged")
        check_memory(path, nbytes, f"the array {key!r}")
    with np.load(path, allow_pickle=False) as arrays:
        values: NDArray[Any] = arrays[key]
        return values


def _chosen(path: str, sizes: dict[str, int], key: str | None) -> str:
    if key is not None:
        if key in sizes:
            return key
        raise ImageReadError(path, f"has no array {key!r}; it has {', '.join(sizes)}")
    usual = [name for name in _USUAL_KEYS if name in sizes]
    if len(sizes) == 1:
        return next(iter(sizes))
    if len(usual) == 1:
        return usual[0]
    raise ImageReadError(
        path, f"holds {len(sizes)} arrays ({', '.join(sizes)}); choose one with key=..."
    )


def _reason(error: Exception) -> str:
    text = str(error) or type(error).__name__
    if "pickle" in text or "Object arrays" in text or "Python objects" in text:
        return "holds Python objects, which are never loaded; save plain numbers"
    return f"cannot be read as an array of numbers: {text}"
