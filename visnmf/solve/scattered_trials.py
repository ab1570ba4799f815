"""The encodings of a composition beside a V that dask works on: one pass over V an iteration.

As `visnmf.solve.streamed_trials`, with a task for each block, as `visnmf.solve.scattered`: it
reads the block of V and its encodings, does all that an iteration asks of them, writes them under a
new name, and leaves what adds up. What couples images (see `Side.separable`) does not come here:
its blocks of V go to whoever asked, one after the other.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from visnmf.losses.models import Point
from visnmf.solve.afar import Afar, Done
from visnmf.solve.alternate import Composition
from visnmf.solve.model_sums import PointSum
from visnmf.solve.rooms import Rooms
from visnmf.solve.side import Model
from visnmf.solve.steps import Ask, Steps
from visnmf.solve.stores import Version, new_store
from visnmf.solve.trial_blocks import Fitted, TrialShare, model_of_W, residuals, squares_of
from visnmf.solve.trial_tasks import Job, added, apart, fit_task, look_again, try_task, value_task

__all__ = ["ScatteredTrials"]


@dataclass(frozen=True)
class _Copy:
    """Encodings of all images in files, and the sums of squares of their rows."""

    version: Version
    squares: np.ndarray

    def scaled(self, factors: np.ndarray) -> _Copy:
        return _Copy(self.version.scaled(factors), self.squares * np.square(factors, dtype=float))


@dataclass(frozen=True)
class _Ready:
    """A step that was taken already, as it would be asked for."""

    ask: Ask
    W: np.ndarray
    model: Model
    found: _Copy


class ScatteredTrials:
    """Encodings in files, stepped by the workers of dask.

    Parameters
    ----------
    problem : Composition
        What is minimized; what it asks of each image's encodings, it asks of them alone.
    rooms : Rooms
        Where arrays of H's size are made, when H is wanted here.
    scratch : str, optional
        A folder that all workers reach; the files are in one of their own there, which is
        deleted in the end.
    """

    def __init__(self, problem: Composition, rooms: Rooms, scratch: str | None = None) -> None:
        assert isinstance(problem.matrix, Afar)
        self.problem, self._V, self._rooms = problem, problem.matrix, rooms
        self._part = apart(problem)
        self._store, self._delete = new_store(scratch)
        self._count = 0
        self._best: _Copy | None = None
        self._tried: _Copy | None = None
        self._ready: _Ready | None = None
        self._measured: tuple[Point, Point, float] | None = None
        self.halted: Callable[[], bool] = lambda: False
        """Asked now and then in a step: whether to leave it, with `Halted`."""

    @property
    def H(self) -> np.ndarray:
        """The best encodings, (rank, n), brought here."""
        return self._brought()[1]

    @property
    def tried(self) -> np.ndarray:
        """No encodings: they are far, and no step of W' looks at them outside its model."""
        return np.empty((self._rooms.shape[0], 0), self._V.dtype)

    def begin(self, H: np.ndarray, rows: slice | np.ndarray = slice(None)) -> None:
        """Begin at given encodings, or at given rows of them, the others zero."""

        def part(columns: slice) -> list[np.ndarray]:
            codes = np.zeros((self._rooms.shape[0], columns.stop - columns.start), self._V.dtype)
            codes[rows] = H[:, columns]
            return [codes]

        self._write(part, way=False)

    def fit(
        self, W: np.ndarray, *, limit: int, goal: float, change: float, afresh: bool = False
    ) -> Fitted:
        """Fit all encodings to W'; as `StreamedTrials.fit`."""
        self._drop()
        begin = None if self._best is None else self._best.version
        found, share, of_H = self._pass(
            fit_task, W, W, begin, limit=limit, goal=goal, change=change, afresh=afresh
        )
        self._go_on(replace(found, version=replace(found.version, way=False)))
        of_points = residuals(self.problem, share, of_H, W)
        return Fitted(share.objective + self.problem.W.value(W), *of_points[:2])

    def squares(self) -> np.ndarray:
        """Return the sums of squares of the rows of the best encodings."""
        assert self._best is not None
        return self._best.squares

    def permute(self, order: np.ndarray) -> None:
        """Put the rows of the best encodings in another order."""
        assert self._best is not None
        self._best = _Copy(self._best.version.permuted(order), self._best.squares[order])

    def advance(self, before: np.ndarray, W: np.ndarray, steps: Steps) -> tuple[np.ndarray, Model]:
        """Step from the best encodings and try that; return W' pushed on, and its model there."""
        if self._ready is None or self._ready.ask != steps.asked:
            assert self._best is not None
            self._step(W, before, self._best.version, steps.asked, measured=False)
        assert self._ready is not None
        ready, self._ready = self._ready, None
        self._tried = ready.found
        return ready.W, ready.model

    def look(self, W: np.ndarray, before: np.ndarray, ask: Ask, *, measured: bool) -> float:
        """Take the pass of the next step already; return loss and penalties of H before it."""
        assert self._tried is not None
        self._asked = ask
        return self._step(W, before, self._tried.version, ask, measured=measured)

    def accept(self) -> None:
        """Make what is tried the best."""
        if self._best is not None and self._best is not self._tried:
            self._delete_version(self._best.version.number)
        self._best = self._tried

    def take_back(self, W: np.ndarray, *, scaled: bool) -> None:
        """Go on from the best encodings."""
        self._drop()
        assert self._best is not None
        if self._tried is not None and self._tried is not self._best:
            self._delete_version(self._tried.version.number)
        self._best = replace(self._best, version=replace(self._best.version, way=False))
        self._tried = self._best
        self._measured = None

    def measure(self, W: np.ndarray) -> tuple[Point, Point, float]:
        """Return the KKT residuals, and the size of what pulls up; after a rise, by a pass."""
        if self._measured is None:
            assert self._best is not None
            version = replace(self._best.version, way=False)
            self._step(W, W, version, Ask(self._asked.effort, 0.0), measured=True)
        assert self._measured is not None
        return self._measured

    def lengths(self) -> np.ndarray:
        """Return the lengths of the rows of what is tried."""
        assert self._tried is not None
        return np.sqrt(self._tried.squares)

    def scale(self, factors: np.ndarray) -> None:
        """Multiply the rows of all copies, when they are read next."""
        assert self._best is not None
        assert self._tried is not None
        best = self._best.scaled(factors)
        self._tried = best if self._tried is self._best else self._tried.scaled(factors)
        self._best = best

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the best encodings, and where the step to them ended, brought here."""
        before, best = self._brought(both=True)
        return {"H": best, "H_before": before}

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Go on from there."""

        def part(columns: slice) -> list[np.ndarray]:
            return [np.asarray(arrays[name][:, columns]) for name in ("H_before", "H")]

        self._write(part, way=True)

    def _step(
        self, W: np.ndarray, before: np.ndarray, begin: Version, ask: Ask, *, measured: bool
    ) -> float:
        """Build all models of H where it begins, step from there, and add up the model of W.

        Return loss and penalties of H there.
        """
        self._drop()
        problem, asked = self.problem, {"effort": ask.effort, "beta": ask.beta}
        ahead = problem.W.ahead(before, W, ask.beta)
        found, share, of_H = self._pass(
            try_task, W, ahead, begin, self.halted, measured=measured, **asked
        )
        self._measured = residuals(problem, share, of_H, W) if measured else None
        version = found.version

        def value(G: np.ndarray) -> float:
            return self._value(version, G)

        model = model_of_W(problem, share.ahead, ahead, value)
        self._ready = _Ready(ask, ahead, model, found)
        return share.objective

    def _pass(
        self,
        function: Callable[..., Any],
        W: np.ndarray,
        ahead: np.ndarray,
        begin: Version | None,
        halted: Callable[[], bool] = lambda: False,
        **asked: Any,
    ) -> tuple[_Copy, TrialShare, PointSum]:
        """Have all blocks worked on; return the new encodings, what they leave, and their KKT."""
        end, slopes = self._next(), self._next()
        job = Job(self._store, self._part, "", begin, end, slopes, **asked)
        try:
            share = self._sum(function, job, np.stack((W, ahead)), halted)
            found = _Copy(Version(end, way=True), share.squares)
            of_H = share.of_H
            if of_H.reach is not None:
                of_H += self._within_reach(
                    begin if function is try_task else found.version, job, of_H
                )
        except BaseException:
            self._delete_version(end)
            raise
        finally:
            self._delete_version(slopes)
        return found, share, of_H

    def _sum(self, function: Any, job: Job, parts: np.ndarray, halted: Callable[[], bool]) -> Any:
        """Return the sum of what a function leaves behind of each block; a pass over V."""
        path = self._store.write_parts(job.end, parts)
        tasks = self._V.tasks(function, replace(job, parts=path))
        done: Done = self._V.crew.added(tasks, added, halted)
        self._V.passes.read += self._V.shape[1]
        self._V.note(done.lost)
        Path(path).unlink(missing_ok=True)
        return done.result

    def _within_reach(self, version: Version | None, job: Job, of_H: PointSum) -> PointSum:
        """Return the KKT residual, now that what bounds it is known; V is not read for it."""
        from dask import delayed

        look = delayed(look_again, pure=False, traverse=False)
        firsts = [where.start for where in self._V.ranges()]
        tasks = [look(self._store, version, job.slopes, first, of_H.reach) for first in firsts]
        found: PointSum = self._V.crew.added(tasks, added, lambda: False).result
        return found

    def _value(self, version: Version, W: np.ndarray) -> float:
        """Return the loss of a W' beside encodings; a pass."""
        job = Job(self._store, self._part, "", version, self._next(), 0)
        return float(self._sum(value_task, job, np.stack((W, W)), self.halted))

    def _write(self, part: Callable[[slice], list[np.ndarray]], *, way: bool) -> None:
        """Write encodings that are here, and begin at them."""
        number = self._next()
        squares = np.zeros(self._rooms.shape[0])
        for columns in self._V.ranges():
            codes = part(columns)
            self._store.write(number, columns.start, *codes)
            squares += squares_of(codes[-1])
        self._go_on(_Copy(Version(number, way=way), squares))

    def _go_on(self, found: _Copy) -> None:
        """Make encodings the best ones, and try them."""
        self._drop()
        for copy in (self._best, self._tried):
            if copy is not None:
                self._delete_version(copy.version.number)
        self._best = self._tried = found

    def _brought(self, *, both: bool = False) -> tuple[np.ndarray, np.ndarray]:
        best = self._rooms.make()
        before = self._rooms.make() if both else best
        lost = list(self._V.lost)
        for columns in self._V.ranges():
            if self._best is not None:
                found = self._store.read(self._best.version, columns.start)
                before[:, columns], best[:, columns] = found
        before[:, lost] = best[:, lost] = 0
        return before, best

    def _drop(self) -> None:
        """Forget a step that was taken already."""
        if self._ready is not None:
            self._delete_version(self._ready.found.version.number)
        self._ready = None

    def _delete_version(self, number: int) -> None:
        self._store.drop(number, [where.start for where in self._V.ranges()])

    def _next(self) -> int:
        self._count += 1
        return self._count
