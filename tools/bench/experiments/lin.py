"""Lin's benchmark (2007): what plain HALS reaches on CBCL and ORL, beside the SVD's bound."""

import numpy as np

import visnmf

import datasets
from timing import keep, table


def run(options):
    """Print objectives after given numbers of outer iterations."""
    settings = {"cbcl": (hoyer, 49, (60, 500)), "orl": (lin, 25, (150,))}
    rows, kept = [], {}
    for name, (X, _) in datasets.at_hand(settings):
        prepare, rank, counts = settings[name]
        X = prepare(X * 255)
        result = visnmf.factorize(
            X.T, rank, init="random", sweeps=1, extrapolate=False, warmup="none",
            max_iter=max(counts), tol=0, change=0,
        )  # fmt: skip
        objectives = [r.objective for r in result.history if r.phase == "V"]
        bound = 0.5 * float((np.linalg.svd(X, compute_uv=False)[rank:] ** 2).sum())
        for count in counts:
            kept[f"{name} {count}"] = objectives[count - 1]
            rows.append([name, rank, count, f"{objectives[count - 1]:.2f}", f"{bound:.2f}"])
    header = ["set", "rank", "iterations", "objective", "SVD bound"]
    table("plain HALS from a scaled random start", header, rows)
    keep("lin", kept)


def hoyer(X):
    """Return the set normalized as in Hoyer's package: as a whole."""
    return np.clip(((X - X.mean()) / X.std() + 0.25) * 0.25, 0, 1)


def lin(X):
    """Return the set as Lin's experiments have it: picture by picture."""
    X = X - X.min(axis=1, keepdims=True)
    return np.maximum(X * 255 / X.max(axis=1, keepdims=True) / 10_000, 1e-4)
