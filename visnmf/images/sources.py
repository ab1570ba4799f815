"""A folder, a glob or a list, into the paths of its pictures, in natural order."""

from __future__ import annotations

import difflib
import glob
import os
import re
from collections import deque
from collections.abc import Iterable, Iterator

from visnmf.errors import ImageReadError
from visnmf.images.lazy_zarr import is_zarr

__all__ = ["PICTURE_SUFFIXES", "VIDEO_SUFFIXES", "find_pictures", "natural_key", "short_names"]

PICTURE_SUFFIXES = frozenset(
    ".png .apng .jpg .jpeg .jpe .jfif .gif .tif .tiff .bmp .dib .webp .avif .jp2 .j2k .jpx "
    ".pgm .ppm .pnm .pbm .pfm .tga .ico .icns .pcx .sgi .rgb .bw .qoi .psd .dds .fits .fit "
    ".fli .flc .msp .xbm .ras .mpo".split()
)
VIDEO_SUFFIXES = frozenset(
    ".avi .mp4 .m4v .mov .mkv .webm .mpg .mpeg .wmv .ogv .mts .3gp .flv".split()
)


def find_pictures(source: str | Iterable[str], *, recursive: bool = False) -> list[str]:
    """Return the files that a source names.

    Parameters
    ----------
    source : str or iterable of str
        A folder: its files with the suffix of a picture, hidden ones left out. A file:
        itself. A glob pattern: the files that match ("**" for any depth). Several
        paths: these, in their order.
    recursive : bool
        Whether the folders in a folder are read too. Each is read once, so that links
        in a circle do no harm.

    Returns
    -------
    paths : list of str
        At least one; sorted naturally ("2.png" before "10.png") unless given as a list.

    Raises
    ------
    ImageReadError
        If there is no such file or folder, or no picture in it.
    """
    if not isinstance(source, str):
        paths = [os.fspath(path) for path in source]
        if not paths:
            raise ImageReadError("the list of paths", "it is empty")
        return paths
    if is_zarr(source):
        raise ImageReadError(
            source, "is a zarr array of pictures, and here files of pictures are needed"
        )
    if os.path.isdir(source):
        return _in_folder(source, recursive)
    if os.path.lexists(source):
        return [source]
    if glob.has_magic(source):
        paths = [path for path in glob.iglob(source, recursive=True) if not os.path.isdir(path)]
        if not paths:
            raise ImageReadError(source, "no file matches this pattern")
        return sorted(paths, key=natural_key)
    raise ImageReadError(source, f"there is no such file or folder{_near(source)}")


def natural_key(text: str) -> tuple[list[tuple[int, int, str]], str]:
    """Return a sorting key by which "img2" comes before "img10"."""
    parts = re.split(r"(\d+)", text.casefold())
    return [(1, int(p), "") if i % 2 else (0, 0, p) for i, p in enumerate(parts)], text


def short_names(paths: list[str], folder: str | None = None) -> list[str]:
    """Return the paths relative to their source, with "/" between folders.

    Parameters
    ----------
    paths : list of str
        Files.
    folder : str, optional
        What they lie in; by default the deepest folder that holds all of them.

    Returns
    -------
    names : list of str
    """
    if folder is None:
        folder = _common_folder(paths)
    base = os.path.join(os.path.abspath(folder), "")
    full = [os.path.abspath(path) for path in paths]
    names = [path[len(base) :] if path.startswith(base) else path for path in full]
    return names if os.sep == "/" else [name.replace(os.sep, "/") for name in names]


def _common_folder(paths: list[str]) -> str:
    try:
        return os.path.commonpath([os.path.dirname(os.path.abspath(path)) for path in paths])
    except ValueError:  # different drives
        return ""


def _in_folder(folder: str, recursive: bool) -> list[str]:
    try:
        paths = list(_walk(folder, recursive))
    except OSError as error:
        raise ImageReadError(error.filename or folder, error.strerror or str(error)) from error
    if not paths:
        deeper = "" if recursive else "; recursive=True reads the folders in it too"
        raise ImageReadError(
            folder, f"no pictures in this folder (looked for {_suffixes()}){deeper}"
        )
    return sorted(paths, key=natural_key)


def _walk(folder: str, recursive: bool) -> Iterator[str]:
    seen: set[tuple[int, int]] = set()
    pending = deque([folder])
    while pending:
        folder = pending.popleft()
        status = os.stat(folder)
        if (status.st_dev, status.st_ino) in seen:
            continue
        seen.add((status.st_dev, status.st_ino))
        with os.scandir(folder) as entries:
            visible = sorted((e for e in entries if e.name[0] != "."), key=lambda e: e.name)
        for entry in visible:
            if _is_folder(entry):
                if recursive:
                    pending.append(entry.path)
            elif os.path.splitext(entry.name)[1].lower() in PICTURE_SUFFIXES:
                yield entry.path


def _is_folder(entry: os.DirEntry[str]) -> bool:
    try:
        return entry.is_dir()
    except OSError:  # a link to itself, say
        return False


def _suffixes() -> str:
    return ", ".join(sorted(PICTURE_SUFFIXES))


def _near(source: str) -> str:
    folder, name = os.path.split(source.rstrip("/" + os.sep))
    try:
        names = os.listdir(folder or ".")
    except OSError:
        return f"; nor is there a folder {folder}"
    near = difflib.get_close_matches(name, names, n=3)
    return f"; did you mean {' or '.join(os.path.join(folder, n) for n in near)}?" if near else ""
