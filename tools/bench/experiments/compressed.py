"""`factorize_compressed` against `factorize`: error, time and passes over V.

The enlarged pictures are Fashion-MNIST at 63 x 63, each put somewhere in a frame of 71 x 71:
1.2 GB, which no cache holds.
"""

import numpy as np

import visnmf
from visnmf.matrices.chunked import Chunked
from visnmf.matrices.source import ArraySource

import datasets
from timing import keep, objective_of, seconds, table

SETS = ("cbcl", "orl", "fashion")
SIDE, FRAME = 63, 71
PASSES = (2, 3, 5)


def run(options):
    """Compare each set, and the enlarged pictures where Fashion-MNIST is among them."""
    rows, kept = [], {}
    for name, (X, rank) in datasets.at_hand(options.sets):
        _compare(name, X, rank, rows, kept)
        if name == "fashion" and not options.quick:
            _compare("enlarged", enlarged(X), rank, rows, kept)
    header = ["set", "rank", "passes", "counted", "times sooner", "error", "above all of V"]
    table("Compressed: a stated number of passes over V", header, rows)
    keep("compressed", kept)


def _compare(name, X, rank, rows, kept):
    V = X.T
    size = np.square(X, dtype=np.float64).sum()
    whole, full = seconds(lambda: visnmf.factorize(V, rank))
    best = np.sqrt(2 * objective_of(X, full.W, full.H) / size)
    rows.append([name, rank, "all of V", "", "", f"{best:.5f}", ""])
    for passes in PASSES:
        matrix = Chunked(ArraySource(V, name))
        took, found = seconds(
            lambda V=matrix, p=passes: visnmf.factorize_compressed(V, rank, passes=p)
        )
        error = np.sqrt(2 * objective_of(X, found.W, found.H) / size)
        counted = matrix.passes.read / V.shape[1]
        kept[f"{name}, {passes}"] = {
            "sooner": whole / took, "counted": counted, "error": error, "above": error - best,
        }  # fmt: skip
        cells = [f"{counted:g}", f"{whole / took:.2f}x", f"{error:.5f}", f"{error - best:+.5f}"]
        rows.append([name, rank, passes, *cells])


def enlarged(X):
    """Return pictures of 28 x 28 at 63 x 63, each at a place of its own in a frame of 71 x 71."""
    at = np.linspace(0, 27, SIDE)
    left = np.minimum(at.astype(int), 26)
    P = np.zeros((SIDE, 28), np.float32)
    P[np.arange(SIDE), left] = 1 - (at - left)
    P[np.arange(SIDE), left + 1] += at - left
    rng = np.random.default_rng(0)
    Y = np.zeros((len(X), FRAME, FRAME), np.float32)
    corners = rng.integers(0, FRAME - SIDE + 1, (len(X), 2))
    for start in range(0, len(X), 1024):
        rows = slice(start, start + 1024)
        pictures = P @ X[rows].reshape(-1, 28, 28) @ P.T
        for whole, (i, j), picture in zip(Y[rows], corners[rows], pictures, strict=True):
            whole[i : i + SIDE, j : j + SIDE] = picture
    return Y.reshape(len(X), -1)
