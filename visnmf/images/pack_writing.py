"""pack_images: prepare pictures once, into a zarr array that is read in blocks ever after."""

from __future__ import annotations

import json
import math
import os
import secrets
import shutil
import warnings
from collections.abc import Callable, Iterator
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visnmf.arguments import check_callable, check_path
from visnmf.errors import ImageReadError, InvalidInputError, SkippedImagesWarning
from visnmf.files import errors_named
from visnmf.images.chunking import chunks_for, codecs_for
from visnmf.images.layout import ImageLayout
from visnmf.images.lazy import LazyImages
from visnmf.images.lazy_columns import Piece
from visnmf.images.lazy_zarr import import_zarr
from visnmf.images.load import load_images
from visnmf.images.naming import skipped_message
from visnmf.images.packs import FORMAT, IMAGES, LABELS, NAMES, VERSION, Pack, open_pack
from visnmf.images.settings import check_choice
from visnmf.images.stack_reader import read_stack

__all__ = ["pack_images"]

_TOGETHER = 16 << 20  # bytes handed over at a time: several chunks are compressed at once
_DTYPES = (None, "uint8", "uint16", "float32")


def pack_images(
    source: Any,
    path: str | os.PathLike[str],
    *,
    dtype: str | None = None,
    progress: Callable[[int, int], None] | None = None,
    **options: Any,
) -> Pack:
    """Prepare pictures once: decoded, of one size, in a zarr array that can be read in blocks.

    Pictures pass through a few at a time, so that memory stays small however many there are.
    The store appears under its name when it is whole.

    Parameters
    ----------
    source : LazyImages, or as of `visnmf.load_images`
        A folder, glob, list, video, stack or array.
    path : str or path
        The store to write, such as "images.zarr": a folder. A pack that is there is replaced;
        anything else is not.
    dtype : {"uint8", "uint16", "float32"}, optional
        What values are stored as, [0, 1] spread over its range. By default whole numbers are
        stored as they are, and floats as float32.
    progress : callable, optional
        Called as ``progress(done, total)``.
    **options
        As of `visnmf.load_images`: size, mode, fit, mask, labels, on_error and so on.
        Pictures that are skipped are left out of the pack.

    Returns
    -------
    pack : Pack

    Raises
    ------
    ImageReadError
        If a picture cannot be read, or none can.
    InvalidInputError
        If something else is under this path; or pictures differ in depth and `dtype` does not
        say which to store.
    MissingDependencyError
        Without zarr: ``pip install visnmf[big]``.

    Notes
    -----
    Chunks are compressed by Blosc's LZ4, values of more than a byte by their bits (bitshuffle),
    with a checksum. Measured against no compression: size 1.00, time to read 1.04 (ORL faces);
    0.68 and 2.3 (Fashion-MNIST); 0.81 and 1.7 (photos of scikit-image, gray); floats with a
    little noise 0.75 and 2.2. Bitshuffle for single bytes took 2.1 to 3.5 times as long as none,
    for 0.95, 0.84 and 0.73 of the size; zstd 2.5 to 4, for 0.94, 0.57 and 0.64 (level 3 gained
    nothing but on photos, 0.60). Reading stays far quicker than the products of an iteration.

    Examples
    --------
    >>> import numpy as np, tempfile, visnmf
    >>> pictures = np.random.default_rng(0).integers(0, 256, (70, 20, 30), dtype=np.uint8)
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     pack = pack_images(pictures, f"{folder}/images.zarr")
    ...     images = visnmf.load_images(pack.path, lazy=True)
    ...     len(images), images.layout.shape, images.columns.step
    (70, (20, 30), 128)
    """
    target = check_path(path, "path")
    check_callable(progress, "progress")
    check_choice("dtype", dtype, _DTYPES)
    _check_target(target)
    if isinstance(source, LazyImages):
        if options:
            raise InvalidInputError(f"these pictures are open already; leave out {set(options)}")
        images = source
    else:
        text = os.fspath(source) if isinstance(source, (str, os.PathLike)) else ""
        if text.lower().endswith(".npz"):
            source = read_stack(text, options.pop("key", None))
        patient = {"on_error": "skip"} if options.get("on_error") == "warn" else {}
        images = load_images(source, lazy=True, progress=progress, **{**options, **patient})
        images.source = text or images.source
    unfinished = target.with_name(f".{target.name}.{secrets.token_hex(4)}.tmp")
    try:
        with errors_named(target):
            _write(images, unfinished, dtype, progress)
            _check_target(target)
            _put_in_place(unfinished, target)
    finally:
        shutil.rmtree(unfinished, ignore_errors=True)
    pack = open_pack(os.fspath(target))
    assert pack is not None
    if options.get("on_error") == "warn" and images.skipped:
        message = skipped_message(images.skipped, images.source)
        warnings.warn(message, SkippedImagesWarning, stacklevel=2)
    return pack


