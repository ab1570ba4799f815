"""visnmf.NMF against scikit-learn's NMF, both at their defaults but for the rank."""

import warnings

import numpy as np
import sklearn.decomposition

import visnmf

import datasets
from timing import best_of, geometric_mean, keep, seconds, table


def run(options):
    """Compare time and error, start included: medians over the seeds."""
    rows, kept = [], {}
    for name, (X, rank) in datasets.at_hand(options.sets):
        for estimator in (visnmf.NMF, sklearn.decomposition.NMF):
            estimator(2, max_iter=2, tol=0).fit(X[:200])  # loads what is loaded on first use
        times, errors = [], []
        for seed in range(options.seeds if name != "fashion" else min(2, options.seeds)):
            ours = visnmf.NMF(rank, random_state=seed)
            theirs = sklearn.decomposition.NMF(rank, random_state=seed)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                took, _ = seconds(lambda ours=ours, X=X: ours.fit(X))
                took_theirs = best_of(lambda theirs=theirs, X=X: theirs.fit(X), 2)
            times.append(took_theirs / took)
            errors.append(ours.reconstruction_err_ / theirs.reconstruction_err_)
        kept[name] = {"sooner": float(np.median(times)), "error": float(np.median(errors))}
        rows.append([name, rank, f"{kept[name]['sooner']:.1f}x", f"{kept[name]['error']:.4f}"])
    table("NMF at its defaults over scikit-learn's", ["set", "rank", "sooner", "error ratio"], rows)
    if kept:
        mean = geometric_mean([entry["sooner"] for entry in kept.values()])
        print(f"  geometric mean: {mean:.1f}x sooner")
    keep("defaults", kept)
