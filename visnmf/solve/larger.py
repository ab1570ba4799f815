"""A run on a V that is never whole in memory: Frobenius, every entry known, no terms.

It begins on a sample that fits into memory, by all that speeds up a run there. The parts
of that fit encode all images in a first pass; from there on an iteration is one pass over V.
"""

from __future__ import annotations

import tempfile
from dataclasses import replace
from typing import Any

import numpy as np

from visnmf.kernels.choose import Kernels
from visnmf.losses.frobenius import Frobenius
from visnmf.matrices.chunked import Chunked
from visnmf.matrices.protocol import Matrix
from visnmf.solve.afar import Afar
from visnmf.solve.alternate import Composition
from visnmf.solve.encode import SWEEPS, goal_of
from visnmf.solve.exact import run_exact
from visnmf.solve.extrapolation import Extrapolation
from visnmf.solve.iterate import Pair, Problem, iterate
from visnmf.solve.plan import Plan
from visnmf.solve.result import Factorization
from visnmf.solve.rooms import Rooms
from visnmf.solve.scattered import Scattered
from visnmf.solve.side import Side
from visnmf.solve.stopping import Rule, Trace, kkt_norm
from visnmf.solve.streamed import Streamed
from visnmf.updates.hals import Hals

__all__ = ["draw", "rooms_for", "run_larger", "sample_fit"]

_LEAST_SAMPLE = 4000  # images; or 100 a part, if that is more
_SAMPLE = 1 << 28  # bytes that a sample may take
_SAMPLE_ITER = 200  # the most iterations on it, which cost next to nothing
_RUN = 8, 64  # images beside each other in a sample, at least and at most
_SLOW = 7e-3  # relative gain of an iteration that is worth an iteration on V itself
_LEAST_GAIN = 1e-4  # below it a sample is fitted closer than it tells of the whole
_HELD = 1 << 29  # bytes of arrays of H's size beyond which they go to disk
_COPIES = 4
_FIRST = 20  # sweeps of the first encodings


def run_larger(
    composition: Composition,
    plan: Plan,
    trace: Trace,
    rng: np.random.Generator,
    settings: dict[str, Any],
) -> Factorization:
    """Carry a plan out in passes over V."""
    matrix, kernels = composition.matrix, composition.kernels
    loss = composition.loss
    assert isinstance(matrix, Chunked)
    assert isinstance(loss, Frobenius)
    problem = Problem(matrix, loss, composition.H.update, kernels)
    trace.passes = matrix.passes
    pair = Pair(
        np.zeros((plan.rank, matrix.shape[0]), matrix.dtype), np.zeros((plan.rank, 0), matrix.dtype)
    )
    images = _images(problem, plan)
    images.halted = lambda: trace.stopping
    reason = ""
    try:
        if plan.given is not None:
            pair.W[...], H = plan.given
            images.begin(H)
        elif not trace.resumed("V"):
            pair.W[...] = sample_fit(matrix, plan, kernels, trace, rng)
            reason = trace.ended
            _first_pass(problem, pair, images, trace)
        if not reason or trace.stopping:  # which the iteration keeps, and ends at once
            reason = iterate(
                problem, pair, phase="V", rule=plan.rule, trace=trace,
                extrapolation=Extrapolation() if plan.extrapolate else None,
                cold=plan.given is not None and not trace.history, encodings=images,
            )  # fmt: skip
    except KeyboardInterrupt:
        reason = trace.interrupt()
    last = trace.history[-1] if trace.history else None
    if trace.stopping and last is not None and last.phase in ("first", "V"):
        objective, kkt, lengths = last.objective, np.nan, images.lengths()
    else:
        share = images.fit(pair.W, sweeps=SWEEPS, goal=goal_of(matrix.dtype))
        objective, lengths = share.loss, np.diagonal(share.G)
        kkt = kkt_norm(share.point, share.model(pair.W.dtype).at(pair.W, kernels))
        trace.add("closing", 1, objective, kkt)
    if plan.given is None:
        energy = np.square(pair.W, dtype=np.float64).sum(axis=1) * lengths
        order = np.argsort(-energy, kind="stable")
        pair.W = pair.W[order]
        images.permute(order)
    n_iter = sum(record.phase == "V" for record in trace.history)
    settings["passes"] = matrix.passes()
    return Factorization(
        pair.W.T, images.H, objective, kkt, trace.history, reason, n_iter, settings,
        dict(matrix.lost),
    )  # fmt: skip


def _images(problem: Problem, plan: Plan) -> Streamed | Scattered:
    """Return the encodings: here, or with the workers where V is."""
    matrix, update, kernels = problem.matrix, problem.update, problem.kernels
    assert isinstance(matrix, Chunked)
    rooms = rooms_for(plan, matrix)
    if isinstance(matrix, Afar):
        matrix.widen(plan.rank)
        return Scattered(matrix, update, kernels, rooms, plan.scratch)
    return Streamed(matrix, update, kernels, rooms)


def rooms_for(plan: Plan, matrix: Matrix) -> Rooms:
    """Return where arrays of H's size are made: on disk, if asked for or if they are large."""
    shape = plan.rank, matrix.shape[1]
    folder = plan.scratch
    size = _COPIES * shape[0] * shape[1] * matrix.dtype.itemsize
    if folder is None and size > _HELD:
        folder = tempfile.gettempdir()
    return Rooms(shape, matrix.dtype, folder)


def draw(matrix: Chunked, rank: int, rng: np.random.Generator) -> tuple[np.ndarray, Matrix]:
    """Return the numbers of a sample of the images, and V there: short runs from all over V.

    Runs, since what is stored together is read together; from all over, since sets are often
    in order of what their pictures show.
    """
    m, n = matrix.shape
    size = min(max(_LEAST_SAMPLE, 100 * rank), _SAMPLE // (m * matrix.dtype.itemsize))
    size = max(size, 2 * rank)
    if size >= n:
        return np.arange(n), matrix.runs(matrix.ranges())
    length = min(max(matrix.source.step, _RUN[0]), _RUN[1], size)
    count = -(-size // length)
    edges = np.linspace(0, n, count + 1).astype(int)
    room = np.maximum(edges[1:] - edges[:-1] - length, 0)
    starts = np.minimum(edges[:-1] + (rng.random(count) * (room + 1)).astype(int), n - length)
    columns = (starts[:, None] + np.arange(length)).ravel()
    return columns, matrix.runs([slice(int(i), int(i) + length) for i in starts])


def sample_fit(
    matrix: Chunked, plan: Plan, kernels: Kernels, trace: Trace, rng: np.random.Generator
) -> np.ndarray:
    """Return W' of a fit to a sample in memory."""
    _, sample = draw(matrix, plan.rank, rng)
    share = sample.shape[1] / matrix.shape[1]
    rule = Rule(_SAMPLE_ITER, change=max(_SLOW * share, _LEAST_GAIN))
    loss = Frobenius(sample)
    side = Side(Hals(kernels, plan.sweeps, plan.ratio), "quadratic")
    part = Composition(sample, loss, side, side, kernels)
    found = run_exact(part, replace(plan, rule=rule), trace.inner("sample"), rng, {})
    return found.W.T


def _first_pass(problem: Problem, pair: Pair, images: Streamed | Scattered, trace: Trace) -> None:
    """Encode all images by the parts of a sample, and step the parts on what that tells."""
    share = images.fit(pair.W, sweeps=_FIRST, goal=0.0, afresh=True)
    model = share.model(pair.W.dtype, problem.loss.const)
    problem.update.step(pair.W, model)
    trace.add("first", 1, model.at(pair.W, problem.kernels).objective, np.nan)
