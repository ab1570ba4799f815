"""Parts learned from one batch of images after the other, old batches being forgotten.

A batch leaves behind what the step of W needs of it, and nothing else. Where the loss is a
quadratic that is its model, G = sum H H' and B = sum H V', since models of one F add up
(Mairal, Bach, Ponce & Sapiro 2010). For multiplicative steps it is the numerator and the
denominator of the step (Lefèvre, Bach & Févotte 2011). Either is shrunk before each batch.
"""

from __future__ import annotations

import math
from collections.abc import Iterator
from dataclasses import dataclass, field, replace

import numpy as np

from visnmf.estimator.base import asked
from visnmf.estimator.names import Penalties
from visnmf.kernels.choose import Kernels, choose_kernels
from visnmf.losses.models import Quadratic
from visnmf.losses.protocol import Loss
from visnmf.matrices.dense import Dense
from visnmf.matrices.protocol import VALUE, Matrix
from visnmf.solve.compose import Asked, compose_side, make_loss
from visnmf.solve.encode import goal_of
from visnmf.solve.least_squares import fit_least_squares, near_inverse, solve_clipped
from visnmf.solve.onesided import fit_one
from visnmf.solve.plan import Plan
from visnmf.solve.run import run
from visnmf.solve.side import Side
from visnmf.solve.stopping import Rule, Trace

__all__ = [
    "Batch",
    "Memory",
    "Progress",
    "batches_of",
    "fit_sample",
    "sample_of",
]

_CLOSER = 0.1  # encodings of a batch are fitted to this share of the usual goal: they add up

_A_PART, _LEAST = 50, 1000  # images a part in a sample, and in all at least
_NOISE = 10  # units of the last place that a cost may fall by from rounding alone
_TIMES = 4  # times its size from which a sample pays
_OPENING = Rule(20, change=2e-3)  # of the fit to it


def batches_of(matrix: Matrix, size: int) -> Iterator[tuple[slice, Matrix]]:
    """Yield ranges of columns, and V there: views of a dense V, copies of a sparse one."""
    n = matrix.shape[1]
    for start in range(0, n, size):
        columns = slice(start, min(start + size, n))
        if isinstance(matrix, Dense):
            yield columns, Dense(matrix.values[:, columns])
        else:
            yield columns, matrix.take(np.arange(columns.start, columns.stop))


def sample_of(matrix: Matrix, rank: int, rng: np.random.Generator) -> Matrix | None:
    """Return a sample of many images, in their order, or None where they are not that many."""
    n, size = matrix.shape[1], max(_A_PART * rank, _LEAST)
    if n < _TIMES * size:
        return None
    return matrix.take(np.sort(rng.choice(n, size, replace=False)))


def fit_sample(
    sample: Matrix, plan: Plan, penalties: Penalties, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return W' and H of a short fit to a sample, from the start that the plan asks for."""
    plan = replace(
        plan,
        rule=_OPENING,
        W=asked(penalties.components),
        H=asked(penalties.encodings),
        bounded=False,
    )
    found = run(sample, plan, Trace(), rng, {})
    if found.reason == "interrupted":
        raise KeyboardInterrupt
    return np.ascontiguousarray(found.W.T), np.ascontiguousarray(found.H)


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
    def of(cls, matrix: Matrix, rank: int, beta: float, penalties: Penalties) -> Batch:
        """Return the batch of a matrix, with penalties that are scaled to its size."""
        m, n = matrix.shape
        kernels = choose_kernels("auto", rank, m + n)
        loss = make_loss(beta, matrix)
        W, H = (
            compose_side(
                factor, asked(term), Asked(), hold=False, loss=loss, matrix=matrix,
                shape=(rank, length), free=None, update="hals" if beta == 2 else "mu",
                kernels=kernels,
            )
            for factor, term, length in (
                ("W", penalties.components, m), ("H", penalties.encodings, n)
            )
        )  # fmt: skip
        return cls(matrix, loss, W, H, kernels)

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

    def encode(self, W: np.ndarray, limit: int, *, closer: bool = False) -> np.ndarray:
        """Return H fitted to W from afresh, in `limit` steps or sweeps at most.

        To the usual goal of least squares; closer where it is asked for, and else always.
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
        if side.kind == "quadratic":
            model = side.model(self.loss, matrix, W, H)
            assert isinstance(model, Quadratic)
            self.kernels.nnls(H, model.G, model.B, limit, goal)
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


@dataclass
class Progress:
    """Whether batches still bring anything: by the move of W, and by a smoothed cost.

    Parameters
    ----------
    tol : float
        Ends when no batch of a whole pass moves W by more than this share of its length; 0
        for never. One batch may hold nothing that moves it.
    patience : int, optional
        Ends after so many batches in a row without a new lowest smoothed cost, but not before
        each image was seen.
    n : int
        Images in all.
    """

    tol: float
    patience: int | None
    n: int
    smoothed: float | None = None
    lowest: float = field(default=np.inf)
    idle: int = 0
    still: int = 0  # images since W moved
    seen: int = 0  # images in all so far

    def ends(self, cost: float, count: int, before: np.ndarray, W: np.ndarray) -> str:
        """Note a batch of `count` images; return why to end, or an empty string."""
        share = min(count / (self.n + 1), 1)
        if self.smoothed is None:
            self.smoothed = cost
        else:
            self.smoothed += share * (cost - self.smoothed)
        moved = np.linalg.norm(W - before) > self.tol * np.linalg.norm(W)
        self.seen += count
        self.still = 0 if moved else self.still + count
        if self.tol > 0 and self.still >= self.n:
            return "small H change"
        lower = self.smoothed < self.lowest * (1 - _NOISE * np.finfo(W.dtype).eps)
        self.idle = 0 if lower else self.idle + 1
        self.lowest = min(self.lowest, self.smoothed)
        if self.patience is not None and self.idle >= self.patience and self.seen >= self.n:
            return "lack of improvement in objective function"
        return ""
