"""Tasks of dask for a composition: one block of V each, its encodings in files.

They hold nothing and may be done twice: what each reads is never written over, and what it
writes is the same whoever does it.
"""

from __future__ import annotations

import operator
from dataclasses import dataclass, replace
from functools import reduce
from typing import Any, cast

import numpy as np

from visnmf.losses.protocol import Loss
from visnmf.matrices.protocol import Matrix
from visnmf.solve.afar import Done
from visnmf.solve.alternate import Composition
from visnmf.solve.model_sums import within_reach
from visnmf.solve.stores import Store, Version, load_request
from visnmf.solve.trial_blocks import (
    TrialRequest,
    TrialShare,
    begin_block,
    fit_block,
    readable,
    try_block,
    with_constant,
)

__all__ = ["Job", "added", "apart", "fit_task", "look_again", "try_task", "value_task"]


@dataclass(frozen=True)
class Job:
    """What is asked of each block in a pass.

    Parameters
    ----------
    store : Store
        Where the encodings are.
    problem : Composition
        As `apart` returns it.
    parts : str
        The file of W', and of W' pushed on.
    begin : Version, optional
        The encodings to begin at; zeros, if not given.
    end, slopes : int
        The versions to write encodings to, and gradients that are looked at twice.
    effort, beta, measured
        As of `TrialRequest`.
    afresh : bool
        Whether to begin by least squares.
    limit, goal, change
        As of `visnmf.solve.onesided.fit_one`.
    """

    store: Store
    problem: Composition
    parts: str
    begin: Version | None
    end: int
    slopes: int
    effort: float = 1.0
    beta: float = 0.0
    measured: bool = False
    afresh: bool = False
    limit: int = 0
    goal: float = 0.0
    change: float = 0.0

    def request(self) -> TrialRequest:
        """Return it with W', and W' pushed on."""
        W, ahead = load_request(self.parts)
        return TrialRequest(self.problem, W, ahead, self.effort, self.beta, self.measured)

    def read(self, first: int, last: int) -> tuple[np.ndarray, np.ndarray]:
        """Return where the step to the encodings of a block ended, and these."""
        if self.begin is not None:
            return self.store.read(self.begin, first)
        W = load_request(self.parts)[0]
        return np.zeros((len(W), last - first), W.dtype), np.zeros((len(W), last - first), W.dtype)


def apart(problem: Composition) -> Composition:
    """Return what a task needs of a problem: not V, nor what is asked of W."""
    side = replace(problem.W, penalties=(), constraint=None)
    return replace(problem, matrix=cast(Matrix, None), W=side)


def try_task(block: Matrix, first: int, last: int, gone: np.ndarray, job: Job) -> TrialShare:
    """Step the encodings of a block, and write where that led."""
    part, kept, loss = _opened(block, first, gone, job)
    behind, best = job.read(first, last)
    if loss is None:
        return _nothing(first, best, job)
    here, way = (np.array(F[:, kept], order="C") for F in (best, behind))
    stepped, ahead, gradient, share = try_block(part, loss, here, way, job.request())
    job.store.write(job.end, first, *(_spread(F, kept, best) for F in (stepped, ahead)))
    if gradient is not None:
        job.store.write(job.slopes, first, _spread(gradient, kept, best))
    return share


def fit_task(block: Matrix, first: int, last: int, gone: np.ndarray, job: Job) -> TrialShare:
    """Fit the encodings of a block, and write them."""
    part, kept, loss = _opened(block, first, gone, job)
    best = job.read(first, last)[1]
    if loss is None:
        return _nothing(first, best, job)
    request, codes = job.request(), np.array(best[:, kept], order="C")
    if job.afresh:
        codes = begin_block(job.problem, request.W, part, codes)
    gradient, share = fit_block(part, loss, codes, request, job.limit, job.goal, job.change)
    job.store.write(job.end, first, _spread(codes, kept, best))
    if gradient is not None:
        job.store.write(job.slopes, first, _spread(gradient, kept, best))
    return share


def value_task(block: Matrix, first: int, last: int, gone: np.ndarray, job: Job) -> float:
    """Return the loss of W' beside the encodings of a block."""
    part, kept, loss = _opened(block, first, gone, job)
    if loss is None:
        return 0.0
    codes = np.array(job.read(first, last)[1][:, kept], order="C")
    return loss.value(part, job.request().W, job.problem.mixed(codes))


def look_again(store: Store, version: Version, slopes: int, first: int, reach: float) -> Done:
    """Return the KKT residual of a block, given what bounds it; V is not read."""
    gradient = store.read(Version(slopes), first)[1]
    return Done(within_reach(gradient, store.read(version, first)[1], reach), {})


def added(parts: list[Done]) -> Done:
    """Add up what tasks leave behind; they are left as they are, since some may be added anew."""
    lost: dict[int, Any] = {}
    for part in parts:
        lost.update(part.lost)
    return Done(reduce(operator.add, (part.result for part in parts)), lost)


def _opened(
    block: Matrix, first: int, gone: np.ndarray, job: Job
) -> tuple[Matrix, slice | np.ndarray, Loss | None]:
    """Return what could be read of a block, which columns that is, and its loss; None of none."""
    part, kept = readable(block, gone)
    if not part.shape[1]:
        return part, kept, None
    noted = job.store.noted(first)
    if noted is None or not np.array_equal(noted[1:], gone):
        noted = np.array([job.problem.loss.constant(part), *gone])
        job.store.note(first, noted)
    return part, kept, with_constant(job.problem.loss, float(noted[0]))


def _nothing(first: int, best: np.ndarray, job: Job) -> TrialShare:
    """Write zeros for a block that could not be read at all."""
    for number in (job.end, job.slopes):
        job.store.write(number, first, np.zeros_like(best))
    return TrialShare()


def _spread(codes: np.ndarray, kept: slice | np.ndarray, like: np.ndarray) -> np.ndarray:
    """Return encodings of a whole block, zero where it could not be read."""
    if isinstance(kept, slice):
        return codes
    found = np.zeros_like(like)
    found[:, kept] = codes
    return found
