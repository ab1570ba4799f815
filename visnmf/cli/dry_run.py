"""`visnmf learn --dry-run`: what would be read, and what the fit would take."""

from __future__ import annotations

import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from visnmf.cli.kernels import kernels_for_one_run
from visnmf.cli.text import describe_pictures

if TYPE_CHECKING:
    from visnmf.images.layout import ImageLayout

__all__ = ["dry_run", "look_at"]

_MAX_ITER = 200  # of `visnmf.factorize`
_TOLD = ("loss", "update", "max_iter", "warmup")
_TERMS = ("terms_W", "terms_H")
_OF_ARRAYS = ("size", "fit", "mode", "mask", "cube")


def dry_run(
    source: str, rank: int, reading: dict[str, Any], settings: dict[str, Any]
) -> list[tuple[str, str]]:
    """Return what `visnmf learn` would do, as facts; nothing is written.

    Parameters
    ----------
    source : str
        A folder, file or glob.
    rank : int
        How many parts.
    reading : dict
        Options of `visnmf.load_images`.
    settings : dict
        Of `visnmf.learn`; with a recipe, the loss and update of what it stands for.
    """
    from visnmf.solve.estimate import estimate

    layout, n = look_at(source, reading)
    recipe = settings.get("recipe")
    plain = recipe is None or recipe.function == "factorize"
    asked = settings if recipe is None else {**recipe.defaults, **settings}
    options = {name: asked[name] for name in _TOLD if plain and name in asked}
    kernels = kernels_for_one_run(rank, layout.m + n, options.get("max_iter", _MAX_ITER))
    found = estimate((layout.m, n), rank, kernels=kernels, **options)
    left_out = _left_out(recipe, asked)
    return [
        ("pictures", describe_pictures(n, layout)),
        *found.facts(),
        *([("not counted", left_out)] if left_out else []),
        ("written", "nothing; leave out --dry-run to learn"),
    ]


def _left_out(recipe: Any, asked: dict[str, Any]) -> str:
    """Return what the estimate knows nothing of."""
    if recipe is not None and recipe.function != "factorize":
        return f"{recipe.name} is no plain factorization, and may take many times this"
    told = []
    if asked.get("n_init", 1) > 1:
        told.append(f"that this is one of {asked['n_init']} fits")
    if recipe is not None or any(asked.get(name) for name in _TERMS):
        told.append("what terms and constraints add, which is often as much again")
    return "; ".join(told)


def look_at(source: str, reading: dict[str, Any]) -> tuple[ImageLayout, int]:
    """Return how pictures would be laid out and how many there are, reading a few.

    Of a folder or glob the first, the middle and the last file are read, of a .npy, zarr or HDF5
    array its header (floats in the latter are looked through for their range); of all else that
    holds several pictures in a file, such as a video, everything.

    Parameters
    ----------
    source : str
        A folder, file or glob.
    reading : dict
        Options of `visnmf.load_images`.
    """
    from visnmf.cli.source import read_pictures
    from visnmf.images.lazy_open import is_chunked
    from visnmf.images.load import load_images
    from visnmf.images.sources import find_pictures

    if is_chunked(source):
        lazy = load_images(source, lazy=True, **reading)
        return lazy.layout, len(lazy)
    if os.path.isfile(source):
        stack = None if reading.get("cube") else _stack_of(source)
        if stack is None:
            images = read_pictures(source, **reading)
            return images.layout, len(images)
        some, count = stack
        options = {name: value for name, value in reading.items() if name in _OF_ARRAYS}
        return read_pictures(some, **options).layout, count
    by_folder = reading.get("labels") == "folder"
    recursive = bool(reading.get("recursive")) or by_folder
    paths = find_pictures(source, recursive=recursive)
    options = {k: v for k, v in reading.items() if k not in ("recursive", "labels")}
    return _layout_of(paths, options), len(paths)


def _stack_of(path: str) -> tuple[Any, int] | None:
    """Return the first picture of a .npy file and how many it holds, None for another file."""
    import numpy as np

    if not path.lower().endswith(".npy"):
        return None
    try:
        mapped = np.load(path, mmap_mode="r", allow_pickle=False)
    except (OSError, ValueError):
        return None  # reading it says what is wrong
    if mapped.ndim not in (3, 4) or not len(mapped):
        return None
    return np.array(mapped[:1]), len(mapped)


def _layout_of(paths: list[str], options: dict[str, Any]) -> ImageLayout:
    """Return the layout of some of the files; the next ones where these cannot be read."""
    from visnmf.cli.source import read_pictures
    from visnmf.errors import ImageReadError

    failed: ImageReadError | None = None
    for some in _samples(paths):
        try:
            return read_pictures(some, **options).layout  # type: ignore[arg-type]
        except ImageReadError as error:
            if options.get("on_error", "raise") == "raise":
                raise
            failed = failed or error
    assert failed is not None
    raise failed


def _samples(paths: list[str]) -> Iterator[list[str]]:
    """Yield the first, middle and last path; then, of what cannot be read, a few in a row."""
    yield [paths[i] for i in sorted({0, len(paths) // 2, len(paths) - 1})]
    for start in range(0, len(paths), 16):
        yield paths[start : start + 16]
