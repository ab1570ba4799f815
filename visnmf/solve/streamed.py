"""The encodings beside a V that comes in blocks: one pass over V an iteration.

While a block is in memory its encodings take their step, and leave behind their share of the
model of W: models of one F from two blocks of images add up. `visit` is that work on one
block, whoever asks for it.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from visnmf.kernels.choose import Kernels
from visnmf.kernels.products import gram_of
from visnmf.losses.models import Point, Quadratic
from visnmf.matrices.chunked import Chunked
from visnmf.matrices.protocol import SQUARED_RESIDUAL, SQUARED_VALUE, VALUE, Matrix
from visnmf.solve.encodings import Seen
from visnmf.solve.iterate import Step
from visnmf.solve.least_squares import near_inverse, solve_clipped
from visnmf.solve.rooms import Rooms
from visnmf.solve.stopping import Halted

__all__ = ["Request", "Share", "Streamed", "fit_block", "visit"]


@dataclass(frozen=True)
class Request:
    """What is asked of each block in a pass.

    Parameters
    ----------
    W : ndarray (rank, m)
        W', for which the encodings step.
    G : ndarray (rank, rank)
        W'W.
    update : Step
        How they step.
    kernels : Kernels
        The sweeps.
    effort, beta : float
        The share of the sweeps, and how far to go beyond them.
    """

    W: np.ndarray
    G: np.ndarray
    update: Step
    kernels: Kernels
    effort: float = 1.0
    beta: float = 0.0


@dataclass
class Share:
    """What a block leaves behind; two of them add up.

    Parameters
    ----------
    G, B : ndarray (rank, rank), (rank, m)
        Of the model of W at the encodings as extrapolated; float64.
    point : Point
        What the model of H tells of the best encodings, without its constant.
    pull : float
        Sum of the squares of W'V.
    loss : float
        Half the sum of squared residuals, where it was asked for.
    """

    G: np.ndarray
    B: np.ndarray
    point: Point = Point(0.0, 0.0, 0.0)
    pull: float = 0.0
    loss: float = 0.0

    @classmethod
    def empty(cls, rank: int, m: int) -> Share:
        """Return the share of no image."""
        return cls(np.zeros((rank, rank)), np.zeros((rank, m)))

    def model(self, dtype: np.dtype[Any], const: float = 0.0) -> Quadratic:
        """Return the model of W."""
        return Quadratic(self.G.astype(dtype), self.B.astype(dtype), const)

    def __iadd__(self, other: Share) -> Share:
        """Add what another block leaves behind, in place."""
        self.G += other.G
        self.B += other.B
        here, there = self.point, other.point
        self.point = Point(
            here.objective + there.objective,
            here.absolute + there.absolute,
            here.square + there.square,
        )
        self.pull += other.pull
        self.loss += other.loss
        return self


def visit(
    block: Matrix, best: np.ndarray, before: np.ndarray, request: Request
) -> tuple[np.ndarray, np.ndarray, Share]:
    """Step the encodings of one block.

    Parameters
    ----------
    block : Matrix (m, k)
        Some columns of V.
    best, before : ndarray (rank, k)
        Their best encodings, and where the step to them ended; the latter is written over.
    request : Request
        What is asked.

    Returns
    -------
    stepped, ahead : ndarray (rank, k)
        The encodings after their step, and as extrapolated.
    share : Share
        What the block leaves behind.
    """
    kernels = request.kernels
    model = Quadratic(request.G, block.contract(request.W, None, VALUE), 0.0)
    point = model.at(best, kernels)
    stepped = best.copy()
    request.update.step(stepped, model, request.effort)
    ahead = kernels.push(before, stepped, request.beta)
    return stepped, ahead, _share(block, ahead, point, model.B)


def fit_block(
    block: Matrix, codes: np.ndarray | None, request: Request, sweeps: int, goal: float
) -> tuple[np.ndarray, Share]:
    """Fit the encodings of one block by least squares.

    Parameters
    ----------
    block, request
        As of `visit`.
    codes : ndarray (rank, k), optional
        Where to begin; the clipped solution, if not given.
    sweeps, goal
        As of `visnmf.kernels.reference.nnls`.

    Returns
    -------
    codes : ndarray (rank, k)
        The encodings.
    share : Share
        With the loss there, from the residuals outright.
    """
    model = Quadratic(request.G, block.contract(request.W, None, VALUE), 0.0)
    codes = solve_clipped(near_inverse(model.G), model.B) if codes is None else codes
    request.kernels.nnls(codes, model.G, model.B, sweeps, goal)
    share = _share(block, codes, model.at(codes, request.kernels), model.B)
    share.loss = 0.5 * block.total(request.W, codes, SQUARED_RESIDUAL)
    return codes, share


def _share(block: Matrix, codes: np.ndarray, point: Point, B: np.ndarray) -> Share:
    wide = np.float64
    pull = float(np.square(B, dtype=wide).sum())
    G, of_W = gram_of(codes), block.T.contract(codes, None, VALUE)
    return Share(G.astype(wide), of_W.astype(wide), point, pull)


class Streamed:
    """Encodings of a V that comes in blocks, in memory or mapped from a file.

    Parameters
    ----------
    matrix : Chunked
        V.
    update, kernels
        Of the problem.
    rooms : Rooms
        Where arrays of H's size are made.
    """

    def __init__(self, matrix: Chunked, update: Step, kernels: Kernels, rooms: Rooms) -> None:
        self._V, self._update, self._kernels, self._rooms = matrix, update, kernels, rooms
        self.H = rooms.make()
        """The best encodings, (rank, n)."""
        self._before = self.H  # where the step to them ended, not extrapolated
        self._tried: tuple[np.ndarray, np.ndarray] | None = None
        self._free: list[np.ndarray] = []
        self._share: Share | None = None
        self.halted: Callable[[], bool] = lambda: False
        """Asked at each block of a step: whether to leave it, with `Halted`."""

    @property
    def const(self) -> float:
        """Half the sum of squares of what can be read of V."""
        return 0.5 * self._V.total(None, None, SQUARED_VALUE)

    def begin(self, H: np.ndarray) -> None:
        """Begin at given encodings."""
        self._copy(H, self.H)

    def fit(self, W: np.ndarray, *, sweeps: int, goal: float, afresh: bool = False) -> Share:
        """Fit all encodings to W' by least squares; return what they leave behind.

        Parameters
        ----------
        W : ndarray (rank, m)
            The parts.
        sweeps, goal
            As of `visnmf.kernels.reference.nnls`.
        afresh : bool
            Begin at the clipped solution, and not at the best encodings.
        """
        self._forget()
        request = Request(W, gram_of(W), self._update, self._kernels)
        whole = Share.empty(*W.shape)
        for columns, block in self._V.tiles():
            begun = None if afresh else np.array(self.H[:, columns], order="C")
            self.H[:, columns], share = fit_block(block, begun, request, sweeps, goal)
            whole += share
        return whole

    def lengths(self) -> np.ndarray:
        """Return the sums of squares of the rows of the best encodings."""
        parts = (self.H[:, columns].astype(np.float64) for columns in self._V.ranges())
        return np.sum([np.einsum("kj,kj->k", part, part) for part in parts], axis=0)

    def permute(self, order: np.ndarray) -> None:
        """Put the rows of the best encodings in another order."""
        for columns in self._V.ranges():
            self.H[:, columns] = self.H[order, columns]

    def look(self, W: np.ndarray, effort: float, beta: float) -> Seen:
        """Take the pass of the next step already; tell what it says of the best encodings."""
        share = self._share = self._pass(W, effort, beta)
        seen = Point(share.point.objective + self.const, share.point.absolute, share.point.square)
        return Seen(seen, share.pull**0.5)

    def step(self, W: np.ndarray, effort: float, beta: float) -> Quadratic:
        """Step, extrapolate, and return the model of W; one pass over V."""
        share = self._share or self._pass(W, effort, beta)
        self._share = None
        return share.model(W.dtype, self.const)

    def accept(self) -> None:
        """Make the last step the best."""
        assert self._tried is not None
        free = [self.H] if self._before is self.H else [self.H, self._before]
        self._before, self.H = self._tried
        self._free += free
        self._tried = None

    def take_back(self) -> None:
        """Go on from the best encodings."""
        assert self._tried is not None
        self._free += self._tried
        self._forget()

    def scale(self, factors: np.ndarray) -> None:
        """Multiply the rows of all copies."""
        for F in {id(F): F for F in (self.H, self._before, *(self._tried or ()))}.values():
            for columns in self._V.ranges():
                F[:, columns] *= factors[:, None]

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the best encodings, and where the step to them ended."""
        return {"H": self.H, "H_before": self._before}

    def restore(self, arrays: dict[str, np.ndarray]) -> None:
        """Go on from there."""
        if self._before is self.H:
            self._before = self._room()
        self._copy(arrays["H"], self.H)
        self._copy(arrays["H_before"], self._before)
        self._share = None

    def _forget(self) -> None:
        """Forget the way that led to the best encodings."""
        if self._before is not self.H:
            self._free.append(self._before)
        self._before, self._tried, self._share = self.H, None, None

    def _room(self) -> np.ndarray:
        return self._free.pop() if self._free else self._rooms.make()

    def _copy(self, source: np.ndarray, to: np.ndarray) -> None:
        for columns in self._V.ranges():
            to[:, columns] = source[:, columns]

    def _pass(self, W: np.ndarray, effort: float, beta: float) -> Share:
        stepped, ahead = self._tried = self._tried or (self._room(), self._room())
        request = Request(W, gram_of(W), self._update, self._kernels, effort, beta)
        whole = Share.empty(*W.shape)
        for columns, block in self._V.tiles():
            if self.halted():
                raise Halted
            best, before = (np.array(F[:, columns], order="C") for F in (self.H, self._before))
            found, pushed, share = visit(block, best, before, request)
            lost = self._V.lost_in(columns)
            for to, values in ((stepped, found), (ahead, pushed)):
                values[:, lost] = 0
                to[:, columns] = values
            whole += share
        return whole
