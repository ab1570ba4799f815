"""Pictures in files of their own, or as pages of some, decoded when they are asked for."""

from __future__ import annotations

import os
from collections.abc import Iterator, Sequence
from contextlib import closing
from dataclasses import replace
from itertools import groupby
from typing import Any

import numpy as np

from visnmf.errors import ImageReadError
from visnmf.images.decoding import decode_each, with_hint
from visnmf.images.frames import Frame
from visnmf.images.lazy_columns import Piece
from visnmf.images.quiet import quiet_decoders
from visnmf.images.reading import read_file
from visnmf.images.settings import Wanted
from visnmf.images.stack_reader import STACK_SUFFIXES

__all__ = ["FileStore", "count_frames"]

_PAGES = 64  # of one file, decoded at a time


class FileStore:
    """Pictures that lie in files.

    Parameters
    ----------
    paths : sequence of str
        The files.
    wanted : Wanted
        What is wanted of each picture.
    name : str
        What they are of, for messages.
    skip : bool
        Whether files that cannot be read are skipped, as the first picture is looked for.
    workers : int or None
        Threads that decode, as of `decoding.decode_each`.

    Attributes
    ----------
    files : array of int, shape (n,)
        Which file each picture is in.

    Raises
    ------
    ImageReadError
        If a file cannot be read that has to be: the first, or all.
    """

    step = 1

    def __init__(
        self,
        paths: Sequence[str],
        wanted: Wanted,
        *,
        name: str,
        skip: bool,
        workers: int | None = None,
    ) -> None:
        self.paths = list(paths)
        self.wanted = wanted
        self.name = name
        self.workers = workers
        self.pages: list[range] | None = None
        self.files = np.arange(len(self.paths), dtype=np.intp)
        if wanted.reading.frames != slice(0, 1):
            self._count(skip)
        self.n = len(self.files)
        self.like: Frame | None = None
        self.like = self._first(skip)

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape of the first picture that can be read, which the others must have, too."""
        assert self.like is not None
        return self.like.values.shape

    @property
    def full(self) -> float | None:
        """The value of white in the first picture."""
        assert self.like is not None
        return self.like.full

    @property
    def ready_dtype(self) -> np.dtype[Any]:
        """The dtype of the first picture."""
        assert self.like is not None
        return self.like.values.dtype

    def pieces(self, first: int, last: int) -> Iterator[Piece]:
        """Yield the pictures from `first` up to `last`, one or a few pages at a time."""
        with quiet_decoders():
            if self.pages is None:
                yield from self._single(first, last)
                return
            for file, images in groupby(range(first, last), key=lambda i: int(self.files[i])):
                some = list(images)
                for start in range(0, len(some), _PAGES):
                    yield from self._of_file(file, some[start : start + _PAGES])

    def _single(self, first: int, last: int) -> Iterator[Piece]:
        with closing(decode_each(self.paths[first:last], self.wanted, self.workers)) as results:
            for i, result in enumerate(results, first):
                if isinstance(result, ImageReadError):
                    yield Piece(i, 1, result)
                else:
                    yield self._checked(i, result[0], self.paths[i])

    def _of_file(self, file: int, images: list[int]) -> Iterator[Piece]:
        """Decode some pages of a file; page by page if they cannot be read together."""
        assert self.pages is not None
        path, pages = self.paths[file], self.pages[file]
        start = images[0] - int(np.searchsorted(self.files, file))
        some = pages[start : start + len(images)]
        stop = some[-1] + some.step
        taken = slice(some[0], stop if stop >= 0 else None, some.step)
        wanted = replace(self.wanted, reading=replace(self.wanted.reading, frames=taken))
        (result,) = decode_each([path], wanted, 1)
        whole = isinstance(result, list) and len(result) == len(images)
        if not whole and len(images) > 1:
            for i in images:
                yield from self._of_file(file, [i])
            return
        for i in images:
            if isinstance(result, ImageReadError):
                place, reason = f"{path}, page {some[0]}", result.reason
                yield Piece(i, 1, ImageReadError(place, reason))
            else:
                yield self._checked(i, result[i - images[0]], path)

    def _checked(self, i: int, frame: Frame, path: str) -> Piece:
        """Return a picture if it goes with the first one, else why it does not."""
        problem = None if self.like is None else self._misfit(frame, self.like)
        if problem is not None:
            return Piece(i, 1, ImageReadError(path, problem))
        return Piece(i, 1, frame.values[np.newaxis], frame.full)

    def _misfit(self, frame: Frame, like: Frame) -> str | None:
        shape, first = frame.values.shape, like.values.shape
        if shape[:2] != first[:2]:
            return (
                f"is {shape[0]} x {shape[1]} pixels, where the first picture is {first[0]} x "
                f"{first[1]}; size=({first[0]}, {first[1]}) brings all to one size"
            )
        if shape != first:
            return (
                f"has {(*shape, 1)[2]} channel(s), where the first picture has "
                f'{(*first, 1)[2]}; mode="gray" or mode="rgb" gives all the same'
            )
        if (frame.full is None) != (like.full is None) and self.wanted.value_range is None:
            return (
                f"holds {frame.values.dtype}, where the first picture holds {like.values.dtype}; "
                "give range=(low, high), the values of black and white, or load them apart"
            )
        return None

    def _first(self, skip: bool) -> Frame:
        """Return the first picture that can be read."""
        failed: ImageReadError | None = None
        for i in range(self.n):
            (piece,) = self.pieces(i, i + 1)
            if not isinstance(piece.values, ImageReadError):
                return Frame(piece.values[0], piece.full)
            failed = failed or piece.values
            if not skip:
                raise self._told(piece.values)
        assert failed is not None
        raise ImageReadError(
            self.name,
            f"none of the {len(self.paths)} file(s) can be read; the first is {failed}",
        ) from failed

    def _told(self, error: ImageReadError) -> ImageReadError:
        """Return an error that says what to do about one file of many."""
        return with_hint(error) if len(self.paths) > 1 else error

    def _count(self, skip: bool) -> None:
        """Find the pages of each file; one without any that is wanted stands for one picture."""
        self.pages = []
        for path in self.paths:
            count = 1
            try:
                count = count_frames(path, self.wanted)
                pages = range(count)[self.wanted.reading.frames]
                if not pages:
                    raise ImageReadError(path, "holds none of the frames asked for")
            except ImageReadError as error:
                if not skip:
                    raise self._told(error) from error
                # A page that is not there, if there is none: reading it will tell why
                pages = range(count)[self.wanted.reading.frames] or range(count, count + 1)
            self.pages.append(pages)
        self.files = np.repeat(self.files, [len(pages) for pages in self.pages])


def count_frames(path: str, wanted: Wanted) -> int:
    """Return how many pictures a file holds, as its header has it.

    Parameters
    ----------
    path : str
        A picture, or a .npy or .npz stack.
    wanted : Wanted
        How it would be read.

    Raises
    ------
    ImageReadError
        If it cannot be read.
    """
    from visnmf.images.pillow_reader import count_pillow

    if not os.path.isfile(path):  # a pipe, say, would be waited for
        raise ImageReadError(path, "there is no such regular file")
    if path.lower().endswith(tuple(STACK_SUFFIXES)):
        return len(read_file(path, replace(wanted.reading, frames=slice(None))))
    try:
        return count_pillow(path)
    except Exception:  # decoders raise all sorts on damaged files
        return _count_pages(path)


def _count_pages(path: str) -> int:
    import tifffile

    try:
        with tifffile.TiffFile(path) as tiff:
            return len(tiff.pages)
    except Exception as error:  # tifffile raises all sorts on damaged files
        raise ImageReadError(
            path, "not a picture of a known format, or its header is damaged"
        ) from error
