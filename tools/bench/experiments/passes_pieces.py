"""The work of a pass on its blocks, done piece by piece, each timed apart.

Not an experiment itself. It does what `visnmf.solve.streamed.visit` does, in the same order.
"""

import tempfile

import numpy as np

import visnmf
from visnmf.kernels.choose import choose_kernels
from visnmf.kernels.products import gram_of
from visnmf.losses.models import Quadratic
from visnmf.matrices.chunked import Chunked
from visnmf.matrices.protocol import VALUE
from visnmf.solve.plan import Plan
from visnmf.solve.rooms import Rooms
from visnmf.solve.stopping import Rule
from visnmf.solve.streamed import Share
from visnmf.updates.hals import Hals

from timing import seconds

REST = "objective, gradient, extrapolation"


def pieces_of(images, result, folder):
    """Return the seconds of each piece, on one thread, and those of the step of W.

    Parameters
    ----------
    images : LazyImages
        V.
    result : Factorization
        W and H to begin with.
    folder : path
        Where H is put on disk.
    """
    with tempfile.TemporaryDirectory(dir=folder) as scratch:
        kept = {
            name: [Rooms(result.H.shape, np.dtype(np.float32), where).make() for _ in range(4)]
            for name, where in (("H in memory", None), ("H on disk", scratch))
        }
        for arrays in kept.values():
            for F in arrays:
                F[...] = result.H
        with visnmf.threads(1):
            W = np.ascontiguousarray(result.W.T)
            W, _ = _apart(images, W, kept)  # as a step leaves it, so that the sweeps have work
            runs = [_apart(images, W, kept)[1] for _ in range(2)]
    found = {name: min(run[name] for run in runs) for name in runs[0]}
    return found, found.pop("step of W")


def _apart(images, W, kept):
    """Do all that a pass does; return W' after its step, and the seconds of each piece."""
    V = Chunked(images.columns)
    rank, m = W.shape
    G, kernels = gram_of(W), choose_kernels("auto", rank, sum(V.shape))
    update = Hals(kernels, Plan(rank, Rule(1)).sweeps, Plan(rank, Rule(1)).ratio)
    whole, clock = Share.empty(rank, m), _Clock()
    for columns in V.ranges():
        block = clock("reading and decoding", V.block, columns)
        for name, (best, before, stepped, ahead) in kept.items():  # the last two are for writing
            codes, way = clock(name, _taken, (best, before), columns)
            clock(name, _put, (stepped, ahead), columns, (codes, way))
        model = Quadratic(G, clock("product W'V", block.contract, W, None, VALUE), 0.0)
        point = clock(REST, model.at, codes, kernels)
        pull = clock(REST, lambda B=model.B: float(np.square(B, dtype=np.float64).sum()))
        clock("sweeps", update.step, codes, model, 1.0)
        pushed = clock(REST, kernels.push, way, codes, 0.5)
        of_W = clock("product V H'", block.T.contract, pushed, None, VALUE)
        clock("sum of the shares", _add, whole, gram_of(pushed), of_W, point, pull)
    model = whole.model(np.dtype(np.float32))
    stepped = W.copy()
    clock("step of W", update.step, stepped, model, 1.0)
    clock("step of W", model.at, stepped, kernels)
    return stepped, clock.taken


def _add(whole, G, of_W, point, pull):
    whole += Share(G.astype(np.float64), of_W.astype(np.float64), point, pull)


class _Clock:
    def __init__(self):
        self.taken = {}

    def __call__(self, name, call, *arguments):
        took, value = seconds(lambda: call(*arguments))
        self.taken[name] = self.taken.get(name, 0.0) + took
        return value


def _taken(arrays, columns):
    return [np.array(F[:, columns], order="C") for F in arrays]


def _put(arrays, columns, values):
    for F, found in zip(arrays, values, strict=True):
        F[:, columns] = found
