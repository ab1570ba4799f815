"""Photos one after another, from whatever holds them; no more than a few at a time."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator, Sequence
from contextlib import closing
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visnmf.errors import ImageReadError, InvalidInputError
from visnmf.faces.detect import check_white
from visnmf.images.colors import composite, convert_values
from visnmf.images.decoding import decode_each
from visnmf.images.frames import Frame
from visnmf.images.imageset import ImageSet, checked_names
from visnmf.images.load import checked_paths, frame_names
from visnmf.images.load_pictures import unit_values, wanted_pictures
from visnmf.images.pictures import Pictures, as_pictures, checked_picture
from visnmf.images.quiet import quiet_decoders
from visnmf.images.sources import find_pictures, short_names

__all__ = ["Photos", "photos_of"]

Named = list[tuple[str, NDArray[Any]]]


@dataclass(frozen=True)
class Photos:
    """Where photos are, and how to get at them.

    Parameters
    ----------
    each : callable
        Iterates over all: the pictures of a photo, several in a GIF, each with a name; or why it
        cannot be read.
    names : list of str
        One a photo.
    told : str
        What they are of, in words.
    labels : array or None
        One a photo, where they bring any.
    paths : list of str
        The files; empty for arrays.
    """

    each: Callable[[], Iterator[Named | ImageReadError]]
    names: list[str]
    told: str
    labels: NDArray[Any] | None = None
    paths: list[str] = field(default_factory=list)


def photos_of(
    source: Any,
    *,
    mode: str,
    recursive: bool,
    frames: str | slice | None,
    background: str | float | Sequence[float],
    max_pixels: int,
) -> Photos:
    """Look at a source; options and errors are those of `visnmf.load_pictures`."""
    path = os.fspath(source) if isinstance(source, (str, os.PathLike)) else None
    default = slice(None) if path is not None and os.path.isfile(path) else slice(0, 1)
    wanted = wanted_pictures(
        mode=mode, max_side=None, frames=frames, default_frames=default,
        background=background, max_pixels=max_pixels,
    )  # fmt: skip
    if path is None and _are_arrays(source):
        return _of_arrays(source, mode, wanted.reading.background)
    with quiet_decoders():
        paths = find_pictures(path if path is not None else checked_paths(source),
                              recursive=recursive)  # fmt: skip
    names = short_names(paths, path if path is not None and os.path.isdir(path) else None)

    def each() -> Iterator[Named | ImageReadError]:
        with quiet_decoders(), closing(decode_each(paths, wanted)) as results:
            for name, result in zip(names, results, strict=True):
                if isinstance(result, ImageReadError):
                    yield result
                    continue
                several = np.zeros(len(result), dtype=np.intp)
                told = frame_names([name], several, wanted.reading.frames)
                yield [(n, _plain(frame)) for n, frame in zip(told, result, strict=True)]

    told = path if path is not None else f"{len(paths)} files"
    return Photos(each, names, told, paths=paths)


def _are_arrays(source: Any) -> bool:
    if isinstance(source, (Pictures, ImageSet)):
        return True
    if isinstance(source, np.ndarray):
        return source.ndim > 1 or source.dtype.kind in "fiub"
    return isinstance(source, (list, tuple)) and any(np.ndim(item) > 0 for item in source)


def _of_arrays(source: Any, mode: str, background: tuple[float, float, float]) -> Photos:
    """Take pictures at hand; they may differ in channels, since all are converted."""
    if isinstance(source, (Pictures, ImageSet)):
        taken = as_pictures(source)
        pictures, names, labels = taken.pictures, taken.names, taken.labels
        told = taken.source
    else:
        arrays = [source] if _is_photo(source) else source
        pictures = [checked_picture(array, i) for i, array in enumerate(arrays)]
        names, labels, told = checked_names(None, len(pictures)), None, ""
    if not pictures:
        raise InvalidInputError("there is no picture: the set is empty")
    for name, picture in zip(names, pictures, strict=True):
        check_white(picture, f"picture {name}")
    told = told or f"{len(pictures)} array{'s' * (len(pictures) != 1)}"
    return Photos(lambda: _converted(pictures, names, mode, background), names, told, labels)


def _is_photo(source: Any) -> bool:
    """Tell one photo from a stack: no photo is as narrow as colors are few."""
    if not isinstance(source, np.ndarray):
        return False
    return source.ndim == 2 or (source.ndim == 3 and source.shape[2] in (3, 4))


def _converted(
    pictures: list[NDArray[np.float32]],
    names: list[str],
    mode: str,
    background: tuple[float, float, float],
) -> Iterator[Named]:
    for name, picture in zip(names, pictures, strict=True):
        if picture.shape[2] == 2:  # gray and opacity
            picture = composite(picture, background, full=None)
        values = np.asarray(convert_values(picture[None], mode, background)[0])
        yield [(name, values.astype(np.float32, copy=False))]


def _plain(frame: Frame) -> NDArray[Any]:
    """Return bytes as they are, all else as floats in [0, 1]."""
    return frame.values if frame.values.dtype == np.uint8 else unit_values(frame)
