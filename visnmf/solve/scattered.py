"""The encodings beside a V that dask works on: one pass over V an iteration, anywhere.

A task is a block: whoever does it reads the block of V and its encodings, takes their step, writes
them under a new name, and leaves a share of the model of W. Only the parts go out to the
workers, and only shares come back, added up on the way. The next pass reads what the last one
wrote, or, if that step was not accepted, what it began at: which files, is all that is known here.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import numpy as np

from visnmf.kernels.choose import Kernels
from visnmf.kernels.products import gram_of
from visnmf.losses.models import Point, Quadratic
from visnmf.matrices.protocol import SQUARED_VALUE, Matrix
from visnmf.solve.afar import Afar, Done
from visnmf.solve.encodings import Seen
from visnmf.solve.iterate import Step
from visnmf.solve.rooms import Rooms
from visnmf.solve.stores import Store, Version, load_request, new_store
from visnmf.solve.streamed import Request, Share, fit_block, visit

__all__ = ["Scattered"]


@dataclass(frozen=True)
class _Job:
    """What is asked of each block in a pass."""

    store: Store
    begin: Version | None
    end: int
    parts: str
    G: np.ndarray
    update: Step
    kernels: Kernels
    effort: float = 1.0
    beta: float = 0.0
    sweeps: int = 0
    goal: float = 0.0

    def request(self) -> Request:
        """Return it with W'."""
        W = load_request(self.parts)
        return Request(W, self.G, self.update, self.kernels, self.effort, self.beta)


