"""Batches of images, from a V that can be read again or from a stream that passes by once."""

from __future__ import annotations

from collections.abc import Iterable, Iterator
from typing import Any

import numpy as np
from scipy import sparse

from visnmf.errors import InvalidInputError
from visnmf.kernels.tiles import TILE
from visnmf.matrices.chunked import Chunked, read_ahead
from visnmf.matrices.dense import Dense
from visnmf.matrices.protocol import Matrix
from visnmf.matrices.sparse import Sparse
from visnmf.matrices.turned import joined
from visnmf.solve.chunks import source_of
from visnmf.solve.edge import check_values
from visnmf.solve.intake import take_in

__all__ = ["Stream", "Whole", "beside", "is_stream", "mixed_batches", "taken", "tiles_of"]

_RUN = 16  # images in a row that a batch takes, where no more are stored together
_BLOCK = 32 << 20  # bytes of a block of columns
_TOO_LONG = 8  # batches that a stored chunk may hold, to be read whole


def is_stream(V: Any) -> bool:
    """Tell whether V comes in batches: an iterator, or a list of arrays or image sets."""
    if any(hasattr(V, name) for name in ("shape", "__array__", "layout", "step")):
        return False
    if isinstance(V, list | tuple):
        return bool(V) and (hasattr(V[0], "layout") or getattr(V[0], "ndim", 0) == 2)
    return isinstance(V, Iterable)


def taken(V: Any) -> Matrix:
    """Return V as a matrix, without a pass over what is read block by block.

    Such blocks are checked as they come, by `tiles_of` and `mixed_batches`.
    """
    if isinstance(V, Chunked):
        return V
    source = source_of(V)
    if source is None:
        return take_in(V)
    if 0 in source.shape:
        raise InvalidInputError(f"V is empty: its shape is {source.shape}")
    return Chunked(source)


class Whole:
    """A V that can be read again, in batches that it gives by itself.

    Parameters
    ----------
    matrix : Matrix
        V.
    size : int
        Images in a batch.
    rng : Generator, optional
        Draws what a batch holds; without, images come as they are stored.
    """

    again = True

    def __init__(self, matrix: Matrix, size: int, rng: np.random.Generator | None) -> None:
        self.matrix = matrix
        self.n: int | None = matrix.shape[1]
        self._size, self._rng = size, rng

    def batches(self) -> Iterator[Matrix]:
        """Yield all of V, each image once."""
        return mixed_batches(self.matrix, self._size, self._rng)

    def tiles(self) -> Iterator[tuple[slice, Matrix]]:
        """Yield all of V in order."""
        return tiles_of(self.matrix)


class Stream:
    """Batches that come one by one, each checked, in the type of the first one.

    Parameters
    ----------
    batches : iterable
        Arrays (m, k), sparse ones or ImageSets; an iterator can be gone through only once.
    size : int
        Images that a batch has at least: smaller ones, as the single frames of a camera, are
        put together.
    """

    def __init__(self, batches: Iterable[Any], size: int) -> None:
        self.again = not isinstance(batches, Iterator)
        self.n: int | None = None
        self._batches, self._size = batches, size
        self._m = 0
        self._dtype: np.dtype[Any] | None = None

    def batches(self) -> Iterator[Matrix]:
        """Yield the batches; n is known once they were gone through."""
        kept: list[Matrix] = []
        n = 0
        for number, batch in enumerate(self._batches):
            kept.append(self._checked(batch, number))
            n += kept[-1].shape[1]
            if sum(part.shape[1] for part in kept) >= self._size:
                yield beside(kept)
                kept = []
        if kept:
            yield beside(kept)
        self.n = n

    def tiles(self) -> Iterator[tuple[slice, Matrix]]:
        """Yield the batches with their columns in all of them."""
        start = 0
        for batch in self.batches():
            yield slice(start, start + batch.shape[1]), batch
            start += batch.shape[1]

    def _checked(self, batch: Any, number: int) -> Matrix:
        matrix = take_in(batch)
        m = matrix.shape[0]
        if self._m and m != self._m:
            raise InvalidInputError(
                f"batch {number} has {m} pixels an image, but those before have {self._m}; "
                "all need the same size"
            )
        self._m = m
        self._dtype = self._dtype or matrix.dtype
        return matrix if matrix.dtype == self._dtype else matrix.astype(self._dtype)


def beside(parts: list[Matrix]) -> Matrix:
    """Return matrices side by side as one, in memory; sparse ones stay sparse if all are."""
    if len(parts) == 1:
        return parts[0]
    stored = [part.columns.matrix() for part in parts if isinstance(part, Sparse)]
    if len(stored) == len(parts):
        return Sparse.of(sparse.csc_array(sparse.hstack(stored)))
    full = [Dense(p.columns.matrix().toarray()) if isinstance(p, Sparse) else p for p in parts]
    whole: Matrix = joined(full)
    return whole


def tiles_of(matrix: Matrix) -> Iterator[tuple[slice, Matrix]]:
    """Yield ranges of columns, and V there: a pass over V, in blocks that memory holds."""
    if isinstance(matrix, Chunked):
        for columns, block in matrix.tiles():
            yield columns, _looked_at(columns, block, matrix)
        return
    m, n = matrix.shape
    width = TILE * max(1, _BLOCK // (matrix.dtype.itemsize * m * TILE))
    for start in range(0, n, width):
        columns = slice(start, min(start + width, n))
        yield columns, _part(matrix, columns)


def _part(matrix: Matrix, columns: slice) -> Matrix:
    if isinstance(matrix, Dense):
        return Dense(matrix.values[:, columns])
    return matrix.take(np.arange(columns.start, columns.stop))


def mixed_batches(matrix: Matrix, size: int, rng: np.random.Generator | None) -> Iterator[Matrix]:
    """Yield batches of about `size` images, drawn in short runs from everywhere.

    Where a set is sorted by what it shows, each batch then still shows some of all. A run is
    what is stored together, or sixteen. Without a generator they come as they are stored.
    """
    n = matrix.shape[1]
    run = _run(matrix, size)
    starts = np.arange(0, n, run)
    if rng is not None:
        rng.shuffle(starts)
    each = max(1, round(size / run))
    groups = [starts[i : i + each] for i in range(0, len(starts), each)]
    if not isinstance(matrix, Chunked):
        for group in groups:
            yield matrix.take(np.concatenate([np.arange(s, min(s + run, n)) for s in group]))
        return
    ranges = [slice(int(s), min(int(s) + run, n)) for s in starts]
    parts = read_ahead(ranges, matrix.block)
    for group in groups:
        yield beside([_looked_at(*next(parts), matrix) for _ in group])


def _run(matrix: Matrix, size: int) -> int:
    """Return how many images in a row are read together."""
    step = matrix.source.step if isinstance(matrix, Chunked) else 1
    if step > _TOO_LONG * size:
        return size
    return step * max(1, _RUN // step)


def _looked_at(columns: slice, block: Matrix, whole: Chunked) -> Matrix:
    """Check a block where nobody has read V before: a pass for that alone is not to be had."""
    if not whole.facts and isinstance(block, Dense):
        last = columns.stop - 1
        check_values(block.values, f"{whole.source.name}, in images {columns.start} to {last},")
    return block
