"""The frames of a video, decoded as they are asked for, one after another."""

from __future__ import annotations

import os
import threading
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visnmf.errors import ImageReadError, InvalidInputError
from visnmf.images.colors import convert_values
from visnmf.images.frames import check_pixels
from visnmf.images.lazy_columns import Piece
from visnmf.images.opencv_reader import quiet_opencv, rgb_of
from visnmf.images.settings import Wanted

__all__ = ["VideoStore"]

_FRAMES = 16  # decoded at a time


class VideoStore:
    """The wanted frames of a video.

    Most videos can only be decoded forward. So blocks in order are read as the video goes; a
    frame that lies behind begins it anew. How many there are is counted once, since headers
    only estimate it.

    Parameters
    ----------
    path : str
        The file.
    wanted : Wanted
        What is wanted of each frame.
    progress : callable, optional
        Called as ``progress(done, total)`` while frames are counted.

    Raises
    ------
    ImageReadError
        If it cannot be opened, or holds no frame that is wanted.
    """

    step = 1
    full = 255.0

    def __init__(
        self,
        path: str,
        wanted: Wanted,
        progress: Callable[[int, int], None] | None = None,
    ) -> None:
        self.name = self.path = path
        self.wanted = wanted
        self._lock = threading.Lock()
        self._video: Any = None
        self._next = 0  # the frame of the file that comes next
        self._process = os.getpid()
        frames = wanted.reading.frames
        if min(frames.start or 0, frames.step or 1, frames.stop or 0) < 0:
            raise ImageReadError(
                path, "the frames of a video are counted from its start: 0 or more"
            )
        self.picked = range(self._count(frames.stop, progress))[frames]
        self.n = len(self.picked)
        if not self.n:
            raise ImageReadError(
                path, "OpenCV finds no frame in it: no video, damaged, or too short"
            )
        (piece,) = self.pieces(0, 1)
        if isinstance(piece.values, ImageReadError):
            raise piece.values
        self.shape: tuple[int, ...] = piece.values.shape[1:]
        self.ready_dtype: np.dtype[Any] = piece.values.dtype

    def __getstate__(self) -> dict[str, Any]:
        state = {name: value for name, value in vars(self).items() if name != "_lock"}
        return {**state, "_video": None, "_next": 0}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _lock=threading.Lock())

    def pieces(self, first: int, last: int) -> Iterator[Piece]:
        """Yield the frames from `first` up to `last`, a few at a time."""
        for start in range(first, last, _FRAMES):
            until = min(start + _FRAMES, last)
            try:
                with self._lock, quiet_opencv():  # one position in the file, whoever reads
                    frames = self._decode(start, until)
            except ImageReadError as error:
                yield Piece(start, until - start, error)
                continue
            if frames:
                yield Piece(start, len(frames), np.stack(frames), 255.0)
            for i in range(start + len(frames), until):
                place = f"{self.path}, frame {self.picked[i]}"
                yield Piece(
                    i,
                    1,
                    ImageReadError(place, "cannot be decoded: the video is damaged or cut off"),
                )

    def _decode(self, first: int, last: int) -> list[NDArray[Any]]:
        """Decode frames until one fails; the wanted ones, in order."""
        frames: list[NDArray[Any]] = []
        if self._video is None or self._process != os.getpid() or self.picked[first] < self._next:
            self._begin()
        reading = self.wanted.reading
        for number in self.picked[first:last]:
            while self._next < number and self._video.grab():
                self._next += 1
            if self._next < number:
                break
            done, values = self._video.read()
            self._next += 1
            if not done:
                break
            check_pixels(self.path, values.shape[0], values.shape[1], reading)
            colors = convert_values(rgb_of(values), reading.mode, reading.background)
            try:
                frames.append(self.wanted.ready(colors))
            except InvalidInputError as error:
                raise ImageReadError(self.path, str(error)) from error
        return frames

    def _begin(self) -> None:
        import cv2

        self._video = cv2.VideoCapture(self.path)
        self._process, self._next = os.getpid(), 0

    def _count(self, stop: int | None, progress: Callable[[int, int], None] | None) -> int:
        """Count the frames that can be decoded, up to `stop`."""
        import cv2

        with quiet_opencv():
            self._begin()
            told = int(self._video.get(cv2.CAP_PROP_FRAME_COUNT))
            count = 0
            while self._video.isOpened() and (stop is None or count < stop) and self._video.grab():
                count += 1
                if progress is not None:
                    progress(count, max(told, count))
            self._begin()
        return count
