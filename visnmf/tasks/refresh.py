"""Bringing an index up to date: files that changed are encoded, the others are not."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from visnmf.errors import ImageReadError, InvalidInputError, ModelFormatError, SkippedImagesWarning
from visnmf.images.load import skipped_message
from visnmf.images.settings import check_choice
from visnmf.images.sources import find_pictures, short_names
from visnmf.tasks.encoders import Encoder
from visnmf.tasks.indexfile import Entry, Stored, index_path, read_index, write_index

__all__ = ["kept_or_new"]

_CHUNK = 1024  # files in memory at a time,
_CHUNK_BYTES = 2**23  # and where they keep their sizes, about so many bytes of files

Progress = Callable[[int, int], None]
Encoded = tuple[Entry, NDArray[np.float32]]


def kept_or_new(
    encoder: Encoder,
    model: Path,
    source: str,
    *,
    recursive: bool = False,
    on_error: str = "raise",
    keep: bool = True,
    progress: Progress | None = None,
) -> Stored:
    """Return the encodings of a source: those that are kept where files are as they were.

    Parameters
    ----------
    encoder : Encoder
        Of the model.
    model : Path
        Its file; the index is kept beside it.
    source : str
        A folder, file or glob.
    recursive, on_error, keep, progress
        As of `SimilarIndex.open`.

    Returns
    -------
    stored : Stored
        With at least one picture, in the order of the files.

    Raises
    ------
    ImageReadError
        A file cannot be read; or none can.
    """
    check_choice("on_error", on_error, ("raise", "warn", "skip"))
    paths = [os.path.abspath(path) for path in find_pictures(source, recursive=recursive)]
    place = index_path(model, source, recursive=recursive)
    whole = os.path.isfile(source)  # then all pictures of the file count, else one a file
    old = _kept(place, encoder, whole)
    todo = [path for path in paths if path not in old]
    skipped: list[ImageReadError] = []
    new = dict(_encoded(encoder, todo, whole, on_error, skipped, progress))
    pairs = [
        old[path] if path in old else new[path] for path in paths if path in old or path in new
    ]
    if not pairs:
        raise ImageReadError(
            source, f"none of the {len(paths)} file(s) can be read; the first is {skipped[0]}"
        )
    entries = [entry for entry, _ in pairs]
    if not whole:
        short = short_names([e.path for e in entries], source if os.path.isdir(source) else None)
        entries = [
            Entry(e.path, e.size, e.time, [name]) for e, name in zip(entries, short, strict=True)
        ]
    stored = Stored(entries, np.concatenate([rows for _, rows in pairs]))
    if keep and (new or len(old) != len(pairs)):
        _keep(place, encoder, stored)
    if skipped and on_error == "warn":
        warnings.warn(skipped_message(skipped, source), SkippedImagesWarning, stacklevel=3)
    return stored


def _kept(place: Path, encoder: Encoder, whole: bool) -> dict[str, Encoded]:
    """Return what is kept of files that are as they were, by path."""
    try:
        stored = read_index(place, encoder.digest, encoder.n_features)
    except ModelFormatError as error:
        warnings.warn(f"{error}; the index is made anew", UserWarning, stacklevel=4)
        return {}
    if stored is None:
        return {}
    ends = np.cumsum([len(entry.names) for entry in stored.entries])
    return {
        entry.path: (entry, stored.rows[end - len(entry.names) : end])
        for entry, end in zip(stored.entries, ends, strict=True)
        if (entry.names if whole else len(entry.names) == 1)
        and _stamp(entry.path) == (entry.size, entry.time)
    }


def _keep(place: Path, encoder: Encoder, stored: Stored) -> None:
    """Write the index, or tell why not: a search has its answer all the same."""
    try:
        write_index(place, encoder.digest, stored)
    except (OSError, InvalidInputError) as error:
        warnings.warn(f"the index is not kept: {error}", UserWarning, stacklevel=4)


def _encoded(
    encoder: Encoder,
    paths: list[str],
    whole: bool,
    on_error: str,
    skipped: list[ImageReadError],
    progress: Progress | None,
) -> Iterator[tuple[str, Encoded]]:
    """Read and encode files; yield each path with its entry and rows, collect errors."""
    skip = "raise" if on_error == "raise" else "skip"
    start = 0
    for some in _chunks(paths, _CHUNK_BYTES if encoder.keeps_sizes else None):
        # Told before reading: a file that changes meanwhile is read once more next time
        stamps = {path: _stamp(path) for path in some}

        def told(done: int, _: int, start: int = start) -> None:
            if progress is not None:
                progress(start + done, len(paths))

        try:
            pictures = encoder.load(some[0] if whole else some, on_error=skip, progress=told)
        except ImageReadError as error:
            if skip == "raise":
                raise
            if len(some) == 1:
                told_of = error.__cause__
                skipped.append(told_of if isinstance(told_of, ImageReadError) else error)
            else:  # none of them can be read: each is to be told of
                for path in some:
                    yield from _encoded(encoder, [path], whole, on_error, skipped, None)
            start += len(some)
            continue
        start += len(some)
        skipped += pictures.skipped
        broken = {error.path for error in pictures.skipped}
        read = [path for path in some if path not in broken]
        rows = encoder.encode(pictures)
        if whole:
            yield some[0], (Entry(some[0], *stamps[some[0]], pictures.names), rows)
            continue
        for path, name, row in zip(read, pictures.names, rows[:, None], strict=True):
            yield path, (Entry(path, *stamps[path], [name]), row)


def _chunks(paths: list[str], most_bytes: int | None) -> Iterator[list[str]]:
    """Yield the files to read at a time."""
    some: list[str] = []
    size = 0
    for path in paths:
        here = 0 if most_bytes is None else max(_stamp(path)[0], 0)
        if some and (len(some) == _CHUNK or (most_bytes is not None and size + here > most_bytes)):
            yield some
            some, size = [], 0
        some.append(path)
        size += here
    if some:
        yield some


def _stamp(path: str) -> tuple[int, int]:
    """Return size and time of a file; of one that is gone, what no file has."""
    try:
        status = os.stat(path)
    except OSError:
        return -1, -1
    return status.st_size, status.st_mtime_ns
