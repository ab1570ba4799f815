"""The encodings of a composition beside a V that comes in blocks: one pass over V an iteration.

What an iteration brought is known only when the next model of H is built, which takes a pass.
So the pass that builds it takes the next step of H as well, as if the last one were
accepted, and adds up the model of W there. Where it is not accepted, the pass is taken once
more from the best pair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from copy import copy
from dataclasses import dataclass
from typing import NamedTuple

import numpy as np

from visnmf.losses.models import Point, pull_of, value_built
from visnmf.losses.protocol import Loss
from visnmf.matrices.chunked import Chunked
from visnmf.matrices.protocol import Matrix
from visnmf.solve.alternate import Composition
from visnmf.solve.model_sums import ModelSum, PointSum
from visnmf.solve.onesided import fit_one
from visnmf.solve.rooms import Rooms
from visnmf.solve.side import Model
from visnmf.solve.steps import Ask, Steps
from visnmf.solve.stopping import Halted

__all__ = ["Fitted", "StreamedTrials"]


Columns = slice | np.ndarray
"""Columns of a block: a range, or those of it that could be read."""


class Fitted(NamedTuple):
    """What a pass that fits all encodings tells."""

    objective: float
    of_H: Point
    of_W: Point


@dataclass
class _Ready:
    """A step that was taken already, as it would be asked for."""

    ask: Ask
    W: np.ndarray
    model: Model
    stepped: np.ndarray
    tried: np.ndarray


class StreamedTrials:
    """Encodings of a V that comes in blocks, in memory or mapped from a file.

    Parameters
    ----------
    problem : Composition
        What is minimized; what it asks of each image's encodings, it asks of them alone.
    rooms : Rooms
        Where arrays of H's size are made.
    """

    def __init__(self, problem: Composition, rooms: Rooms) -> None:
        assert isinstance(problem.matrix, Chunked)
        self.problem, self._V, self._rooms = problem, problem.matrix, rooms
        self.H = self.tried = self._stepped = self._before = rooms.make()
        self._free: list[np.ndarray] = []
        self._ready: _Ready | None = None
        self._measured: tuple[Point, Point, float] | None = None
        self._consts: dict[int, float] = {}
        self._lost = -1
        self.halted: Callable[[], bool] = lambda: False
        """Asked at each block of a step: whether to leave it, with `Halted`."""

    def fit(
        self,
        W: np.ndarray,
        *,
        limit: int,
        goal: float,
        change: float,
        begin: object = None,
    ) -> Fitted:
        """Fit all encodings to W', in one pass.

        Parameters
        ----------
        W : ndarray (rank, m)
            The parts.
        limit, goal, change
            As of `visnmf.solve.onesided.fit_one`.
        begin : callable, optional
            Takes a range of columns and V there, and returns the encodings to begin at; the
            best ones, if not given.
        """
        problem, side = self.problem, self.problem.H
        A = problem.mixed(W)
        objective = problem.W.value(W)
        points, of_W = self._points(self.H), ModelSum()
        for columns, block, loss in self._blocks():
            codes = begin(columns, block) if callable(begin) else self._part(self.H, columns)
            fit_one(
                side, loss, block, A, codes, problem.kernels, limit=limit, goal=goal, change=change
            )
            self.H[:, columns] = codes
            objective += loss.value(block, A, codes) + side.value(codes)
            points.add(columns, codes, side.model(loss, block, A, codes, objective=False))
            of_W.add(problem.W.of_loss(loss, block.T, problem.mixed(codes), W, False))
        model = problem.W.with_terms(of_W.model(W.dtype), problem.loss, self._V.T, A, W)
        return Fitted(objective, self._point(points), problem.W.point(W, model, problem.kernels))

    def permute(self, order: np.ndarray) -> None:
        """Put the rows of the best encodings in another order."""
        for columns in self._V.ranges():
            self.H[:, columns] = self.H[order, columns]

    def advance(self, before: np.ndarray, W: np.ndarray, steps: Steps) -> tuple[np.ndarray, Model]:
        """Step from the best encodings and try that; return W' pushed on, and its model there."""
        if self._ready is None or self._ready.ask != steps.asked:
            self._drop()
            self._pass(W, before, self.H, self._before, steps.asked, measured=False)
        assert self._ready is not None
        ready, self._ready = self._ready, None
        self._stepped, self.tried = ready.stepped, ready.tried
        return ready.W, ready.model

    def look(self, W: np.ndarray, before: np.ndarray, ask: Ask, *, measured: bool) -> float:
        """Take the pass of the next step already; return loss and penalties of H before it."""
        self._asked = ask
        return self._pass(W, before, self.tried, self._stepped, ask, measured=measured)

    def accept(self) -> None:
        """Make what is tried the best."""
        self._let_go(self.H, self._before, keep=(self.tried, self._stepped))
        self.H, self._before = self.tried, self._stepped

    def take_back(self, W: np.ndarray, *, scaled: bool) -> None:
        """Go on from the best encodings."""
        self._drop()
        self._let_go(self.tried, self._stepped, self._before, keep=(self.H,))
        self.tried = self._stepped = self._before = self.H
        self._measured = None

    def measure(self, W: np.ndarray) -> tuple[Point, Point, float]:
        """Return the KKT residuals, and the size of what pulls up; after a rise, by a pass."""
        if self._measured is None:
            self._drop()
            ask = Ask(self._asked.effort, 0.0)
            self._pass(W, W, self.H, self.H, ask, measured=True)
        assert self._measured is not None
        return self._measured

    def lengths(self) -> np.ndarray:
        """Return the lengths of the rows of what is tried."""
        squares = np.zeros(len(self.H))
        for columns in self._V.ranges():
            squares += np.square(self.tried[:, columns], dtype=np.float64).sum(axis=1)
        return np.sqrt(squares)

    def scale(self, factors: np.ndarray) -> None:
        """Multiply the rows of all copies."""
        for F in {id(F): F for F in (self.H, self.tried, self._stepped)}.values():
            for columns in self._V.ranges():
                F[:, columns] *= factors[:, None]

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the best encodings, and where the step to them ended."""
        return {"H": self.H, "H_before": self._before}

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Go on from there."""
        self.tried, self._stepped = self.H, self._room()
        for columns in self._V.ranges():
            self.tried[:, columns] = arrays["H"][:, columns]
            self._stepped[:, columns] = arrays["H_before"][:, columns]

    def _pass(
        self,
        W: np.ndarray,
        before: np.ndarray,
        best: np.ndarray,
        behind: np.ndarray,
        ask: Ask,
        *,
        measured: bool,
    ) -> float:
        """Build all models of H at `best`, step from there, and add up the model of W.

        Return loss and penalties of H at `best`.
        """
        problem, side = self.problem, self.problem.H
        A = problem.mixed(W)
        ahead = problem.W.ahead(before, W, ask.beta)
        stepped, tried = self._room(), self._room()
        if self._V.lost:
            stepped[:, list(self._V.lost)] = tried[:, list(self._V.lost)] = 0
        points, of_W, whole = self._points(best), ModelSum(), ModelSum()
        objective = 0.0
        for columns, block, loss in self._blocks():
            if self.halted():
                self._free += [stepped, tried]
                raise Halted
            codes = self._part(best, columns)
            model = side.model(loss, block, A, codes)
            objective += value_built(model, codes, problem.kernels)
            if measured:
                points.add(columns, codes, model)
                of_W.add(problem.W.of_loss(loss, block.T, problem.mixed(codes), W, False))
            found = codes.copy()
            side.step(found, model, ask.effort)
            pushed = side.ahead(self._part(behind, columns), found, ask.beta)
            stepped[:, columns], tried[:, columns] = found, pushed
            whole.add(problem.W.of_loss(loss, block.T, problem.mixed(pushed), ahead, False))
        self._measured = None
        if measured:
            at_W = problem.W.with_terms(of_W.model(W.dtype), problem.loss, self._V.T, A, W)
            size = float(np.hypot(points.pull, pull_of(at_W)))
            self._measured = self._point(points), problem.W.point(W, at_W, problem.kernels), size
        summed = whole.model(W.dtype, lambda G: self._value(tried, G))
        model_W = problem.W.with_terms(summed, problem.loss, self._V.T, A, ahead)
        self._ready = _Ready(ask, ahead, model_W, stepped, tried)
        return objective

    def _value(self, codes: np.ndarray, W: np.ndarray) -> float:
        """Return the loss of a W' beside encodings; a pass."""
        return sum(
            loss.value(block, W, self.problem.mixed(self._part(codes, columns)))
            for columns, block, loss in self._blocks()
        )

    def _blocks(self) -> Iterator[tuple[Columns, Matrix, Loss]]:
        """Yield blocks of V with the loss of each, whose constant is its own.

        Images that could not be read are left out of their block, and have encodings of zero.
        """
        for columns, block in self._V.tiles():
            where: Columns = columns
            if len(self._V.lost) != self._lost:  # what was read before may be lost now
                self._consts, self._lost = {}, len(self._V.lost)
            lost = [i for i in self._V.lost if columns.start <= i < columns.stop]
            if lost:
                where = np.setdiff1d(np.arange(columns.start, columns.stop), lost)
                block = block.take(where - columns.start)
                for F in (self.H, self._before, self.tried, self._stepped):
                    F[:, lost] = 0
            if not block.shape[1]:
                continue
            loss = copy(self.problem.loss)
            if columns.start not in self._consts:
                self._consts[columns.start] = loss.constant(block)
            loss.const = self._consts[columns.start]
            yield where, block, loss

    def _part(self, F: np.ndarray, columns: Columns) -> np.ndarray:
        return np.array(F[:, columns], order="C")

    def _points(self, F: np.ndarray) -> PointSum:
        return PointSum(self.problem.H, self.problem.kernels, F, self._room)

    def _point(self, points: PointSum) -> Point:
        """Return what was added up, and take the room for it back."""
        found = points.point()
        self._free += [] if points.room is None else [points.room]
        return found

    def _room(self) -> np.ndarray:
        return self._free.pop() if self._free else self._rooms.make()

    def _drop(self) -> None:
        """Forget a step that was taken already."""
        if self._ready is not None:
            self._free += [self._ready.stepped, self._ready.tried]
        self._ready = None

    def _let_go(self, *arrays: np.ndarray, keep: tuple[np.ndarray, ...]) -> None:
        kept = {id(F) for F in keep}
        self._free += {id(F): F for F in arrays if id(F) not in kept}.values()
