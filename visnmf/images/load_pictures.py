"""load_pictures: files into pictures that keep their own sizes."""

from __future__ import annotations

import os
import warnings
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visnmf.arguments import check_callable, check_integer
from visnmf.errors import InvalidInputError, SkippedImagesWarning
from visnmf.images.decoding import decode_files
from visnmf.images.fitting import resize_values
from visnmf.images.frames import MAX_PIXELS, Frame
from visnmf.images.lazy_open import is_chunked
from visnmf.images.load import Source, load_images
from visnmf.images.naming import checked_paths, frame_names, labels_of, skipped_message
from visnmf.images.pictures import Pictures, as_pictures
from visnmf.images.quiet import quiet_decoders
from visnmf.images.settings import Wanted, check_choice, checked_settings
from visnmf.images.sources import find_pictures, short_names

__all__ = ["load_pictures", "unit_values", "wanted_pictures"]


def load_pictures(
    source: Source | Sequence[ArrayLike],
    *,
    mode: str = "gray",
    max_side: int | None = None,
    recursive: bool = False,
    frames: str | slice | None = None,
    labels: str | os.PathLike[str] | ArrayLike | None = None,
    background: str | float | Sequence[float] = "black",
    max_pixels: int = MAX_PIXELS,
    on_error: str = "raise",
    workers: int | None = None,
    progress: Callable[[int, int], None] | None = None,
) -> Pictures:
    """Load pictures that keep their own sizes.

    Parameters
    ----------
    source : str, path, list of paths, array or list of arrays
        As of `visnmf.load_images`; or arrays of pictures, each of its own size.
    mode : {"gray", "rgb", "keep"}
        Gray; red, green and blue; or the channels that there are.
    max_side : int, optional
        Larger pictures are shrunk so that their longer side has so many pixels.
    recursive, frames, labels, background, max_pixels, on_error, workers, progress
        As of `visnmf.load_images`.

    Returns
    -------
    pictures : Pictures
        Values in [0, 1].

    Raises
    ------
    ImageReadError, InvalidInputError
        As of `visnmf.load_images`.

    Warns
    -----
    SkippedImagesWarning
        With ``on_error="warn"``, if files were left out.

    Examples
    --------
    >>> import numpy as np
    >>> load_pictures([np.zeros((40, 20), np.uint8), np.zeros((10, 30), np.uint8)], max_side=20)
    Pictures(2 pictures, 7 x 20 to 20 x 10, gray, from 2 arrays)
    """
    check_choice("on_error", on_error, ("raise", "skip", "warn"))
    check_callable(progress, "progress")
    if workers is not None:
        check_integer(workers, "workers", 1)
    path = os.fspath(source) if isinstance(source, (str, os.PathLike)) else None
    default = slice(None) if path is not None and os.path.isfile(path) else slice(0, 1)
    wanted = wanted_pictures(
        mode=mode, max_side=max_side, frames=frames, default_frames=default,
        background=background, max_pixels=max_pixels,
    )  # fmt: skip
    if path is None and _holds_arrays(source):
        return _from_arrays(source, wanted, labels)
    if path is not None and is_chunked(path):
        images = load_images(
            path, mode=mode, frames=frames, labels=labels, background=background,
            on_error=on_error, progress=progress,
        )  # fmt: skip
        ready = [wanted.ready(picture) for picture in images.to_images()]
        return Pictures(ready, images.names, images.labels, source=path, skipped=images.skipped)
    by_folder = isinstance(labels, str) and labels == "folder"
    with quiet_decoders():
        paths = find_pictures(
            path if path is not None else checked_paths(source), recursive=recursive or by_folder
        )
        told = path if path is not None else f"{len(paths)} files"
        decoded = decode_files(
            paths, wanted, source=told, skip=on_error != "raise", workers=workers,
            progress=progress, alike=False,
        )  # fmt: skip
    names = short_names(paths, path if path is not None and os.path.isdir(path) else None)
    files = np.array(decoded.files, dtype=np.intp)
    pictures = Pictures(
        [unit_values(frame) for frame in decoded.frames],
        frame_names(names, files, wanted.reading.frames),
        labels_of(labels, [names[i] for i in files], files, paths),
        source=told,
        skipped=decoded.skipped,
    )
    if on_error == "warn" and pictures.skipped:
        message = skipped_message(pictures.skipped, told)
        warnings.warn(message, SkippedImagesWarning, stacklevel=2)
    return pictures


@dataclass(frozen=True)
class _Shrunk(Wanted):
    """What is wanted of pictures that keep their proportions."""

    max_side: int | None = None

    def ready(self, values: NDArray[Any]) -> NDArray[Any]:
        values = super().ready(values)
        side = max(values.shape[:2])
        if self.max_side is None or side <= self.max_side:
            return values
        h, w = (max(round(length * self.max_side / side), 1) for length in values.shape[:2])
        return resize_values(values, (h, w))


def wanted_pictures(
    *,
    mode: str,
    max_side: int | None,
    frames: str | slice | None,
    default_frames: slice,
    background: str | float | Sequence[float],
    max_pixels: int,
) -> Wanted:
    """Check the options of load_pictures that concern single pictures, and say what is wanted."""
    whole = isinstance(max_side, (int, np.integer)) and not isinstance(max_side, bool)
    if max_side is not None and (not whole or max_side < 1):
        raise InvalidInputError(f"max_side must be a positive whole number, got {max_side!r}")
    plain = checked_settings(
        size=None, mode=mode, fit="resize", frames=frames, default_frames=default_frames,
        mask=None, cube=None, background=background, value_range=None, nan=None, key=None,
        max_pixels=max_pixels,
    )  # fmt: skip
    return _Shrunk(**vars(plain), max_side=max_side)


def unit_values(frame: Frame) -> NDArray[np.float32]:
    """Return the values of one picture in [0, 1].

    Where nothing tells what white is, as with floats, 0 to 1 if all values lie there, else the
    least to the greatest value of the picture.
    """
    values = frame.values.astype(np.float32)
    if frame.full is not None:
        return values / np.float32(frame.full)
    low, high = float(values.min()), float(values.max())
    if low >= 0 and high <= 1:
        return values
    return (values - low) / max(high - low, 1e-37)


def _holds_arrays(source: Any) -> bool:
    if isinstance(source, np.ndarray):
        return source.ndim > 1 or source.dtype.kind in "fiub"
    return isinstance(source, (list, tuple)) and any(np.ndim(item) > 0 for item in source)


def _from_arrays(source: Any, wanted: Wanted, labels: Any) -> Pictures:
    from visnmf.images.colors import convert_values

    pictures = as_pictures(source)
    reading = wanted.reading
    ready = [
        wanted.ready(np.asarray(convert_values(p[None], reading.mode, reading.background)[0]))
        for p in pictures.pictures
    ]
    return Pictures(ready, labels=labels, source=f"{len(pictures)} arrays")
