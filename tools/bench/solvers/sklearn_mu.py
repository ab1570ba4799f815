"""sklearn.decomposition.NMF, multiplicative updates."""

from solvers import sklearn_cd

PACKAGE = "sklearn"
RESUMES = True
SPARSE = True


def missing():
    return None


def fit(X, W, H, iterations):
    return sklearn_cd.fit(X, W, H, iterations, settings={"solver": "mu"})
