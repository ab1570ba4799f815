"""V in blocks of images that are read one after the other, the next while one is worked on.

Whatever is asked of V as a whole costs a reading of all of it, a pass. So a run that knows
how goes block by block itself (`tiles`), and asks for all that it needs of one at once.
"""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from typing import Any, TypeVar

import numpy as np

from visnmf.kernels.tiles import TILE
from visnmf.matrices.blocks import ones_contracted
from visnmf.matrices.dense import Dense
from visnmf.matrices.protocol import ONE, Bundle, Entrywise, Matrix
from visnmf.matrices.source import Source
from visnmf.matrices.turned import Turned, joined, part_of

__all__ = ["Chunked", "read_ahead", "width_of"]

_BLOCK = 32 << 20  # bytes of a block
_AHEAD = 2  # blocks that are read ahead

_Item = TypeVar("_Item")
_Read = TypeVar("_Read")
Make = Callable[[slice, np.ndarray], Any]


def width_of(source: Source, size: int = _BLOCK) -> int:
    """Return how many images a block holds: whole tiles, and whole chunks where these are small."""
    m, _ = source.shape
    fit = max(1, size // (m * source.dtype.itemsize))
    step = int(np.lcm(TILE, max(source.step, 1)))
    if step > 2 * max(fit, TILE):
        step = TILE
    return step * max(1, fit // step)


def read_ahead(
    items: Iterable[_Item], read: Callable[[_Item], _Read]
) -> Iterator[tuple[_Item, _Read]]:
    """Yield each item with what is read of it, in order, while the next ones are read."""
    waiting: deque[tuple[_Item, Future[_Read]]] = deque()
    with ThreadPoolExecutor(1, "visnmf-read") as reader:
        try:
            for item in items:
                waiting.append((item, reader.submit(read, item)))
                if len(waiting) > _AHEAD:
                    first, future = waiting.popleft()
                    yield first, future.result()
            while waiting:
                first, future = waiting.popleft()
                yield first, future.result()
        finally:
            reader.shutdown(wait=False, cancel_futures=True)


@dataclass
class Passes:
    """How many images were read so far, of how many there are."""

    n: int
    read: int = 0

    def __call__(self) -> float:
        """Return how often V was read."""
        return self.read / max(self.n, 1)


class Chunked:
    """A matrix V whose columns come in blocks from a source.

    Parameters
    ----------
    source : Source
        Where they come from.
    make : callable, optional
        Takes a range of columns and their values as read, (m, k), and returns them as a
        matrix in memory; `Dense` if not given. Picklable, if blocks go to other processes.
    dtype : dtype, optional
        The float type; the source's if not given.
    width : int, optional
        Images in a block; a multiple of 64.
    weighted : bool
        Whether the matrices that `make` returns have weights.
    facts : dict of ndarray, optional
        Sums of functions of the entries alone, by their names and a number an image: what
        is known of V without reading it.
    """

    kind = "chunked"

    def __init__(
        self,
        source: Source,
        make: Make | None = None,
        *,
        dtype: np.dtype[Any] | None = None,
        width: int | None = None,
        weighted: bool = False,
        facts: dict[str, np.ndarray] | None = None,
        passes: Passes | None = None,
    ) -> None:
        self.source = source
        self.make = make or _dense
        self.dtype = np.dtype(source.dtype if dtype is None else dtype)
        self.width = width or getattr(source, "block", None) or width_of(source)
        self.weighted = weighted
        self.facts = facts or {}
        self.passes = passes or Passes(source.shape[1])

    @property
    def shape(self) -> tuple[int, int]:
        """The numbers of rows and of columns."""
        return self.source.shape

    @property
    def T(self) -> Turned:
        """The transposed matrix."""
        return Turned(self)

    @property
    def work(self) -> float:
        """Multiply-adds of a product with one row."""
        return float(self.shape[0]) * self.shape[1] * (2 if self.weighted else 1)

    @property
    def density(self) -> float:
        """The mean of the weights."""
        return self.total(None, None, ONE) / (float(self.shape[0]) * self.shape[1])

    @property
    def lost(self) -> dict[int, str]:
        """Images that could not be read, and why; their columns are zero."""
        return self.source.lost

    def lost_in(self, columns: slice) -> list[int]:
        """Return which of a range of columns could not be read, counted from its first."""
        first, last = columns.start, columns.stop
        return [i - first for i in self.lost if first <= i < last]

    def ranges(self) -> list[slice]:
        """Return the ranges of columns of the blocks."""
        n = self.shape[1]
        return [slice(i, min(i + self.width, n)) for i in range(0, n, self.width)]

    def block(self, columns: slice) -> Any:
        """Read a range of columns, as a matrix in memory."""
        values = self.source.read(columns.start, columns.stop)
        self.passes.read += columns.stop - columns.start
        made = self.make(columns, values)
        return made if made.dtype == self.dtype else made.astype(self.dtype)

    def tiles(self) -> Iterator[tuple[slice, Any]]:
        """Yield all blocks in order, reading ahead of what is asked for."""
        return read_ahead(self.ranges(), self.block)

    def astype(self, dtype: np.dtype[Any]) -> Chunked:
        """Return the same with entries of another float type."""
        return self._with(self.make, np.dtype(dtype), self.facts)

    def scaled(self, rows: np.ndarray, columns: np.ndarray) -> Chunked:
        """Return the same with each entry times the numbers of its row and of its column."""
        make, dtype = self.make, self.dtype

        def scaled(where: slice, values: np.ndarray) -> Any:
            return make(where, values).astype(dtype).scaled(rows, columns[where])

        return self._with(scaled, dtype, {})

    def take(self, columns: np.ndarray) -> Matrix:
        """Return some columns, in memory; blocks that hold none of them are not read."""
        columns = np.asarray(columns)
        order = np.argsort(columns, kind="stable")
        chosen = columns[order]
        parts = []
        for where in self.ranges():
            first, last = np.searchsorted(chosen, (where.start, where.stop))
            if first < last:
                parts.append((where, chosen[first:last] - where.start))
        if not parts:
            return self.make(slice(0, 0), np.empty((self.shape[0], 0), self.dtype))

        def read(part: tuple[slice, np.ndarray]) -> Matrix:
            return self.block(part[0]).take(part[1])

        found = joined([block for _, block in read_ahead(parts, read)])
        if np.array_equal(order, np.arange(len(order))):
            return found
        back = np.empty_like(order)
        back[order] = np.arange(len(order))
        return found.take(back)

    def runs(self, ranges: list[slice]) -> Matrix:
        """Return some ranges of columns side by side, in memory; nothing else is read."""
        found: Matrix = joined([block for _, block in read_ahead(ranges, self.block)])
        return found

    def gram(self) -> np.ndarray:
        """Return V V', (m x m)."""
        whole = np.zeros((self.shape[0],) * 2)
        for _, block in self.tiles():
            whole += block.gram()
        return whole.astype(self.dtype)

    def contract(
        self,
        A: np.ndarray,
        F: np.ndarray | None,
        function: Entrywise,
        out: np.ndarray | None = None,
    ) -> np.ndarray:
        """Return A @ f(V, A'F), a block of columns after the other."""
        if function is ONE and not self.weighted:
            return ones_contracted(A, self.shape[1], self.dtype)
        found = np.empty((len(A), self.shape[1]), self.dtype) if out is None else out
        for columns, block in self.tiles():
            found[:, columns] = block.contract(A, part_of(F, columns), function)
        return found

    def total(self, A: np.ndarray | None, F: np.ndarray | None, function: Entrywise) -> float:
        """Return the sum of f(V, A'F) in float64; of V alone without reading it, where known."""
        known = self.facts.get(function.name)
        if known is not None:
            kept = np.ones(len(known), bool)
            kept[list(self.lost)] = False
            return float(known[kept].sum())
        return sum(block.total(A, part_of(F, where), function) for where, block in self.tiles())

    def gather(
        self, A: np.ndarray, F: np.ndarray, bundle: Bundle, cost: bool = True
    ) -> tuple[list[np.ndarray], float]:
        """Return the contractions and the sum of a bundle, block by block."""
        sums = [np.empty((len(A), self.shape[1]), self.dtype) for _ in range(bundle.count)]
        whole = 0.0
        for columns, block in self.tiles():
            found, part = block.gather(A, part_of(F, columns), bundle, cost)
            for out, values in zip(sums, found, strict=True):
                out[:, columns] = values
            whole += part
        return sums, whole if cost else float("nan")

    def residual(self, A: np.ndarray, F: np.ndarray) -> tuple[np.ndarray, float]:
        """Return A @ (M * (V - A'F)), and the sum of M * (V - A'F)^2, of a V with weights M."""
        sums, squares = np.empty((len(A), self.shape[1]), self.dtype), 0.0
        for columns, block in self.tiles():
            sums[:, columns], part = block.residual(A, part_of(F, columns))
            squares += part
        return sums, squares

    def grams(self, A: np.ndarray) -> np.ndarray:
        """Return sum_i M[i, j] a_i a_i' for each column j, (rank, rank, n)."""
        return np.concatenate([block.grams(A) for _, block in self.tiles()], axis=2)

    def _with(self, make: Make, dtype: np.dtype[Any], facts: dict[str, np.ndarray]) -> Chunked:
        return Chunked(
            self.source, make, dtype=dtype, width=self.width, weighted=self.weighted,
            facts=facts, passes=self.passes,
        )  # fmt: skip


def _dense(columns: slice, values: np.ndarray) -> Dense:
    return Dense(values)
