"""The beta-divergences against scikit-learn's multiplicative updates, dense and sparse V.

Times are to the divergence that the peer reaches after so many iterations: from starts of our
own, the Frobenius fit that they begin with counted, and from the peer's start. What is reached
is computed outright for both.
"""

import math
import tempfile
import tracemalloc
from functools import partial
from pathlib import Path

import numpy as np
import scipy.sparse as sp

import visnmf

import datasets
from solvers import sklearn_cd
from timing import divergence_of, keep, peak_of, random_start, seconds, table

SETS = ("cbcl", "orl", "frey", "digits")
PEER = {"solver": "mu", "beta_loss": "kullback-leibler"}
ENDLESS = {"loss": "kl", "tol": 0, "change": 0}
OTHERS = (0.0, 0.5, 1.5)  # beta: Itakura-Saito, and two between the divergences that have names
PLAIN = {"update": "mu", "extrapolate": False}

TINY = """
import scipy.sparse as sp
tiny = sp.csr_array(np.random.default_rng(0).random((50, 60), np.float32))
visnmf.factorize(tiny, 5, loss=sys.argv[2], kernels=kernels)
"""
MAKE = "V = sp.load_npz(sys.argv[1])"
FIT = "visnmf.factorize(V, int(sys.argv[3]), loss=sys.argv[2], max_iter=20, kernels=kernels)"


def run(options):
    """Print times sooner, times of an iteration, and peaks of memory."""
    kept = {}
    counts = sorted(options.iterations or (200, 1000))
    reached, iterations = [], []
    for name, (X, rank) in datasets.at_hand([name for name in options.sets if name in SETS]):
        W, H = random_start(X, rank)
        visnmf.factorize(X.T, rank, loss="kl", max_iter=2)  # loads what is loaded on first use
        points = sklearn_cd.curve(X, W, H, counts, settings=PEER, judge=divergence_of)
        starts = {"own": [{"seed": seed} for seed in range(options.seeds)]}
        starts["the peer's"] = [{"W": W, "H": H}]
        for count, (took, target) in zip(counts, points, strict=True):
            for start, settings in starts.items():
                found = [took / np.array(reach(X, rank, target, each)) for each in settings]
                kept[f"{name} {count} {start}"] = np.transpose(found).tolist()
                reached.append([name, rank, count, start, *told(np.transpose(found))])
        ours, theirs = (step(X, W, H, 5, 55) for step in (iteration, peer_iteration))
        kept[f"{name} iteration"] = ours / theirs
        iterations.append([name, rank, f"{1000 * ours:.2f} ms", f"{ours / theirs:.2f}"])
    header = ["set", "rank", "iterations", "start", "sooner", "least", "whole call", "reached"]
    table("times sooner to scikit-learn mu's divergence: medians over the starts", header, reached)
    header = ["set", "rank", "ours", "over scikit-learn's"]
    table("an iteration of plain multiplicative updates", header, iterations)
    kept |= others(options)
    kept |= sparse(options.quick)
    kept |= memory(options.quick)
    keep("divergence", kept)


def reach(X, rank, target, start):
    """Return the seconds to the iteration that reaches a divergence, and of the whole call."""
    settings = ENDLESS | start
    settings["callback"] = lambda record: record.phase == "V" and record.objective <= target
    took, result = seconds(lambda: visnmf.factorize(X.T, rank, max_iter=3000, **settings))
    true = divergence_of(X, result.W, result.H)
    assert abs(true / result.objective - 1) < 1e-4
    last = [record for record in result.history if record.phase == "V"][-1]
    if last.objective > target:
        return math.inf, math.inf
    assert true <= target * (1 + 1e-5)
    return last.seconds, took


def others(options):
    """Compare the other losses: times sooner to the peer's divergence after 200 iterations."""
    kept, rows = {}, []
    count = min(options.iterations or (200,))
    for name, (X, rank) in datasets.at_hand([name for name in options.sets if name in SETS]):
        for beta in OTHERS:
            lifted = np.maximum(X, np.float32(1e-3) * X.mean()) if beta <= 0 else X
            # The peer gives NaN at zeros where beta < 1
            lifted = np.maximum(lifted, np.float32(1e-9)) if beta < 1 else lifted
            W, H = random_start(lifted, rank)
            visnmf.factorize(lifted.T, rank, loss=beta, max_iter=2)
            peer = {"solver": "mu", "beta_loss": beta}
            judge = partial(value, beta)
            ((took, target),) = sklearn_cd.curve(lifted, W, H, (count,), settings=peer, judge=judge)
            for start, settings in (("own", {"seed": 0}), ("the peer's", {"W": W, "H": H})):
                goal = ENDLESS | {"loss": beta, "callback": partial(reached, target)} | settings
                result = visnmf.factorize(lifted.T, rank, max_iter=3000, **goal)
                assert value(beta, lifted, result.W, result.H) <= target * (1 + 1e-4)
                last = [record for record in result.history if record.phase == "V"][-1]
                kept[f"{name} beta {beta:g} {start}"] = took / last.seconds
                rows.append([name, f"{beta:g}", start, f"{took / last.seconds:.1f}x"])
    table(f"to the divergence after {count} iterations", ["set", "beta", "start", "sooner"], rows)
    return kept


def reached(target, record):
    """Tell whether a divergence is reached."""
    return record.phase == "V" and record.objective <= target


