"""encode against scikit-learn's transform, by the same parts."""

import warnings

import numpy as np
import sklearn.decomposition
from scipy.optimize import nnls

import visnmf
from visnmf.solve.encode import encode

import datasets
from timing import best_of, keep, objective_of, table


def run(options):
    """Compare images a second, errors, and the distance from exact least squares."""
    rows, kept = [], {}
    names = [name for name in options.sets if name in ("orl", "fashion", "digits")]
    for name, (X, rank) in datasets.at_hand(names):
        W = visnmf.factorize(X.T, rank).W
        H = encode(X.T, W)
        took = best_of(lambda X=X, W=W: encode(X.T, W), 3)
        theirs = sklearn.decomposition.NMF(rank)
        theirs.components_ = np.ascontiguousarray(W.T)
        theirs.n_components_ = theirs._n_components = rank
        theirs.n_features_in_ = X.shape[1]
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            codes = theirs.transform(X)
            took_theirs = best_of(lambda X=X, theirs=theirs: theirs.transform(X), 2)
        error = objective_of(X, W, H) / objective_of(X, W, codes.T)
        some = np.random.default_rng(0).choice(len(X), 50, replace=False)
        exact = [nnls(W.astype(float), X[i].astype(float))[1] for i in some]
        got = [np.linalg.norm(X[i].astype(float) - W.astype(float) @ H[:, i]) for i in some]
        far = float(np.max(np.array(got) / np.maximum(exact, 1e-12) - 1))
        kept[name] = {"sooner": took_theirs / took, "objective": error, "from exact": far}
        rows.append([name, rank, f"{took_theirs / took:.0f}x", f"{error:.6f}", f"{far:.1e}"])
    header = ["set", "rank", "images a second", "objective ratio", "residual over exact, worst - 1"]
    table("encode over scikit-learn's transform", header, rows)
    keep("encoding", kept)
