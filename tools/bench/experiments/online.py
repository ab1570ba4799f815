"""Images seen once, then encoded: `factorize_online` against scikit-learn's MiniBatchNMF.

Each set comes as it is and sorted by what it shows, which for batches in order is the worst. How
often an image was read is counted where it is read.
"""

import warnings

import numpy as np
from sklearn.decomposition import MiniBatchNMF

import visnmf
from visnmf.matrices.chunked import Chunked
from visnmf.matrices.source import ArraySource

import datasets
from timing import best_of, keep, objective_of, seconds, table

SETS = ("fashion", "digits")


def run(options):
    """Compare time and error with scikit-learn's, and with the whole of V at a time."""
    rows, kept = [], {}
    for name, (X, rank) in datasets.at_hand(options.sets):
        for how, order in (("as it is", np.arange(len(X))), ("sorted", _sorted(X))):
            found = _compare(np.ascontiguousarray(X[order]), rank)
            kept[f"{name}, {how}"] = found
            rows.append([name, how, rank, *found.pop("cells")])
    header = ["set", "order", "rank", "sooner", "sooner than all", "read", "stream", "online"]
    header += ["all of V", "MiniBatchNMF"]
    table("One pass online, then one to encode: relative errors, and times sooner", header, rows)
    keep("online", kept)


def _sorted(X):
    """Return an order by the nearest of ten centers, as of a set sorted by class."""
    from sklearn.cluster import KMeans

    return np.argsort(KMeans(10, n_init=1, random_state=0).fit_predict(X), kind="stable")


def _compare(X, rank):
    V = X.T
    counting = _Counting(V)
    ours = visnmf.factorize_online(Chunked(counting), rank)
    stream = visnmf.factorize_online(iter(np.array_split(V, -(-len(X) // 500), axis=1)), rank)
    online = best_of(lambda: visnmf.factorize_online(V, rank), 3)
    whole, full = seconds(lambda: visnmf.factorize(V, rank))
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = MiniBatchNMF(rank, random_state=0)
        fit, _ = seconds(lambda: model.fit(X))
        transform, codes = seconds(lambda: model.transform(X))
    size = np.sqrt(np.square(X, dtype=np.float64).sum())

    def error(W, H):
        return float(np.sqrt(2 * objective_of(X, W, H)) / size)

    reads = sorted(set(counting.reads.tolist()))
    found = {
        "sooner": (fit + transform) / online,
        "sooner_than_all": whole / online,
        "reads": reads,
        "stream": error(stream.W, visnmf.encode(V, stream.W)),
        "online": error(ours.W, ours.H),
        "all": error(full.W, full.H),
        "theirs": error(model.components_.T, codes.T),
    }
    sooner = [f"{found[key]:.1f}x" for key in ("sooner", "sooner_than_all")]
    errors = [f"{found[key]:.4f}" for key in ("stream", "online", "all", "theirs")]
    return found | {"cells": [*sooner, " or ".join(f"{r} times" for r in reads), *errors]}


class _Counting(ArraySource):
    """Columns of an array, and how often each was read."""

    def __init__(self, V):
        super().__init__(V, "an array")
        self.step = 16
        self.reads = np.zeros(V.shape[1], int)

    def read(self, first, last):
        self.reads[first:last] += 1
        return super().read(first, last)
