"""The encodings of a composition beside a V that comes in blocks: one pass over V an iteration.

What an iteration brought is known only when the next model of H is built, which takes a pass.
So the pass that builds it takes the next step of H as well, as if the last one were
accepted, and adds up the model of W there. Where it is not accepted, the pass is taken once
more from the best pair.
"""

from __future__ import annotations

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np

from visnmf.losses.models import Point
from visnmf.losses.protocol import Loss
from visnmf.matrices.chunked import Chunked
from visnmf.matrices.protocol import Matrix
from visnmf.solve.alternate import Composition
from visnmf.solve.model_sums import PointSum, within_reach
from visnmf.solve.rooms import Rooms
from visnmf.solve.side import Model
from visnmf.solve.steps import Ask, Steps
from visnmf.solve.stopping import Halted
from visnmf.solve.trial_blocks import (
    Fitted,
    TrialRequest,
    TrialShare,
    begin_block,
    fit_block,
    model_of_W,
    readable,
    residuals,
    squares_of,
    try_block,
    with_constant,
)

__all__ = ["StreamedTrials"]


Columns = slice | np.ndarray
"""Columns of a block: a range, or those of it that could be read."""


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

    def begin(self, H: np.ndarray, rows: slice | np.ndarray = slice(None)) -> None:
        """Begin at given encodings, or at given rows of them."""
        for columns in self._V.ranges():
            self.H[rows, columns] = H[:, columns]

    def fit(
        self, W: np.ndarray, *, limit: int, goal: float, change: float, afresh: bool = False
    ) -> Fitted:
        """Fit all encodings to W', in one pass.

        Parameters
        ----------
        W : ndarray (rank, m)
            The parts.
        limit, goal, change
            As of `visnmf.solve.onesided.fit_one`.
        afresh : bool
            Begin by least squares, but for rows that are known; else at the best encodings.
        """
        problem = self.problem
        request = TrialRequest(problem, W, W)
        whole, gradients = TrialShare(), None
        for columns, block, loss in self._blocks():
            codes = self._part(self.H, columns)
            if afresh:
                codes = begin_block(problem, W, block, codes)
            gradient, share = fit_block(block, loss, codes, request, limit, goal, change)
            self.H[:, columns] = codes
            gradients = self._noted(gradients, columns, gradient)
            whole += share
        of_H, of_W, _ = residuals(problem, whole, self._residual(whole, gradients, self.H), W)
        return Fitted(whole.objective + problem.W.value(W), of_H, of_W)

    def squares(self) -> np.ndarray:
        """Return the sums of squares of the rows of the best encodings."""
        return self._squares(self.H)

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
        return np.sqrt(self._squares(self.tried))

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
        problem = self.problem
        ahead = problem.W.ahead(before, W, ask.beta)
        request = TrialRequest(problem, W, ahead, ask.effort, ask.beta, measured)
        stepped, tried = self._room(), self._room()
        if self._V.lost:
            stepped[:, list(self._V.lost)] = tried[:, list(self._V.lost)] = 0
        whole, gradients = TrialShare(), None
        for columns, block, loss in self._blocks():
            if self.halted():
                self._free += [stepped, tried]
                raise Halted
            here, way = self._part(best, columns), self._part(behind, columns)
            found, pushed, gradient, share = try_block(block, loss, here, way, request)
            stepped[:, columns], tried[:, columns] = found, pushed
            gradients = self._noted(gradients, columns, gradient)
            whole += share
        self._measured = None
        if measured:
            residual = self._residual(whole, gradients, best)
            self._measured = residuals(problem, whole, residual, W)
        model_W = model_of_W(problem, whole.ahead, ahead, lambda G: self._value(tried, G))
        self._ready = _Ready(ask, ahead, model_W, stepped, tried)
        return whole.objective

    def _value(self, codes: np.ndarray, W: np.ndarray) -> float:
        """Return the loss of a W' beside encodings; a pass."""
        return sum(
            loss.value(block, W, self.problem.mixed(self._part(codes, columns)))
            for columns, block, loss in self._blocks()
        )

    def _noted(
        self, room: np.ndarray | None, columns: Columns, gradient: np.ndarray | None
    ) -> np.ndarray | None:
        """Keep the gradient of a block, if it is looked at twice; return where."""
        if gradient is not None:
            room = self._room() if room is None else room
            room[:, columns] = gradient
        return room

    def _residual(self, share: TrialShare, gradients: np.ndarray | None, F: np.ndarray) -> PointSum:
        """Return the KKT residual of F, now that what bounds it is known."""
        found, reach = share.of_H, share.of_H.reach
        if gradients is None or reach is None:
            return found
        gradients[:, list(self._V.lost)] = 0
        for columns in self._V.ranges():
            found += within_reach(gradients[:, columns], F[:, columns], reach)
        self._free.append(gradients)
        return found

    def _squares(self, F: np.ndarray) -> np.ndarray:
        return np.sum([squares_of(F[:, columns]) for columns in self._V.ranges()], axis=0)

    def _blocks(self) -> Iterator[tuple[Columns, Matrix, Loss]]:
        """Yield blocks of V with the loss of each, whose constant is its own.

        Images that could not be read are left out of their block, and have encodings of zero.
        """
        for columns, block in self._V.tiles():
            where: Columns = columns
            if len(self._V.lost) != self._lost:  # what was read before may be lost now
                self._consts, self._lost = {}, len(self._V.lost)
            if lost := self._V.lost_in(columns):
                block, kept = readable(block, np.array(lost))
                where = np.arange(columns.start, columns.stop)[kept]
                for F in (self.H, self._before, self.tried, self._stepped):
                    F[:, columns][:, lost] = 0
            if not block.shape[1]:
                continue
            if columns.start not in self._consts:
                self._consts[columns.start] = self.problem.loss.constant(block)
            yield where, block, with_constant(self.problem.loss, self._consts[columns.start])

    def _part(self, F: np.ndarray, columns: Columns) -> np.ndarray:
        return np.array(F[:, columns], order="C")

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
