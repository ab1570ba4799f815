"""Pictures as the archive takes them: whole levels, and V beside them for the solvers."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from visnmf.archive.canvas import Canvas
from visnmf.errors import InvalidInputError
from visnmf.images.imageset import ImageSet
from visnmf.images.layout import ImageLayout

__all__ = ["Material", "describe_exact", "is_whole", "levels_of", "values_of"]

_HIGH = {"bool": (1.0, 1.0), "uint8": (1.0, 255.0), "uint16": (256.0, 65535.0)}
"""What V = 1 may stand for where originals are levels as they are."""


def is_whole(layout: ImageLayout) -> bool:
    """Tell whether pictures of a layout are levels as they are, so that they can be exact."""
    least, most = _HIGH.get(layout.dtype, (1.0, 0.0))
    return layout.low == 0.0 and least <= layout.high <= most and layout.high == int(layout.high)


def describe_exact(layout: ImageLayout) -> str:
    """Say what it means for pictures of a layout that no level is lost."""
    whole = np.dtype(layout.dtype).kind in "iu" and max(abs(layout.low), abs(layout.high)) < 2**24
    if is_whole(layout) or (whole and layout.high - layout.low <= _top(layout)):
        return "lossless"
    return f"every level kept, of {_top(layout) + 1:,} that the values were rounded to"


def levels_of(V: NDArray[np.float32], layout: ImageLayout) -> NDArray[np.uint8 | np.uint16]:
    """Return the levels of some columns of V, shape (n, m).

    Originals of bool, 8 or 16 bits are their own levels (bool is 0 or 255); other types are
    spread over 0 to 65535 from `layout.low` to `layout.high`.
    """
    whole = is_whole(layout)
    unit = layout.high if whole and layout.dtype != "bool" else _top(layout)
    levels = np.rint(V.T * np.float32(unit))
    np.clip(levels, 0, _top(layout), out=levels)
    return levels.astype(np.uint8 if _top(layout) == 255 else np.uint16)


def values_of(levels: NDArray[np.uint8 | np.uint16], layout: ImageLayout) -> NDArray[np.float32]:
    """Return what levels are in V, of the same shape."""
    unit = layout.high if is_whole(layout) and layout.dtype != "bool" else _top(layout)
    return levels.astype(np.float32) / np.float32(unit)


def _top(layout: ImageLayout) -> int:
    return 255 if is_whole(layout) and layout.dtype != "uint16" else 65535


@dataclass(frozen=True, eq=False)
class Material:
    """A set of pictures, ready to be compressed.

    Attributes
    ----------
    levels : ndarray of uint8 or uint16 (n, m)
        What has to come back, pictures first, pixels outside the mask left out.
    layout : ImageLayout
        Of a picture.
    names : list of str
        One a picture.
    V : ndarray of float32 (m, n)
        The same in [0, 1].
    apart : bool
        Whether a row is one channel of a picture: rows are picture 0 channel 0, picture 0
        channel 1, ...
    """

    levels: NDArray[np.uint8 | np.uint16]
    layout: ImageLayout
    names: list[str]
    V: NDArray[np.float32]
    apart: bool = False

    @classmethod
    def of(cls, images: ImageSet) -> Material:
        """Take a set of pictures; V is shared.

        Raises
        ------
        InvalidInputError
            If there are no pictures.
        """
        if not len(images):
            raise InvalidInputError("there are no pictures to compress; need 1 or more")
        levels = np.empty((len(images), images.layout.m), np.uint8)
        if _top(images.layout) > 255:
            levels = levels.astype(np.uint16)
        for first in range(0, len(images), 1024):
            some = slice(first, first + 1024)
            levels[some] = levels_of(images.V[:, some], images.layout)
        return cls(levels, images.layout, list(images.names), images.V)

    @property
    def n(self) -> int:
        """Pictures."""
        return len(self.names)

    @property
    def top(self) -> int:
        """The greatest level that the type holds."""
        return int(np.iinfo(self.levels.dtype).max)

    @property
    def peak(self) -> int:
        """The level that V = 1 stands for, over which a PSNR is taken."""
        layout = self.layout
        if is_whole(layout) and layout.dtype != "bool":
            return max(1, round(layout.high))
        return self.top

    @property
    def planes(self) -> int:
        """Rows of `levels` that a picture takes."""
        return self.layout.channels if self.apart else 1

    @cached_property
    def canvas(self) -> Canvas:
        """The frame of a row of `levels`."""
        layout = self.layout
        channels = 1 if self.apart else layout.channels
        return Canvas(layout.height, layout.width, channels, layout.mask)

    def named(self, names: list[str]) -> Material:
        """Return the same pictures under other names."""
        return Material(self.levels, self.layout, names, self.V, self.apart)

    def pictures(self, rows: np.ndarray) -> np.ndarray:
        """Return rows like those of `levels` as pictures, shape (count, height, width[, channels]).

        Pixels outside the mask are 0.
        """
        whole = self.canvas.pictures(rows)
        if not self.apart:
            return whole
        planes = whole.reshape(-1, self.planes, *whole.shape[1:])
        return np.ascontiguousarray(planes.transpose(0, 2, 3, 1))

    def split(self) -> Material:
        """Return the same pictures with their channels apart."""
        channels = self.layout.channels
        whole = self.levels.reshape(self.n, -1, channels).transpose(0, 2, 1)
        levels = np.ascontiguousarray(whole).reshape(self.n * channels, -1)
        V = (levels.astype(np.float32) / np.float32(self.peak)).T
        return Material(levels, self.layout, self.names, V, apart=True)

    def sample(self, most: int) -> Material:
        """Return some pictures, spread over the set, of at most so many values."""
        count = max(1, min(self.n, most // max(1, self.levels[0].size * self.planes)))
        if count == self.n:
            return self
        picked = np.linspace(0, self.n - 1, count).astype(np.intp)
        rows = (picked[:, None] * self.planes + np.arange(self.planes)).ravel()
        names = [self.names[i] for i in picked]
        V = self.V.T[rows].T
        return Material(self.levels[rows], self.layout, names, V, self.apart)
