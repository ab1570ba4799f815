"""MiniBatchNMF against scikit-learn's, both at their defaults: time to fit and transform, error."""

import warnings

import numpy as np
import sklearn.decomposition

import visnmf

import datasets
from timing import geometric_mean, keep, objective_of, seconds, table


def run(options):
    """Compare the time of fit and of transform, and what the components leave over."""
    rows, kept = [], {}
    names = [name for name in options.sets if name in ("fashion", "digits")]
    for name, (X, rank) in datasets.at_hand(names):
        found = {"ours": [], "theirs": []}
        for seed in range(min(options.seeds, 3)):
            for whose, home in (("ours", visnmf), ("theirs", sklearn.decomposition)):
                tries = [_measure(home, X, rank, seed) for _ in range(1 if seed else 2)]
                found[whose].append(np.minimum(*tries) if len(tries) > 1 else tries[0])
        ours, theirs = (np.array(found[whose]) for whose in ("ours", "theirs"))
        fit, transform = (geometric_mean(theirs[:, i] / ours[:, i]) for i in (0, 1))
        both = geometric_mean(theirs[:, :2].sum(axis=1) / ours[:, :2].sum(axis=1))
        error = float(np.median(ours[:, 2]) / np.median(theirs[:, 2]))
        kept[name] = {"fit": fit, "transform": transform, "both": both, "error": error}
        rows.append([name, rank, *(f"{x:.0f}x" for x in (fit, transform, both)), f"{error:.4f}"])
    header = ["set", "rank", "fit", "transform", "both", "error ratio"]
    table("MiniBatchNMF at its defaults, times sooner than scikit-learn's", header, rows)
    keep("minibatch", kept)


def _measure(home, X, rank, seed):
    """Return the seconds of fit and of transform, and the error of the transformed data."""
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        model = home.MiniBatchNMF(rank, random_state=seed)
        fit, _ = seconds(lambda: model.fit(X))
        transform, codes = seconds(lambda: model.transform(X))
    return fit, transform, float(np.sqrt(2 * objective_of(X, model.components_.T, codes.T)))
