"""LazyColumns: the columns of V, read and scaled when they are asked for."""

from __future__ import annotations

import threading
import warnings
from collections.abc import Callable, Iterator
from typing import Any, NamedTuple, Protocol

import numpy as np
from numpy.typing import NDArray

from visnmf.errors import ImageReadError, InvalidInputError, SkippedImagesWarning
from visnmf.images.frames import full_scale
from visnmf.images.layout import ImageLayout

__all__ = ["LazyColumns", "Piece", "Store"]

_ROWS = 16  # pictures scaled at a time, at least, where a mask keeps runs of pixels
_RUN = 32  # values in a row that a mask keeps on average, from which copying runs pays
_TILE = 32_768  # values scaled at a time: they stay in cache between two passes over them


class Piece(NamedTuple):
    """Pictures that lie one after another in a set, or why they cannot be read.

    Parameters
    ----------
    first, size : int
        Which pictures of the set.
    values : array, shape (size, h, w[, channels]), or ImageReadError
        In their original values, of the size and colors wanted.
    full : float or None
        The value of white, as of `frames.Frame`.
    """

    first: int
    size: int
    values: NDArray[Any] | ImageReadError
    full: float | None = None


class Store(Protocol):
    """Where pictures lie. It can be pickled, and read by several threads at a time."""

    n: int
    step: int
    name: str

    def pieces(self, first: int, last: int) -> Iterator[Piece]:
        """Yield the pictures from `first` up to `last`, a few megabytes at a time, in order."""
        ...


