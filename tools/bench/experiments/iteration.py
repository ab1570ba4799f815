"""An outer iteration over the time of the two matrix products that it cannot do without."""

import numpy as np

import visnmf

import datasets
from timing import best_of, keep, random_start, table


def run(options):
    """Time iterations of one and of eight sweeps, plain, on V itself."""
    rows, kept = [], {}
    for name, (X, rank) in datasets.at_hand(options.sets):
        W, H = random_start(X, rank)
        parts = np.ascontiguousarray(W.T)
        B_H, B_W = np.empty_like(H), np.empty_like(parts)

        def products(parts=parts, H=H, X=X, B_H=B_H, B_W=B_W):
            np.matmul(parts, X.T, out=B_H)
            np.matmul(H, X, out=B_W)

        base = best_of(products, 20)
        ratios = [_iteration(X, W, H, sweeps) / base for sweeps in (1, 8)]
        kept[name] = ratios
        rows.append([name, rank, *(f"{ratio:.2f}" for ratio in ratios)])
    table("an iteration over its two products", ["set", "rank", "1 sweep", "8 sweeps"], rows)
    keep("iteration", kept)


def _iteration(X, W, H, sweeps):
    """Return the time of an iteration once the caches are warm: the best of four runs."""
    best = float("inf")
    for _ in range(4):
        result = visnmf.factorize(
            X.T, W.shape[1], W=W, H=H, sweeps=sweeps, warmup="none", extrapolate=False,
            max_iter=25, tol=0, change=0, kernels="compiled",
        )  # fmt: skip
        times = [record.seconds for record in result.history if record.phase == "V"]
        best = min(best, (times[-1] - times[4]) / (len(times) - 5))
    return best
