"""sklearn.decomposition.NMF, multiplicative updates."""

from solvers import sklearn_cd


def missing():
    return None


def curve(X, W, H, iterations):
    return sklearn_cd.curve(X, W, H, iterations, settings={"solver": "mu"})