class LazyColumns:
    """The columns of V as solvers read them: never all at once.

    Parameters
    ----------
    store : Store
        Where the pictures lie.
    layout : ImageLayout
        How pictures become columns.
    fixed : bool
        Whether the value range of the layout holds for all pictures; else each is scaled by
        its own depth, where it has 8 or 16 bits.
    on_error : {"raise", "skip", "warn"}
        What to do about pictures that cannot be read: raise, or give columns of zeros.

    Attributes
    ----------
    shape : (m, n)
        Of V.
    dtype : dtype
        float32.
    step : int
        Images that are stored together: reads that begin and end at its multiples are cheapest.
    block : int or None
        How many images solvers shall read at a time; None leaves it to them.
    name : str
        What messages call it.
    """

    def __init__(
        self, store: Store, layout: ImageLayout, *, fixed: bool, on_error: str = "raise"
    ) -> None:
        self.store = store
        self.layout = layout
        self.fixed = fixed
        self.on_error = on_error
        self.shape: tuple[int, int] = (layout.m, store.n)
        self.dtype = np.dtype(np.float32)
        self.step: int = store.step
        self.block: int | None = None
        self.name: str = store.name
        self.errors: dict[int, ImageReadError] = {}
        self._kept = None if layout.mask is None else _kept(layout)
        self._runs = None if self._kept is None else _runs(self._kept)
        self._lock = threading.Lock()

    def __getstate__(self) -> dict[str, Any]:
        return {name: value for name, value in vars(self).items() if name != "_lock"}

    def __setstate__(self, state: dict[str, Any]) -> None:
        vars(self).update(state, _lock=threading.Lock())

    @property
    def lost(self) -> dict[int, str]:
        """Images that could not be read so far, and why; their columns are zeros."""
        with self._lock:
            return {i: str(self.errors[i]) for i in sorted(self.errors)}

    def read(self, first: int, last: int) -> NDArray[np.float32]:
        """Read columns `first` up to `last`.

        Parameters
        ----------
        first, last : int
            0 <= first <= last <= n.

        Returns
        -------
        block : array of float32, shape (m, last - first)
            Each column contiguous, values in [0, 1].

        Raises
        ------
        ImageReadError
            If a picture cannot be read, unless those are skipped. It names the file, or the
            chunk and its images.
        """
        if not 0 <= first <= last <= self.shape[1]:
            raise InvalidInputError(
                f"columns {first} to {last} are not in {self.name}, which has {self.shape[1]}"
            )
        rows = np.empty((last - first, self.shape[0]), np.float32)
        for piece in self.store.pieces(first, last):
            place = rows[piece.first - first :][: piece.size]
            values = self.checked(piece)
            if values is None:
                place[...] = 0
            else:
                self._scale(values, piece.full, place)
        for i in list(self.errors):  # what was lost once stays so: V is the same in each pass
            if first <= i < last:
                rows[i - first] = 0
        return rows.T

    def bounds(self, progress: Callable[[int, int], None] | None = None) -> NDArray[Any]:
        """Return the least and the greatest original value of all pictures, where kept.

        Parameters
        ----------
        progress : callable, optional
            Called as ``progress(done, total)``.

        Raises
        ------
        ImageReadError
            If a picture cannot be read, unless those are skipped; or if none can.
        """
        found: list[Any] = []
        n = self.shape[1]
        for piece in self.store.pieces(0, n):
            values = self.checked(piece)
            if values is not None:
                kept = self.layout.to_columns(values)
                found = [min([*found[:1], kept.min()]), max([*found[1:], kept.max()])]
            if progress is not None:
                progress(piece.first + piece.size, n)
        if not found:
            raise ImageReadError(
                self.name, f"none of its {n} picture(s) can be read; the first is {self.errors[0]}"
            )
        return np.array(found)

    def checked(self, piece: Piece) -> NDArray[Any] | None:
        """Return the values of a piece; None if they are lost, as the user allows.

        Raises
        ------
        ImageReadError
            If they are lost, and the user wants to know.
        """
        values = piece.values
        if not isinstance(values, ImageReadError):
            return values
        if self.on_error == "raise":
            raise values
        with self._lock:
            known = bool(self.errors)
            for i in range(piece.first, piece.first + piece.size):
                self.errors.setdefault(i, values)
        if self.on_error == "warn" and not known:
            warnings.warn(
                f"{values}; its columns are zeros, as are those of others that cannot be read "
                "(all are in .lost)",
                SkippedImagesWarning,
                stacklevel=4,
            )
        return None

    def _scale(self, values: NDArray[Any], full: float | None, rows: NDArray[np.float32]) -> None:
        """Write pictures as rows of values in [0, 1]: the very values of `packing.pack_stack`."""
        low, high = self.layout.low, self.layout.high
        if not self.fixed and full is not None:
            low, high = 0.0, full
        inside = low == 0.0 and high == full_scale(values.dtype)
        wide = values.dtype.itemsize > 2 and values.dtype != np.float32
        flat = values.reshape(len(values), -1)
        tile = max(_TILE // rows.shape[1], _ROWS if self._runs else 1)
        for start in range(0, len(values), tile):
            some, out = flat[start : start + tile], rows[start : start + tile]
            if self._kept is not None and self._runs is None:
                some = np.take(some, self._kept, axis=1)
            elif self._runs is not None and wide:
                some = some[:, self._kept]
            if wide:  # float64 until it is in [0, 1]
                out[...] = self.layout.from_original(some)
                continue
            for first, last, place in self._runs or [(0, some.shape[1], 0)]:
                out[:, place : place + last - first] = some[:, first:last]
            if low != 0.0:
                out -= low
            if high - low != 1.0:
                out /= high - low
            if not inside:
                np.clip(out, 0.0, 1.0, out=out)


def _kept(layout: ImageLayout) -> NDArray[np.intp]:
    """Return the places of the values that the mask keeps, in a flat picture."""
    assert layout.mask is not None
    return np.flatnonzero(np.repeat(layout.mask.ravel(), layout.channels))


def _runs(kept: NDArray[np.intp]) -> list[tuple[int, int, int]] | None:
    """Return runs of values that are kept, and where each goes; None if they are short."""
    breaks = np.flatnonzero(np.diff(kept) != 1) + 1
    if len(kept) < _RUN * (len(breaks) + 1):
        return None
    starts = [0, *breaks.tolist()]
    ends = [*breaks.tolist(), len(kept)]
    return [(int(kept[a]), int(kept[b - 1]) + 1, a) for a, b in zip(starts, ends, strict=True)]