def value(beta, X, W, H):
    """Return the beta-divergence in float64, block by block; beta is not 1."""
    total = 0.0
    for start in range(0, len(X), 256):
        V = X[start : start + 256].astype(np.float64)
        Y = H[:, start : start + 256].T.astype(np.float64) @ W.T.astype(np.float64)
        Y = np.maximum(Y, np.finfo(np.float32).eps)  # as the peer has it
        if beta == 0:
            total += float((V / Y - np.log(V / Y) - 1).sum())
        else:
            cross = V**beta / (beta - 1) + Y**beta - beta * V * Y ** (beta - 1) / (beta - 1)
            total += float(cross.sum()) / beta
    return total


def told(found):
    """Return the cells that tell of ratios to the iteration and of the whole call."""
    sooner, whole = found
    cells = [f"{ratio:.1f}x" for ratio in (np.median(sooner), min(sooner), np.median(whole))]
    return [*cells, f"{np.count_nonzero(sooner)} of {len(sooner)}"]


def iteration(X, W, H, few, many, settings=PLAIN):
    """Return the time of an iteration from the few-th to the many-th: the best of three runs."""
    best = math.inf
    for _ in range(3):
        result = visnmf.factorize(X.T, len(H), W=W, H=H, **ENDLESS, max_iter=many, **settings)
        times = [record.seconds for record in result.history if record.phase == "V"]
        best = min(best, (times[many - 1] - times[few - 1]) / (many - few))
    return best


def peer_iteration(X, W, H, few, many):
    """Return the time of the peer's, from the better of two runs of either length."""
    shorter, longer = sklearn_cd.curve(X, W, H, (few, many), PEER, judge=lambda *_: None)
    return (longer[0] - shorter[0]) / (many - few)


def sparse(quick):
    """Compare iterations on a sparse V of density 0.1 %, and tell the peak of a fit."""
    m, n, rank = (2_000, 5_000, 10) if quick else (20_000, 50_000, 20)
    V = entries(m, n, m * n // 1000)
    X = V.T.tocsr()
    W, H = random_start(X, rank)
    visnmf.factorize(V, rank, loss="kl", max_iter=2)
    theirs = peer_iteration(X, W, H, 2, 12)
    rows, kept = [], {}
    for name, settings in (("extrapolated", {"update": "mu"}), ("plain", PLAIN)):
        ours = iteration(X, W, H, 2, 12, settings)
        kept[f"sparse {name}"] = theirs / ours
        rows.append([name, f"{1000 * ours:.0f} ms", f"{theirs / ours:.1f}x"])
    table(f"an iteration on {m} x {n}, rank {rank}", ["", "ours", "sooner"], rows)
    ((took, target),) = sklearn_cd.curve(X, W, H, (50,), settings=PEER, judge=divergence_sparse)
    for name, settings in (("own", {"seed": 0}), ("the peer's", {"W": W, "H": H})):
        goal = ENDLESS | {"callback": partial(reached, target)} | settings
        result = visnmf.factorize(V, rank, max_iter=500, **goal)
        assert divergence_sparse(X, result.W, result.H) <= target * (1 + 1e-4)
        last = [record for record in result.history if record.phase == "V"][-1]
        kept[f"sparse 50 {name}"] = took / last.seconds
        print(f"  to the peer's divergence after 50 iterations, {name} start: "
              f"{took / last.seconds:.1f}x sooner")  # fmt: skip
    tracemalloc.start()
    visnmf.factorize(V, rank, loss="kl", max_iter=5)
    peak = tracemalloc.get_traced_memory()[1] / (4 * m * n)
    tracemalloc.stop()
    print(f"  peak beside V of a fit, its start included: {peak:.3f} of a dense V")
    return kept | {"sparse peak": peak}


def divergence_sparse(X, W, H):
    """Return the Kullback-Leibler divergence over stored entries, the rest in closed form."""
    W, H = W.astype(np.float64), H.astype(np.float64)
    X = X.tocoo()
    v, total = X.data.astype(np.float64), float(W.sum(axis=0) @ H.sum(axis=1))
    for start in range(0, len(v), 1 << 18):
        part = slice(start, start + (1 << 18))
        y = np.einsum("jk,kj->j", W[X.col[part]], H[:, X.row[part]])
        total += float((v[part] * (np.log(v[part] / y) - 1)).sum())
    return total


def memory(quick):
    """Tell the peak of a fit of a large sparse V in a process of its own, V included."""
    m, n, count, rank = (1_000, 10_000, 50_000, 20) if quick else (10_000, 100_000, 5_000_000, 20)
    V = entries(m, n, count)
    stored = V.data.nbytes + V.indices.nbytes + V.indptr.nbytes
    rows, kept = [], {}
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder, "V.npz")
        sp.save_npz(path, V, compressed=False)
        for loss in ("frobenius", "kl"):
            peak = peak_of(TINY, MAKE, FIT, path, loss, rank)
            kept[f"peak {loss}"] = peak / stored
            cells = [f"{peak / stored:.1f}", f"{peak / (4 * m * n):.3f}"]
            rows.append([loss, f"{peak / 2**20:.0f} MiB", *cells])
    header = ["loss", "peak", "over what V stores", "over a dense V"]
    table(f"a fit of {m} x {n} with {V.nnz} entries, rank {rank}", header, rows)
    return kept


def entries(m, n, count):
    """Return a sparse V of about so many entries, anywhere."""
    rng = np.random.default_rng(0)
    places = rng.integers(m, size=count), rng.integers(n, size=count)
    return sp.csr_array((rng.random(count, np.float32) + np.float32(0.1), places), shape=(m, n))
