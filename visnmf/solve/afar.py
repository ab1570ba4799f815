"""V in blocks that dask works on, each read by the worker that works on it."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from typing import Any

import numpy as np

from visnmf.errors import ImageReadError
from visnmf.kernels.threads import threads
from visnmf.kernels.tiles import TILE
from visnmf.matrices.chunked import Chunked, Make, Passes, width_of
from visnmf.matrices.protocol import Entrywise, Matrix
from visnmf.matrices.source import Source
from visnmf.matrices.turned import joined
from visnmf.solve.crew import Crew

__all__ = ["Afar", "Done"]

_TASKS = 4  # blocks for each thread of the crew, at least, where there are so many images
_PARTS = 4  # images a part in a block, so that a share is small beside the block that left it
_LARGEST = 1 << 28  # bytes of a block that is widened for that


@dataclass
class Done:
    """What comes of a task: its result, and images that could not be read."""

    result: Any
    lost: dict[int, Any]

    def __sizeof__(self) -> int:
        """Return the bytes of it, so that dask adds up where most of them are."""
        arrays = vars(self.result).values() if hasattr(self.result, "__dict__") else [self.result]
        return object.__sizeof__(self) + sum(getattr(array, "nbytes", 0) for array in arrays)


class Afar(Chunked):
    """A chunked V whose blocks dask can work on.

    Parameters
    ----------
    source, make, dtype, weighted, facts, passes
        As of `Chunked`.
    crew : Crew
        Who works on them.
    lost : dict, optional
        Images that workers could not read, and why.
    """

    def __init__(
        self,
        source: Source,
        make: Make | None = None,
        *,
        crew: Crew,
        dtype: np.dtype[Any] | None = None,
        width: int | None = None,
        weighted: bool = False,
        facts: dict[str, np.ndarray] | None = None,
        passes: Passes | None = None,
        lost: dict[int, str] | None = None,
    ) -> None:
        width = width or _width(source, crew)
        super().__init__(
            source, make, dtype=dtype, width=width, weighted=weighted, facts=facts, passes=passes
        )
        self.crew = crew
        self._lost = {} if lost is None else lost
        self._blocks: list[tuple[Any, Any]] | None = None

    @property
    def lost(self) -> dict[int, str]:
        """Images that could not be read, here or by a worker, and why."""
        return {**self.source.lost, **self._lost} if self._lost else self.source.lost

    def widen(self, rank: int) -> None:
        """Let blocks hold some images a part: a share is as large as `rank` of them.

        Not beyond what the memory of a worker may be asked for, nor so far that workers idle.
        """
        m, n = self.shape
        most = min(_LARGEST // (m * self.dtype.itemsize), n // (2 * self.crew.threads))
        times = min(-(-_PARTS * rank // self.width), most // self.width)
        if times > 1:
            self.width *= times
            self._blocks = None

    def tasks(self, function: Callable[..., Any], *arguments: Any) -> list[Any]:
        """Return a task for each block, whose result is a `Done`.

        Parameters
        ----------
        function : callable
            Takes a block of V, the numbers of its first image and of that after its last, and
            which of its columns could not be read; and what follows.
        *arguments
            What follows.
        """
        from dask import delayed

        if self._blocks is None:
            self._blocks = self._begin()
        work = delayed(_work, pure=False, traverse=False)
        lost = np.array(sorted(self.lost), np.intp)
        tasks = []
        for where, (blocks, values) in zip(self.ranges(), self._blocks, strict=True):
            gone = lost[slice(*np.searchsorted(lost, (where.start, where.stop)))] - where.start
            tasks.append(work(blocks, values, where, gone, function, arguments))
        return tasks

    def each(self, function: Callable[..., Any]) -> list[tuple[slice, Any]]:
        """Return what a function makes of each block, as `tasks` takes it; a pass over V."""
        done = self.crew.gather(self.tasks(function))
        for one in done:
            self.note(one.lost)
        self.passes.read += self.shape[1]
        return list(zip(self.ranges(), (one.result for one in done), strict=True))

    def total(self, A: np.ndarray | None, F: np.ndarray | None, function: Entrywise) -> float:
        """Return the sum of f(V, A'F) in float64; of V alone it is taken where V is."""
        if A is not None or function.name in self.facts:
            return super().total(A, F, function)
        return float(sum(found for _, found in self.each(partial(_total, function))))

    def note(self, lost: dict[int, Any]) -> None:
        """Note what workers could not read; the source is told too, where it keeps the errors."""
        errors = getattr(self.source, "errors", None)
        for i, why in lost.items():
            self._lost[i] = str(why)
            if isinstance(errors, dict) and isinstance(why, ImageReadError):
                errors.setdefault(i, why)

    def runs(self, ranges: list[slice]) -> Matrix:
        """Return some ranges of columns side by side, in memory; read all at a time."""
        from dask import delayed

        array = getattr(self.source, "array", None)
        if array is not None and hasattr(self.source, "parts"):
            cut = delayed(np.asarray, pure=False)
            values = self.crew.gather([cut(array[:, where]) for where in ranges])
        else:
            node = self.crew.keep(_Blocks(self.source, self.make, self.dtype))
            read = delayed(_read, pure=False, traverse=False)
            done = self.crew.gather([read(node, where) for where in ranges])
            for one in done:
                self.note(one.lost)
            values = [one.result for one in done]
        self.passes.read += sum(where.stop - where.start for where in ranges)
        blocks = _Blocks(None, self.make, self.dtype)
        found: Matrix = joined(
            [blocks.made(where, part) for where, part in zip(ranges, values, strict=True)]
        )
        return found

    def _begin(self) -> list[tuple[Any, Any]]:
        """Return for each block how it is made, and its values where dask has them."""
        if hasattr(self.source, "parts"):
            blocks = self.crew.keep(_Blocks(None, self.make, self.dtype))
            return [(blocks, values) for values in self.source.parts(self.ranges())]
        blocks = self.crew.keep(_Blocks(self.source, self.make, self.dtype))
        return [(blocks, None)] * len(self.ranges())

    def _with(self, make: Make, dtype: np.dtype[Any], facts: dict[str, np.ndarray]) -> Afar:
        return Afar(
            self.source, make, crew=self.crew, dtype=dtype, width=self.width,
            weighted=self.weighted, facts=facts, passes=self.passes, lost=self._lost,
        )  # fmt: skip


@dataclass(frozen=True)
class _Blocks:
    """How blocks are made: what a worker keeps of V."""

    source: Source | None
    make: Make
    dtype: np.dtype[Any]

    def made(self, columns: slice, values: np.ndarray) -> Any:
        """Return a block as a matrix."""
        own = np.dtype(np.float32 if self.dtype == np.float32 else np.float64)
        values = np.asarray(values).astype(own, order="F", copy=False)
        found = self.make(columns, values)
        return found if found.dtype == self.dtype else found.astype(self.dtype)

    def lost(self, columns: slice) -> dict[int, Any]:
        """Return which images of a block could not be read, and the errors."""
        if self.source is None:
            return {}
        found = getattr(self.source, "errors", None) or self.source.lost
        return {i: found[i] for i in list(found) if columns.start <= i < columns.stop}


def _work(
    blocks: _Blocks,
    values: np.ndarray | None,
    columns: slice,
    gone: np.ndarray,
    function: Callable[..., Any],
    arguments: tuple[Any, ...],
) -> Done:
    """Read a block, unless its values are there already, and work on it."""
    if values is None:
        assert blocks.source is not None
        values = blocks.source.read(columns.start, columns.stop)
    lost = blocks.lost(columns)
    gone = np.union1d(gone, [i - columns.start for i in lost]).astype(np.intp)
    if len(gone):  # what one worker could not read is lost, whoever reads it now
        values = np.array(values, order="F")
        values[:, gone] = 0
    with threads(1):
        block = blocks.made(columns, values)
        return Done(function(block, columns.start, columns.stop, gone, *arguments), lost)


def _total(function: Entrywise, block: Matrix, *_: Any) -> float:
    return block.total(None, None, function)


def _read(blocks: _Blocks, columns: slice) -> Done:
    assert blocks.source is not None
    return Done(blocks.source.read(columns.start, columns.stop), blocks.lost(columns))


def _width(source: Source, crew: Crew) -> int:
    """Return how many images a block holds: at most as usual, and so that all have as many."""
    n, team = source.shape[1], crew.threads
    least = min(-(-n // TILE), _TASKS * team)
    count = max(least, -(-n // width_of(source)))
    count = -(-count // team) * team
    return TILE * max(1, -(-n // (count * TILE)))
