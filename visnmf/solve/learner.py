"""A learner that is shown one batch of images after the other, and keeps no more than it needs.

It begins with a fit to the first images, and goes on as `visnmf.solve.online` tells. Beside
the sums of what it saw it keeps a sample of that (Vitter 1985, algorithm R): sums that were
made with other parts tell too high a loss, and the sample tells by how much. Where that is
a lot, as it is when the images come sorted by what they show, the parts are fitted to the
sample and the sums made anew from it.
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import Any, Self

import numpy as np

from visnmf.losses.models import Quadratic
from visnmf.matrices.dense import Dense
from visnmf.matrices.protocol import SQUARED_VALUE, Matrix
from visnmf.matrices.sparse import Sparse
from visnmf.matrices.stored import Stored
from visnmf.solve.batches import beside
from visnmf.solve.compose import Asked
from visnmf.solve.naming import LOSSES
from visnmf.solve.online import Batch, Memory
from visnmf.solve.plan import Plan
from visnmf.solve.run import run
from visnmf.solve.stopping import Rule, Trace
from visnmf.terms.elastic_net import ElasticNet

__all__ = ["OPENING", "Online", "opening_size"]

_A_PART, _LEAST = 100, 1000  # images a part in the sample, and in all at least
_ROOM = 256 << 20  # bytes that it may take, if that is enough for some images a part
_SOME = 4
OPENING = Rule(20, change=2e-3)
"""Of the fit to the first images."""

_ANEW = Rule(20, change=1e-3)  # of a fit to the sample later on
_STEPS = 30  # sweeps, or steps, of encoding a batch
_WANE = 2.0  # the power of time that earlier batches count by: their encodings are less right
_STALE = 0.03  # the share that the sums may tell too much of the loss
_APART = 0.05  # and that the loss of images as they came may be off from what it is now


def opening_size(m: int, rank: int, dtype: np.dtype[Any]) -> int:
    """Return how many images there are in the sample, and in the first fit."""
    fit = _ROOM // (m * dtype.itemsize)
    return min(max(_A_PART * rank, _LEAST), max(fit, _SOME * rank))


@dataclass
class Online:
    """Parts W' (rank x m), and what is remembered of the images that they were learned from.

    Parameters
    ----------
    W : ndarray (rank, m)
        The parts; stepped in place by each batch.
    memory : Memory
        Sums over the batches so far.
    sample : Matrix (m, size)
        Some of the images so far, all with the same chance.
    rng : Generator
        Draws them.
    loss, terms_W, terms_H
        What is minimized.
    n : int, optional
        How many images there are in all, by which penalties on W are weighed.
    lost : float
        The share of what is remembered that is given up with each image.
    seen : int
        Images so far.
    weight : float
        How much they count, those that are partly forgotten in part.
    told : float
        Half the sum of their squares, so counted; or their loss when they were seen, where the
        sums do not tell it.
    checked : int
        Images when the sums were last held against the sample.
    cost : float
        The loss an image of the last batch, by the parts before it.
    """

    W: np.ndarray
    memory: Memory
    sample: Matrix
    rng: np.random.Generator
    loss: str | float = "frobenius"
    terms_W: Asked = Asked()
    terms_H: Asked = Asked()
    n: int | None = None
    lost: float = 0.0
    seen: int = 0
    weight: float = 0.0
    told: float = 0.0
    checked: int = 0
    cost: float = float("nan")

    @classmethod
    def begin(
        cls,
        first: Matrix,
        plan: Plan,
        rng: np.random.Generator,
        n: int | None,
        lost: float,
        rule: Rule = OPENING,
    ) -> Self:
        """Return a learner that has seen the first images, by a fit to them."""
        # A penalty on W is weighed by all images, and takes hold with the batches
        opening = replace(plan, rule=rule, W=Asked((), plan.W.constraint))
        found = run(first, opening, Trace(), rng, {})
        if found.reason == "interrupted":
            raise KeyboardInterrupt
        W = np.ascontiguousarray(found.W.T)
        size = opening_size(W.shape[1], len(W), W.dtype)
        if lost:  # who forgets keeps no more than what counts
            size = min(size, max(round(1 / lost), _SOME * len(W)))
        some = np.arange(first.shape[1])[-size:]
        sample = first.take(some)  # a copy: it is written over
        learner = cls(
            W, Memory(W, W), sample, rng, plan.loss, plan.W, plan.H, n, lost
        )  # fmt: skip
        learner.memory = Memory.empty(W, learner.beta)
        learner.cost = found.objective / first.shape[1]
        learner.remember(first, np.ascontiguousarray(found.H))
        learner.checked = learner.seen
        return learner

    def update(self, matrix: Matrix) -> np.ndarray:
        """Take a batch in; return its encodings by the parts before it."""
        batch = self.batch(matrix)
        batch.side_W.admit(self.W)
        H = batch.encode(self.W, _STEPS, closer=True, squares=True)
        self.cost = batch.loss.value(matrix, self.W, H) / matrix.shape[1]
        self._keep(matrix)
        self.remember(matrix, H, batch)
        every = self.seen >= 2 * self.checked
        if every or self.lost and self.lost * (self.seen - self.checked) >= 1:
            self.settle()
        return H

    def remember(self, matrix: Matrix, H: np.ndarray, batch: Batch | None = None) -> None:
        """Take images in with their encodings, and step W."""
        batch = batch or self.batch(matrix)
        count = matrix.shape[1]
        keep = (self.seen / (self.seen + count)) ** _WANE * (1 - self.lost) ** count
        self.seen += count
        self.weight = keep * self.weight + count
        self.told = keep * self.told + self._own(matrix, batch)
        self.memory.renew(self.W, batch, H, keep)

    def settle(self) -> bool:
        """Fit the parts to the sample where the sums are out of date; tell whether they were."""
        self.checked = self.seen
        batch, count = self.batch(self.sample), self.sample.shape[1]
        H = batch.encode(self.W, _STEPS, closer=True, squares=True)
        true = batch.loss.value(self.sample, self.W, H) / count
        if _exact(batch):  # sums that were made with other parts tell too much
            sums = Quadratic(self.memory.first, self.memory.second, self.told)
            stale = sums.value(self.W) / self.weight > (1 + _STALE) * true
        else:  # images that come in any order are as dear when they come as they are afterwards
            stale = abs(self.told / self.weight - true) > _APART * true
        if not stale:
            return False
        # Multiplicative steps do not get far from parts of something else
        given = (self.W, H) if self.beta == 2 else None
        plan = Plan(
            len(self.W), _ANEW, loss=self.loss, W=self._share_of(count), H=self.terms_H,
            given=given, warmup="none" if given else "auto",
        )  # fmt: skip
        found = run(self.sample, plan, Trace(), self.rng, {})
        if found.reason == "interrupted":
            raise KeyboardInterrupt
        self.W[...] = found.W.T
        self.cost = found.objective / count
        share = self.weight / count
        self.told = share * self._own(self.sample, batch)
        self.memory = Memory.empty(self.W, self.beta)
        self.memory.renew(self.W, batch, np.ascontiguousarray(found.H), 1.0)
        self.memory.first *= self.W.dtype.type(share)
        self.memory.second *= self.W.dtype.type(share)
        return True

    def state(self) -> dict[str, np.ndarray]:
        """Return what `resume` goes on from, as arrays that are not written to."""
        numbers = [self.seen, self.weight, self.told, self.checked]
        kept = {
            "W": self.W.copy(),
            "first": self.memory.first.copy(),
            "second": self.memory.second.copy(),
            "numbers": np.array(numbers, np.float64),
        }
        if isinstance(self.sample, Sparse):
            names = ("indptr", "indices", "data")
            return kept | dict(zip(names, self.sample.stored_columns(), strict=True))
        assert isinstance(self.sample, Dense)
        return kept | {"sample": self.sample.values.copy(order="F")}

    def resume(self, state: dict[str, np.ndarray]) -> None:
        """Go on from a state, with this learner's settings."""
        seen, self.weight, self.told, checked = map(float, state["numbers"])
        self.seen, self.checked = int(seen), int(checked)
        self.W = state["W"].copy()
        self.memory = Memory(state["first"].copy(), state["second"].copy())
        if "sample" in state:
            self.sample = Dense(state["sample"].copy(order="F"))
        else:
            stored = (state[name] for name in ("indptr", "indices", "data"))
            self.sample = Sparse(Stored(self.W.shape[1], *stored))

    def _keep(self, matrix: Matrix) -> None:
        """Put images into the sample, each with the chance that all so far have."""
        size, count = self.sample.shape[1], matrix.shape[1]
        so_far = self.seen + 1 + np.arange(count)
        if self.lost:
            so_far = np.minimum(so_far, 1 / self.lost)
        new = np.flatnonzero(self.rng.random(count) < size / so_far)[-size:]
        gone = self.rng.choice(size, len(new), replace=False)
        if not len(new):
            return
        if isinstance(self.sample, Dense) and isinstance(matrix, Dense):
            self.sample.values[:, gone] = matrix.values[:, new]
            return
        rest = np.setdiff1d(np.arange(size), gone)
        self.sample = beside([self.sample.take(rest), matrix.take(new)])

    def batch(self, matrix: Matrix) -> Batch:
        """Return the batch of some images, with penalties on W in its share."""
        W = self._share_of(matrix.shape[1])
        return Batch.of(matrix, len(self.W), self.loss, W, self.terms_H, hold=True)

    @property
    def beta(self) -> float:
        """The loss as a beta-divergence."""
        return LOSSES[self.loss.lower()] if isinstance(self.loss, str) else float(self.loss)

    def _share_of(self, count: int) -> Asked:
        """Return what is asked of W by so many of all images."""
        share = count / (self.n or count)
        return replace(
            self.terms_W, penalties=tuple(_scaled(term, share) for term in self.terms_W.penalties)
        )

    def _own(self, matrix: Matrix, batch: Batch) -> float:
        """Return what images add to the loss that the sums tell."""
        if _exact(batch):
            return 0.5 * matrix.total(None, None, SQUARED_VALUE)
        return self.cost * matrix.shape[1]


def _exact(batch: Batch) -> bool:
    """Tell whether the sums tell the loss itself."""
    sides = batch.side_W, batch.side_H
    return all(side.kind == "quadratic" and not side.penalties for side in sides)


def _scaled(penalty: Any, share: float) -> Any:
    """Return a share of an elastic net."""
    assert isinstance(penalty, ElasticNet)
    return replace(penalty, l1=penalty.l1 * share, l2=penalty.l2 * share)
