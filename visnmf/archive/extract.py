"""Pictures out of an archive into a folder: nothing outside it is written, nothing overwritten."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from fnmatch import fnmatchcase
from pathlib import Path, PurePosixPath

import numpy as np

from visnmf.archive.archive import Archive
from visnmf.archive.decoding import numbers
from visnmf.archive.header import Base
from visnmf.archive.names_check import folders_of, name_key
from visnmf.arguments import check_path
from visnmf.errors import ArchiveFormatError, InvalidInputError
from visnmf.files import write_atomically
from visnmf.images.writing import encode_picture, suffix_of

__all__ = ["Extracted", "choose", "extract"]

_BLOCK = 256  # pictures that are decoded together, at most


@dataclass(frozen=True)
class Extracted:
    """What was written.

    Attributes
    ----------
    paths : list of str
        The files, in the order of the archive.
    lost : dict of str to str
        Pictures that could not be decoded, and why; only where salvage was asked for.
    coarse : dict of str to str
        Pictures written without their residual, and why that could not be had; only where
        salvage was asked for.
    """

    paths: list[str] = field(default_factory=list)
    lost: dict[str, str] = field(default_factory=dict)
    coarse: dict[str, str] = field(default_factory=dict)


def extract(
    archive: Archive,
    folder: str | os.PathLike[str],
    *,
    only: Sequence[str] | None = None,
    overwrite: bool = False,
    salvage: bool = False,
    progress: Callable[[int, int], object] | None = None,
) -> Extracted:
    """Write the pictures of an archive into a folder, as PNG (or TIFF, where PNG cannot hold them).

    Parameters
    ----------
    archive : Archive
        Opened.
    folder : str or path
        Made if it is not there. Names with "/" make folders in it.
    only : sequence of str, optional
        Names, or patterns such as "left/*", of the pictures wanted; all if not given.
    overwrite : bool
        Replace files that are there already.
    salvage : bool
        Go on past pictures that cannot be decoded, and tell which those were. Pictures whose
        residual is hurt are written without it; where the names are hurt, pictures are called
        by their numbers.
    progress : callable, optional
        Called with how many pictures are done, and how many there are.

    Returns
    -------
    extracted : Extracted

    Raises
    ------
    InvalidInputError
        A file is there already, a name is not in the archive, or a folder on the way is a link or
        a file.
    ArchiveFormatError
        A section is damaged, and it is not to be salvaged. Pictures before it are written.
    """
    root = check_path(folder, "folder")
    if root.exists() and not root.is_dir():
        raise InvalidInputError(f"cannot extract into {root}: it is not a folder")
    names = _names(archive, salvage)
    picked = choose(names, only)
    files = _files(names, suffix_of(archive.layout))
    if not overwrite:
        for j in picked:
            if os.path.lexists(root / files[j]):
                raise InvalidInputError(
                    f"{root / files[j]} is there already; nothing was written. Name another "
                    "folder, or ask to overwrite"
                )
    root.mkdir(parents=True, exist_ok=True)
    done = Extracted()
    together = archive.room.batch(_BLOCK)
    for begin in range(0, len(picked), together):
        block = picked[begin : begin + together]
        for j, picture in _decoded(archive, block, names, done, salvage):
            path = _place(root, files[j])
            write_atomically(path, encode_picture(picture, path.suffix), sync=False)
            done.paths.append(str(path))
        if progress:
            progress(begin + len(block), len(picked))
    return done


def choose(names: Sequence[str], only: Sequence[str] | None) -> list[int]:
    """Return the places of names that are asked for, in order.

    Raises
    ------
    InvalidInputError
        If a name or a pattern fits none.
    """
    if only is None:
        return list(range(len(names)))
    wanted: set[int] = set()
    for pattern in only:
        found = [
            j
            for j, name in enumerate(names)
            if name == pattern
            or fnmatchcase(name, pattern)
            or str(PurePosixPath(name).with_suffix("")) == pattern
        ]
        if not found:
            raise InvalidInputError(
                f"no picture of the archive is called {pattern!r}; it has {len(names)}, such as "
                f"{', '.join(map(repr, names[:3]))}"
            )
        wanted.update(found)
    return sorted(wanted)


def _names(archive: Archive, salvage: bool) -> list[str]:
    try:
        return archive.names
    except ArchiveFormatError:
        if not salvage:
            raise
        return numbers(len(archive), archive.room, digits=len(str(len(archive) - 1)))


def _files(names: Sequence[str], suffix: str) -> list[str]:
    """Return a file for each name: its suffix replaced, a number where two become one."""
    taken = {folder for name in names for folder in folders_of(name_key(name))}
    files = []
    for name in names:
        stem = str(PurePosixPath(name).with_suffix("")) if _has_suffix(name) else name
        file, number = f"{stem}{suffix}", 1
        while name_key(file) in taken:
            number += 1
            file = f"{stem}_{number}{suffix}"
        taken.add(name_key(file))
        files.append(file)
    return files


def _has_suffix(name: str) -> bool:
    """Tell whether a name ends like a picture's file; "frame.0012" does not."""
    return PurePosixPath(name).suffix.lower().lstrip(".") in _SUFFIXES


_SUFFIXES = frozenset(
    "png jpg jpeg tif tiff bmp gif webp avif jxl jp2 j2k pgm ppm pnm pbm npy heic tga ico".split()
)


def _decoded(
    archive: Archive, block: Sequence[int], names: Sequence[str], done: Extracted, salvage: bool
) -> list[tuple[int, np.ndarray]]:
    """Return the pictures of a block that can be decoded."""
    try:
        return list(zip(block, archive[list(block)], strict=True))
    except ArchiveFormatError:
        if not salvage:
            raise
    pictures = []
    for j in block:
        try:
            pictures.append((j, archive[j]))
        except ArchiveFormatError as error:
            base = _base(archive, j)
            told = done.lost if base is None else done.coarse
            told[names[j]] = str(error)
            pictures += [] if base is None else [(j, base)]
    return pictures


def _base(archive: Archive, j: int) -> np.ndarray | None:
    """Return a picture without its residual; None where there is nothing beside that."""
    if archive.header.base == Base.NONE or not archive.header.step:
        return None
    try:
        return np.asarray(archive.base(j))
    except ArchiveFormatError:
        return None


def _place(root: Path, file: str) -> Path:
    """Make the folders of a file, one after another, and follow no link on the way."""
    path = root
    *folders, last = PurePosixPath(file).parts
    for folder in folders:
        path = path / folder
        if path.is_symlink():
            raise InvalidInputError(f"{path} is a link; nothing is written through it")
        if path.exists() and not path.is_dir():
            raise InvalidInputError(f"{path} is no folder, but pictures have to go into it")
        if not path.exists():
            path.mkdir()
    path = path / last
    if path.is_symlink():
        path.unlink()  # only reached where overwriting was asked for: the link goes, not its target
    return path
