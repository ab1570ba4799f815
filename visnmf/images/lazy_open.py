"""From whatever holds pictures to LazyImages: `load_images` with ``lazy=True``."""

from __future__ import annotations

import os
from collections.abc import Callable
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

import numpy as np

from visnmf.errors import ImageReadError, InvalidInputError
from visnmf.images.layout import ImageLayout
from visnmf.images.lazy import LazyImages
from visnmf.images.lazy_arrays import ArrayStore, InMemory, NpyFile, StoredArray, from_memmap
from visnmf.images.lazy_columns import LazyColumns, Store
from visnmf.images.lazy_files import FileStore
from visnmf.images.lazy_hdf5 import HDF5_SUFFIXES, Hdf5Array, open_hdf5
from visnmf.images.lazy_video import VideoStore
from visnmf.images.lazy_zarr import ZarrArray, is_zarr, open_zarr, pick_array
from visnmf.images.naming import checked_paths, frame_names, labels_of, loading_step
from visnmf.images.packing import range_of
from visnmf.images.packs import Pack, pack_of
from visnmf.images.settings import Wanted
from visnmf.images.sources import VIDEO_SUFFIXES, find_pictures, short_names

__all__ = ["is_chunked", "open_lazy"]


def is_chunked(source: object) -> bool:
    """Tell whether a source is a zarr array or an HDF5 dataset: a path, or open."""
    if isinstance(source, (str, os.PathLike)):
        path = os.fspath(source)
        return is_zarr(path) or (path.lower().endswith(HDF5_SUFFIXES) and os.path.isfile(path))
    return _is_from(source, "zarr", "Array") or _is_from(source, "h5py", "Dataset")


def open_lazy(
    source: Any,
    wanted: Wanted,
    *,
    recursive: bool = False,
    labels: Any = None,
    on_error: str = "raise",
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> LazyImages:
    """Open pictures without reading them all.

    Parameters
    ----------
    source, recursive, labels, on_error, workers, progress
        As of `load.load_images`; also an open zarr array or HDF5 dataset.
    wanted : Wanted
        What is wanted of each picture.

    Returns
    -------
    images : LazyImages

    Raises
    ------
    ImageReadError, InvalidInputError
        As of `load.load_images`.
    """
    if wanted.cube:
        raise InvalidInputError(
            f'cube="{wanted.cube}" needs the whole cube in memory; load it without lazy'
        )
    path = os.fspath(source) if isinstance(source, (str, os.PathLike)) else None
    by_folder = isinstance(labels, str) and labels == "folder"
    if path is not None and path.lower().endswith(".npz"):
        raise InvalidInputError(
            f"{path}: a .npz file can only be read whole; load it without lazy, or make it a "
            f"zarr array once: visnmf pack {path} images.zarr"
        )
    opened = _array_of(source, path, wanted) or _files_of(
        path if path is not None else checked_paths(source),
        wanted,
        recursive=recursive or by_folder,
        on_error=on_error,
        workers=workers,
        progress=progress,
    )
    pack, store = opened.pack, opened.store
    columns = _columns(opened, wanted, on_error, progress)
    step = loading_step(wanted, columns.layout.shape[:2])
    names = opened.names
    told: Any = None
    if labels is not None:
        listed = names or ([] if pack is None else pack.names(_picked(store)))
        told = labels_of(labels, listed, opened.files, opened.paths)
    elif pack is not None:
        told = pack.labels(_picked(store))
    return LazyImages(
        columns,
        names if pack is None else partial(pack.names, _picked(store)),
        told,
        source=opened.told,
        preparation=[step] if pack is None else pack.prepared(step, wanted),
    )


@dataclass
class _Opened:
    """A store, what its pictures are called, and the files that they are in."""

    store: Store
    told: str
    names: list[str] | None
    files: np.ndarray[Any, np.dtype[np.intp]]
    paths: list[str]
    pack: Pack | None = None


def _array_of(source: Any, path: str | None, wanted: Wanted) -> _Opened | None:
    """Open a source that is one array, or return None."""
    pack = None
    array: StoredArray
    if isinstance(source, np.memmap):
        array = from_memmap(source)
    elif isinstance(source, np.ndarray):
        array = InMemory(source)
    elif path is None and _is_from(source, "zarr", "Array"):
        array = ZarrArray(source)
    elif path is None and _is_from(source, "h5py", "Dataset"):
        array = Hdf5Array(source)
    elif path is None:
        return None
    elif is_zarr(path):
        node = open_zarr(path)
        pack = pack_of(node, path) if wanted.reading.key is None else None
        found = pick_array(node, path, wanted.reading.key)
        array = ZarrArray(found, path, whole=pack is not None)
    elif not os.path.isfile(path):
        return None
    elif path.lower().endswith(HDF5_SUFFIXES):
        array = open_hdf5(path, wanted.reading.key)
    elif path.lower().endswith(".npy"):
        array = NpyFile(path)
    else:
        return None
    try:
        store = ArrayStore(array, wanted)
    except InvalidInputError as error:
        if path is None:
            raise
        raise ImageReadError(path, str(error)) from error
    n = store.n
    return _Opened(store, array.name, None, np.arange(n), [array.name] * n, pack)


def _files_of(
    source: str | list[str],
    wanted: Wanted,
    *,
    recursive: bool,
    on_error: str,
    workers: int | None,
    progress: Callable[[int, int], None] | None,
) -> _Opened:
    paths = find_pictures(source, recursive=recursive)
    store: FileStore | VideoStore
    if len(paths) == 1 and os.path.splitext(paths[0])[1].lower() in VIDEO_SUFFIXES:
        store = VideoStore(paths[0], wanted, progress)
        files = np.zeros(store.n, dtype=np.intp)
    else:
        name = source if isinstance(source, str) else f"{len(paths)} files"
        store = FileStore(paths, wanted, name=name, skip=on_error != "raise", workers=workers)
        files = store.files
    told = source if isinstance(source, str) else f"{len(paths)} files"
    folder = source if isinstance(source, str) and os.path.isdir(source) else None
    names = frame_names(short_names(paths, folder), files, wanted.reading.frames)
    return _Opened(store, told, names, files, paths)


def _columns(
    opened: _Opened,
    wanted: Wanted,
    on_error: str,
    progress: Callable[[int, int], None] | None,
) -> LazyColumns:
    """Settle the layout; where nothing tells what white is, by a look at all pictures."""
    store: Any = opened.store
    height, width, channels = (*store.shape, 1)[:3]
    dtype = store.ready_dtype.name if store.ready_dtype.itemsize <= 8 else "float64"
    given, mask = wanted.value_range, wanted.mask
    if opened.pack is not None:
        packed = opened.pack.layout
        given = given or (packed.low, packed.high)
        if mask is None and (height, width) == packed.shape[:2]:
            mask = packed.mask
    layout = ImageLayout(height, width, channels, mask, dtype=dtype)
    fixed = given is not None or store.full is None
    columns = LazyColumns(store, layout, fixed=fixed, on_error=on_error)
    bounds = columns.bounds(progress) if given is None and store.full is None else np.zeros(1)
    low, high = range_of(bounds, store.full, given)
    known = columns.errors
    columns = LazyColumns(
        store, replace(layout, low=low, high=high), fixed=fixed, on_error=on_error
    )
    columns.errors = known
    return columns


def _picked(store: Any) -> range:
    picked: range = store.picked
    return picked


def _is_from(source: object, package: str, name: str) -> bool:
    """Tell whether something is of a class of a package, without importing it."""
    kind = type(source)
    return kind.__name__ == name and kind.__module__.partition(".")[0] == package