def _write(
    images: LazyImages,
    path: Path,
    dtype: str | None,
    progress: Callable[[int, int], None] | None,
) -> None:
    """Write a store of pictures, names and labels."""
    zarr = import_zarr()
    layout = _stored_layout(images, dtype)
    stored = np.dtype(layout.dtype if layout.dtype[0] != "f" else "float32")
    chunk, shard = chunks_for(len(images), layout.shape, stored.itemsize)
    group = zarr.open_group(os.fspath(path), mode="w-", zarr_format=3)
    array = group.create_array(
        IMAGES,
        shape=(len(images), *layout.shape),
        dtype=stored,
        chunks=chunk,
        shards=shard,
        compressors=codecs_for(stored),
        fill_value=0,
        # Black chunks are written, too: one that is not there is lost
        config={"write_empty_chunks": True},
    )
    each = math.prod(layout.shape) * stored.itemsize
    several = max(_TOGETHER // (chunk[0] * each), 1) * chunk[0]
    buffer = np.empty((shard[0] if shard else several, *layout.shape), stored)
    kept: list[int] = []
    written = used = 0
    values = _natural(images, layout) if dtype is None else _converted(images, layout)
    for first, block in values:
        kept += range(first, first + len(block))
        while len(block):
            taken = min(len(buffer) - used, len(block))
            buffer[used : used + taken] = block[:taken]
            used, block = used + taken, block[taken:]
            if used == len(buffer):
                array[written : written + used] = buffer
                written, used = written + used, 0
        if progress is not None:
            progress(kept[-1] + 1, len(images))
    if not kept:
        raise ImageReadError(
            images.source, f"none of its {len(images)} picture(s) can be read: {images.skipped[0]}"
        )
    if used:
        array[written : written + used] = buffer[:used]
    array.resize((len(kept), *layout.shape))
    _finish(group, images, layout, kept)


def _finish(group: Any, images: LazyImages, layout: ImageLayout, kept: list[int]) -> None:
    """Write what is known of the pictures that are in the store."""
    names = images.names
    _write_list(group, NAMES, [names[i] for i in kept])
    label_type = None
    if images.labels is not None:
        labels = images.labels[kept]
        labels = labels if labels.dtype.kind in "biufU" else labels.astype(str)
        label_type = labels.dtype.newbyteorder("=").str.replace(">", "<")
        _write_list(group, LABELS, labels.tolist())
    group.attrs["visnmf"] = {
        "format": FORMAT,
        "version": VERSION,
        "n": len(kept),
        "layout": layout.to_dict(),
        "source": images.source,
        "preparation": images.preparation,
        "skipped": [str(error) for error in images.skipped],
        "labels": label_type,
    }


def _write_list(group: Any, key: str, values: list[Any]) -> None:
    data = np.frombuffer(json.dumps(values).encode(), np.uint8)
    group.create_array(key, data=data, chunks=(min(len(data), 1 << 22),))


def _stored_layout(images: LazyImages, dtype: str | None) -> ImageLayout:
    """Return what the stored values are to mean."""
    layout = images.layout
    if dtype is not None:
        high = 1.0 if dtype == "float32" else float(np.iinfo(dtype).max)
        return replace(layout, low=0.0, high=high, dtype=dtype)
    if layout.dtype[0] == "f" and max(-layout.low, layout.high) > np.finfo(np.float32).max:
        raise InvalidInputError(
            f"values up to {layout.high:g} do not fit in float32; dtype=... stores them scaled"
        )
    return layout


def _natural(images: LazyImages, layout: ImageLayout) -> Iterator[tuple[int, NDArray[Any]]]:
    """Yield pictures in their original values."""
    columns, store = images.columns, images.columns.store
    full: Any = getattr(store, "full", None)
    for piece in store.pieces(0, len(images)):
        values = columns.checked(piece)
        if values is not None:
            _check_depth(images, piece, values, full, layout)
            yield piece.first, values


def _check_depth(
    images: LazyImages, piece: Piece, values: NDArray[Any], full: Any, layout: ImageLayout
) -> None:
    if values.dtype.name != layout.dtype and (
        piece.full != full or not np.can_cast(values.dtype, layout.dtype)
    ):
        raise InvalidInputError(
            f"{images.names[piece.first]} holds {values.dtype}, and the pictures before it "
            f'{layout.dtype}; dtype="uint16" or dtype="float32" stores all alike'
        )


def _converted(images: LazyImages, layout: ImageLayout) -> Iterator[tuple[int, NDArray[Any]]]:
    """Yield pictures in other values than the original ones."""
    for first, last in images.ranges():
        block = images.columns.read(first, last)
        pictures = layout.to_original(layout.to_images(block))
        lost = images.columns.errors
        start = first
        for i in range(first, last + 1):  # runs of pictures between those that are lost
            if i == last or i in lost:
                if i > start:
                    yield start, pictures[start - first : i - first]
                start = i + 1


def _check_target(target: Path) -> None:
    if not target.parent.is_dir():
        raise InvalidInputError(
            f"cannot write {target}: there is no folder {target.parent}; make it first"
        )
    if target.is_symlink() or (target.exists() and not _is_pack(target)):
        raise InvalidInputError(
            f"{target} is there and is no pack of pictures, so it is not written over; "
            "give another name, or remove it first"
        )


def _is_pack(target: Path) -> bool:
    try:
        return target.is_dir() and open_pack(os.fspath(target)) is not None
    except ImageReadError as error:  # damaged, but one
        return "damaged pack" in error.reason


def _put_in_place(unfinished: Path, target: Path) -> None:
    """Give a whole store its name; an older one goes only then."""
    if not target.exists():
        os.rename(unfinished, target)
        return
    older = target.with_name(f".{target.name}.{secrets.token_hex(4)}.old")
    os.rename(target, older)
    try:
        os.rename(unfinished, target)
    except OSError:
        os.rename(older, target)
        raise
    shutil.rmtree(older, ignore_errors=True)