class Scattered:
    """Encodings in files, stepped by the workers of dask.

    Parameters
    ----------
    matrix : Afar
        V.
    update, kernels
        Of the problem.
    rooms : Rooms
        Where arrays of H's size are made, when H is wanted here.
    scratch : str, optional
        A folder that all workers reach; the files are in one of their own there, which is
        deleted in the end.
    """

    def __init__(
        self, matrix: Afar, update: Step, kernels: Kernels, rooms: Rooms, scratch: str | None = None
    ) -> None:
        self._V, self._update, self._kernels, self._rooms = matrix, update, kernels, rooms
        self._store, self._delete = new_store(scratch)
        self._count = 0
        self._best: Version | None = None
        self._tried: Version | None = None
        self._share: Share | None = None
        self.halted: Callable[[], bool] = lambda: False
        """Asked now and then in a step: whether to leave it, with `Halted`."""

    @property
    def const(self) -> float:
        """Half the sum of squares of what can be read of V."""
        return 0.5 * self._V.total(None, None, SQUARED_VALUE)

    @property
    def H(self) -> np.ndarray:
        """The best encodings, (rank, n), brought here."""
        return self._brought()[1]

    def begin(self, H: np.ndarray) -> None:
        """Begin at given encodings."""
        number = self._next()
        for columns in self._V.ranges():
            self._store.write(number, columns.start, np.asarray(H[:, columns]))
        self._go_on(Version(number))

    def fit(self, W: np.ndarray, *, sweeps: int, goal: float, afresh: bool = False) -> Share:
        """Fit all encodings to W' by least squares; as `Streamed.fit`."""
        begin = None if afresh else self._best
        share = self._pass(_fit, W, begin, sweeps=sweeps, goal=goal)
        assert self._tried is not None
        tried, self._tried = self._tried, None
        self._go_on(replace(tried, way=False))
        return share

    def lengths(self) -> np.ndarray:
        """Return the sums of squares of the rows of the best encodings."""
        assert self._best is not None
        best, store = self._best, self._store
        found = (store.read(best, where.start)[1].astype(np.float64) for where in self._V.ranges())
        return np.sum([np.einsum("kj,kj->k", part, part) for part in found], axis=0)

    def permute(self, order: np.ndarray) -> None:
        """Put the rows of the best encodings in another order."""
        assert self._best is not None
        self._best = self._best.permuted(order)

    def look(self, W: np.ndarray, effort: float, beta: float) -> Seen:
        """Take the pass of the next step already; tell what it says of the best encodings."""
        share = self._share = self._pass(_visit, W, self._best, effort=effort, beta=beta)
        seen = Point(share.point.objective + self.const, share.point.absolute, share.point.square)
        return Seen(seen, share.pull**0.5)

    def step(self, W: np.ndarray, effort: float, beta: float) -> Quadratic:
        """Step, extrapolate, and return the model of W; one pass over V."""
        share = self._share or self._pass(_visit, W, self._best, effort=effort, beta=beta)
        self._share = None
        return share.model(W.dtype, self.const)

    def accept(self) -> None:
        """Make the last step the best."""
        assert self._tried is not None
        tried, self._tried = self._tried, None
        self._go_on(tried)

    def take_back(self) -> None:
        """Go on from the best encodings."""
        assert self._best is not None
        self._best = replace(self._best, way=False)
        self._forget()

    def scale(self, factors: np.ndarray) -> None:
        """Multiply the rows of all copies, when they are read next."""
        self._best = self._best and self._best.scaled(factors)
        self._tried = self._tried and self._tried.scaled(factors)

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the best encodings, and where the step to them ended, brought here."""
        before, best = self._brought(both=True)
        return {"H": best, "H_before": before}

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Go on from there."""
        number = self._next()
        for columns in self._V.ranges():
            both = (np.asarray(arrays[name][:, columns]) for name in ("H_before", "H"))
            self._store.write(number, columns.start, *both)
        self._go_on(Version(number, way=True))

    def _pass(self, function: Any, W: np.ndarray, begin: Version | None, **asked: float) -> Share:
        """Have all blocks worked on; return the sum of what they leave behind."""
        self._forget()
        end = self._next()
        parts = self._store.write_parts(end, W)
        job = _Job(
            self._store, begin, end, parts, gram_of(W), self._update, self._kernels,
            **asked,  # type: ignore[arg-type]
        )  # fmt: skip
        self._tried = Version(end, way=True)
        crew, V = self._V.crew, self._V
        leave = self.halted if function is _visit else lambda: False  # what is asked of a step
        done: Done = crew.added(V.tasks(function, job), _added, leave)
        V.passes.read += V.shape[1]
        V.note(done.lost)
        Path(parts).unlink(missing_ok=True)
        share: Share = done.result
        return share

    def _brought(self, *, both: bool = False) -> tuple[np.ndarray, np.ndarray]:
        best = self._rooms.make()
        before = self._rooms.make() if both else best
        for columns in self._V.ranges():
            if self._best is not None:
                found = self._store.read(self._best, columns.start)
                before[:, columns], best[:, columns] = found
        return before, best

    def _go_on(self, version: Version) -> None:
        """Make a version the best one, and drop what was."""
        self._forget()
        if self._best is not None:
            self._drop(self._best)
        self._best = version

    def _forget(self) -> None:
        """Forget a step that was tried."""
        if self._tried is not None:
            self._drop(self._tried)
        self._tried = self._share = None

    def _drop(self, version: Version) -> None:
        self._store.drop(version.number, [where.start for where in self._V.ranges()])

    def _next(self) -> int:
        self._count += 1
        return self._count


def _visit(block: Matrix, first: int, last: int, gone: np.ndarray, job: _Job) -> Share:
    """Step the encodings of a block."""
    assert job.begin is not None
    before, best = job.store.read(job.begin, first)
    stepped, ahead, share = visit(block, best, before, job.request())
    stepped[:, gone] = ahead[:, gone] = 0
    job.store.write(job.end, first, stepped, ahead)
    return _narrow(share, block.dtype)


def _fit(block: Matrix, first: int, last: int, gone: np.ndarray, job: _Job) -> Share:
    """Fit the encodings of a block."""
    begun = None if job.begin is None else job.store.read(job.begin, first)[1]
    codes, share = fit_block(block, begun, job.request(), job.sweeps, job.goal)
    job.store.write(job.end, first, codes)
    return _narrow(share, block.dtype)


def _narrow(share: Share, dtype: np.dtype[Any]) -> Share:
    """Return the share of one block in the type that its sums were taken in, to travel."""
    return replace(share, G=share.G.astype(dtype), B=share.B.astype(dtype))


def _added(parts: list[Done]) -> Done:
    """Add up what tasks leave behind; they are left as they are, since some may be added anew."""
    whole = Share.empty(*parts[0].result.B.shape)
    lost: dict[int, Any] = {}
    for part in parts:
        whole += part.result
        lost.update(part.lost)
    return Done(whole, lost)
