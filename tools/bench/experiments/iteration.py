"""An outer iteration over the time of the two matrix products that it cannot do without."""

import numpy as np

import visnmf

import datasets
from experiments.drawing import legend, panels, save
from timing import best_of, keep, random_start, table

BOUNDS = {1: 1.25, 8: 1.8}
COLORS = {1: "#0072B2", 8: "#D55E00"}


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
        ratios = [_iteration(X, W, H, sweeps, options.threads) / base for sweeps in BOUNDS]
        kept[name] = ratios
        rows.append([name, rank, *(f"{ratio:.2f}" for ratio in ratios)])
    table("an iteration over its two products", ["set", "rank", "1 sweep", "8 sweeps"], rows)
    keep("iteration", kept)


def _iteration(X, W, H, sweeps, n_jobs):
    """Return the time of an iteration once the caches are warm: the best of four runs."""
    best = float("inf")
    for _ in range(4):
        result = visnmf.factorize(
            X.T, W.shape[1], W=W, H=H, sweeps=sweeps, warmup="none", extrapolate=False,
            max_iter=25, tol=0, change=0, kernels="compiled", n_jobs=n_jobs,
        )  # fmt: skip
        times = [record.seconds for record in result.history if record.phase == "V"]
        best = min(best, (times[-1] - times[4]) / (len(times) - 5))
    return best


def draw(kept, folder):
    """Draw the ratios beside what was set as their bounds on the large sets."""
    figure, (axes,) = panels(1)
    figure.set_size_inches(6.5, 2.7)
    for i, (sweeps, bound) in enumerate(BOUNDS.items()):
        places = [place + 0.38 * i for place in range(len(kept))]
        ratios = [found[i] for found in kept.values()]
        label = f"{sweeps} sweep{'s' * (sweeps > 1)} a factor"
        bars = axes.bar(places, ratios, 0.36, color=COLORS[sweeps], label=label)
        axes.bar_label(bars, fmt="%.2f", fontsize=8)
        axes.axhline(bound, color=COLORS[sweeps], linewidth=0.9, linestyle="--")
    axes.set_xticks([place + 0.19 for place in range(len(kept))], kept, fontsize=8)
    axes.set_ylabel("iteration over its two products", fontsize=8)
    legend(figure)
    save(figure, folder / "iteration.png")
    return {"iteration.png": "Dashed: the bounds of 1.25 and 1.8 that are asked of orl and fashion"}
