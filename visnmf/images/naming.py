"""What pictures are called and labeled, and how their loading is recorded."""

from __future__ import annotations

import os
from collections import Counter
from collections.abc import Iterable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visnmf.errors import ImageReadError, InvalidInputError
from visnmf.images.labels import labels_from_csv, labels_from_folders, labels_from_values
from visnmf.images.settings import Wanted

__all__ = ["checked_paths", "frame_names", "labels_of", "loading_step", "skipped_message"]


def checked_paths(source: object) -> list[str]:
    """Return the paths of a list, or refuse what is none."""
    if isinstance(source, Iterable):
        paths = list(source)
        if all(isinstance(path, (str, os.PathLike)) for path in paths):
            return [os.fspath(path) for path in paths]
    raise InvalidInputError(
        "a source is a folder, a file, a glob pattern, a list of paths or an array "
        f"(np.stack makes one of a list of arrays); got {type(source).__name__}"
    )


def frame_names(names: list[str], files: NDArray[np.intp], frames: slice) -> list[str]:
    """Name pictures after their files; those of a file with several get a number: "a.gif[3]"."""
    counts = np.bincount(files, minlength=len(names))
    start, step = frames.start or 0, frames.step or 1
    result, seen = [], Counter[int]()
    for file in files.tolist():
        number = start + step * seen[file]
        result.append(names[file] if counts[file] == 1 else f"{names[file]}[{number}]")
        seen[file] += 1
    return result


def labels_of(
    labels: Any, names: list[str], files: NDArray[np.intp], paths: list[str]
) -> NDArray[Any] | None:
    """Return a label for each picture, from what `load_images` is given."""
    if labels is None:
        return None
    if not isinstance(labels, (str, os.PathLike)):
        return labels_from_values(labels, files, len(paths))
    if not names:
        raise InvalidInputError("an array has no file names; give its labels as an array")
    if labels != "folder":
        return labels_from_csv(names, os.fspath(labels))
    return labels_from_folders(names, os.path.basename(os.path.dirname(os.path.abspath(paths[0]))))


def loading_step(wanted: Wanted, size: tuple[int, ...]) -> dict[str, Any]:
    """Record how pictures were loaded, so that others can be loaded alike."""
    return {
        "step": "load",
        "size": list(size),
        "mode": wanted.reading.mode,
        "fit": wanted.fit,
        "background": list(wanted.reading.background),
        "cube": wanted.cube,
    }


def skipped_message(skipped: Sequence[ImageReadError], source: str) -> str:
    """Tell which files were left out."""
    first = "; ".join(str(error) for error in skipped[:3])
    more = f"; and {len(skipped) - 3} more (all are in .skipped)" if len(skipped) > 3 else ""
    return f"{len(skipped)} file(s) of {source} left out: {first}{more}"
