"""`visnmf.estimate` against what runs take: time, peak memory, iterations."""

import tempfile
from functools import partial
from pathlib import Path

import numpy as np
import scipy.sparse as sp

import visnmf

import datasets
from experiments.divergence import entries
from timing import best_of, keep, peak_of, table

TINY = """
import scipy.sparse
tiny = np.random.default_rng(0).random((200, 300), np.float32)
visnmf.factorize(tiny, 20, loss=sys.argv[2], max_iter=3)
"""
DENSE = "V = np.load(sys.argv[1]).T"
SPARSE = "V = scipy.sparse.load_npz(sys.argv[1])"
FIT = "visnmf.factorize(V, int(sys.argv[3]), loss=sys.argv[2])"
KL = ("cbcl", "orl")


def run(options):
    """Print estimates over what was measured, at the defaults of `factorize`."""
    problems = [(name, X.T, rank) for name, (X, rank) in datasets.at_hand(options.sets)]
    shape = (2_000, 5_000) if options.quick else (20_000, 50_000)
    problems.append(("sparse", entries(*shape, shape[0] * shape[1] // 1000), 20))
    rows, kept = [], {}
    for name, V, rank in problems:
        for loss in ("frobenius", "kl") if name in (*KL, "sparse") else ("frobenius",):
            visnmf.factorize(V, rank, loss=loss, max_iter=2)  # loads what is loaded on first use
            settings = {"rank": rank, "loss": loss}
            found = visnmf.estimate(V, **settings)
            density = 0.001 if sp.issparse(V) else 1.0
            again = visnmf.estimate(V.shape, **settings, density=density)
            asking = best_of(partial(visnmf.estimate, V, **settings), 2)
            took = best_of(partial(visnmf.factorize, V, **settings), 2)
            n_iter = visnmf.factorize(V, **settings).n_iter
            own = found.bytes_of_V
            peak = peak_beside(V, rank, loss)
            memory = (own + found.bytes_beside_V) / peak
            ratios = found.seconds / took, again.seconds / took, memory
            kept[f"{name} {loss}"] = ratios
            cells = [f"{ratio:.2f}" for ratio in ratios]
            rows.append([name, rank, loss, *cells, f"{asking / took:.2f}", found.n_iter, n_iter])
    header = [
        *("set", "rank", "loss", "time", "by shape", "memory", "asking", "iterations", "took"),
    ]
    table("estimates over what was measured", header, rows)
    keep("estimate", kept)


def peak_beside(V, rank, loss):
    """Return the peak of a fit in a process of its own, V included."""
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "V.npz" if sp.issparse(V) else "V.npy")
        if sp.issparse(V):
            sp.save_npz(path, V, compressed=False)
            return peak_of(TINY, SPARSE, FIT, path, loss, rank)
        np.save(path, np.ascontiguousarray(V.T))
        return peak_of(TINY, DENSE, FIT, path, loss, rank)
