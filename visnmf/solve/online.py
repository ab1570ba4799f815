"""Parts learned from one batch of images after the other, old batches being forgotten.

A batch leaves behind what the step of W needs of it, and nothing else. Where the loss is a
quadratic that is its model, G = sum H H' and B = sum H V', since models of one F add up
(Mairal, Bach, Ponce & Sapiro 2010). For multiplicative steps it is the numerator and the
denominator of the step (Lefèvre, Bach & Févotte 2011). Either is shrunk before each batch.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np

from visnmf.kernels.choose import Kernels, choose_kernels
from visnmf.losses.models import Quadratic
from visnmf.losses.protocol import Loss
from visnmf.matrices.dense import Dense
from visnmf.matrices.protocol import VALUE, Matrix
from visnmf.solve.compose import Asked, compose_side
from visnmf.solve.encode import goal_of
from visnmf.solve.least_squares import fit_least_squares, near_inverse, solve_clipped
from visnmf.solve.naming import make_loss
from visnmf.solve.onesided import fit_one
from visnmf.solve.side import Side
from visnmf.terms.elastic_net import ElasticNet

__all__ = ["Batch", "Memory", "batches_of"]

_FIRST, _ROUGH = 20, 1e-2  # sweeps, and their goal, of the least squares that others begin at
_LITTLE = 1e-4  # a gain of a step, as a share of the loss, that is not worth another one
_CLOSER = 0.1  # encodings of a batch are fitted to this share of the usual goal: they add up


def batches_of(matrix: Matrix, size: int) -> Iterator[tuple[slice, Matrix]]:
    """Yield ranges of columns, and V there: views of a dense V, copies of a sparse one."""
    n = matrix.shape[1]
    for start in range(0, n, size):
        columns = slice(start, min(start + size, n))
        if isinstance(matrix, Dense):
            yield columns, Dense(matrix.values[:, columns])
        else:
            yield columns, matrix.take(np.arange(columns.start, columns.stop))


@dataclass
class Memory:
    """What is remembered of the batches so far, for the step of W' (rank x m).

    Parameters
    ----------
    first, second : ndarray
        G (rank x rank) and B (rank x m) of a quadratic; or the numerator and the denominator
        of multiplicative steps, both rank x m.
    """

    first: np.ndarray
    second: np.ndarray

    @classmethod
    def empty(cls, W: np.ndarray, beta: float) -> Memory:
        """Return the memory of no batch; for multiplicative steps, W over ones, as a weak prior."""
        if beta == 2:
            return cls(np.zeros((len(W), len(W)), W.dtype), np.zeros_like(W))
        return cls(W.copy(), np.ones_like(W))

    def renew(self, W: np.ndarray, batch: Batch, H: np.ndarray, keep: float) -> None:
        """Take a batch in, with a share `keep` of what was there, and step W, in place."""
        side = batch.side_W
        model = side.model(batch.loss, batch.matrix.T, H, W, objective=False)
        self.first *= self.first.dtype.type(keep)
        self.second *= self.second.dtype.type(keep)
        if isinstance(model, Quadratic):
            self.first += model.G
            self.second += model.B
            side.step(W, Quadratic(self.first, self.second, 0.0))
            return
        power = W.dtype.type(model.power)
        self.first += W ** (1 / power) * model.neg
        self.second += model.pos
        tiny = np.finfo(W.dtype).tiny
        W[...] = (self.first / np.maximum(self.second, tiny)) ** power
        side.admit(W)

    def astype(self, dtype: np.dtype) -> Memory:
        """Return the same in another float type."""
        return Memory(*(X.astype(dtype, copy=False) for X in (self.first, self.second)))


@dataclass(frozen=True)
class Batch:
    """Some columns of V, what they are fitted by, and the steps of both factors there."""

    matrix: Matrix
    loss: Loss
    side_W: Side
    side_H: Side
    kernels: Kernels

    @classmethod
    def of(
        cls,
        matrix: Matrix,
        rank: int,
        loss: str | float,
        W: Asked,
        H: Asked,
        *,
        hold: bool = False,
    ) -> Batch:
        """Return the batch of a matrix, with penalties that are scaled to its size.

        With `hold`, parts whose encodings alone are penalized are held to a length of 1.
        """
        m, n = matrix.shape
        kernels = choose_kernels("auto", rank, m + n)
        told = make_loss(loss, matrix)
        update = "auto" if "quadratic" in told.kinds else "mu"
        side_W, side_H = (
            compose_side(
                factor, asked, other, hold=hold, loss=told, matrix=matrix, shape=(rank, length),
                free=None, update=update, kernels=kernels,
            )
            for factor, asked, other, length in (("W", W, H, m), ("H", H, W, n))
        )  # fmt: skip
        return cls(matrix, told, side_W, side_H, kernels)

    def visit(
        self, W: np.ndarray, H: np.ndarray | None, fresh: int | None
    ) -> tuple[np.ndarray, float]:
        """Return H, from afresh in `fresh` steps or else after one more, and its cost."""
        if fresh is None:
            return self.step(W, H)
        H = self.encode(W, fresh, closer=True)
        return H, self.cost(W, H)

    def step(self, W: np.ndarray, H: np.ndarray | None) -> tuple[np.ndarray, float]:
        """Take one step of H, in place, or from the clipped solution where there is no H yet.

        Returns
        -------
        H : ndarray (rank, n)
            After the step.
        cost : float
            Loss and penalties for each image.
        """
        side = self.side_H
        if side.kind == "quadratic":
            given = np.zeros((len(W), self.matrix.shape[1]), W.dtype) if H is None else H
            model = side.model(self.loss, self.matrix, W, given)
            assert isinstance(model, Quadratic)
            H = solve_clipped(near_inverse(model.G), model.B) if H is None else H
            side.step(H, model)
            return H, self._cost(W, model.value(H))
        assert H is not None
        side.admit(H)
        side.step(H, side.model(self.loss, self.matrix, W, H, objective=False))
        return H, self.cost(W, H)

    def encode(
        self, W: np.ndarray, limit: int, *, closer: bool = False, squares: bool = False
    ) -> np.ndarray:
        """Return H fitted to W from afresh, in `limit` steps or sweeps at most.

        To the usual goal of least squares; closer where it is asked for, and else always. With
        `squares` other losses begin at the encodings of least squares, and end where a step
        gains little.
        """
        matrix, side = self.matrix, self.side_H
        m, n = matrix.shape
        goal = goal_of(matrix.dtype)
        plain = side.kind == "quadratic" and side.plain
        if closer or not plain:
            goal *= _CLOSER
        if plain:
            return fit_least_squares(matrix, W, self.kernels, sweeps=limit, goal=goal)[0]
        H = np.zeros((len(W), n), matrix.dtype)
        exact = all(isinstance(penalty, ElasticNet) for penalty in side.penalties)
        if side.kind == "quadratic" and exact and side.constraint is None:
            model = side.model(self.loss, matrix, W, H)
            assert isinstance(model, Quadratic)
            self.kernels.nnls(H, model.G, model.B, limit, goal)
            return H
        if squares:
            self.kernels.nnls(H, W @ W.T, matrix.contract(W, None, VALUE), _FIRST, _ROUGH)
            if side.kind != "quadratic":
                H += H.dtype.type(1e-3) * H.mean(axis=0)
            side.admit(H)
            fit_one(
                side, self.loss, matrix, W, H, self.kernels, limit=limit, goal=goal, change=_LITTLE
            )
            return H
        # Each column begins with the sum of its image
        H += matrix.contract(np.ones((1, m), matrix.dtype), None, VALUE) / max(W.sum(), 1e-30)
        side.admit(H)
        fit_one(side, self.loss, matrix, W, H, self.kernels, limit=limit, goal=goal)
        return H

    def close(self, W: np.ndarray, limit: int) -> tuple[np.ndarray, float]:
        """Return H fitted to the last W, and the error of both: the root of twice the loss."""
        H = self.encode(W, limit)
        return H, math.sqrt(2 * max(self.loss.value(self.matrix, W, H), 0.0))

    def cost(self, W: np.ndarray, H: np.ndarray) -> float:
        """Return loss and penalties for each image."""
        return self._cost(W, self.loss.value(self.matrix, W, H) + self.side_H.value(H))

    def _cost(self, W: np.ndarray, whole: float) -> float:
        return (whole + self.side_W.value(W)) / self.matrix.shape[1]
