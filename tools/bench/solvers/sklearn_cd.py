"""sklearn.decomposition.NMF, coordinate descent."""

import warnings

from sklearn.decomposition import NMF

import solvers
from timing import objective_of

PACKAGE = "sklearn"
SETTINGS = {"solver": "cd"}
RESUMES = True
SPARSE = True


def missing():
    return None


def fit(X, W, H, iterations, settings=SETTINGS):
    """Return W and H after so many iterations."""
    model = NMF(W.shape[1], init="custom", tol=0, max_iter=iterations, **settings)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        codes = model.fit_transform(X, W=H.T.copy(order="C"), H=W.T.copy(order="C"))
    return model.components_.T, codes.T


def curve(X, W, H, iterations, settings=SETTINGS, judge=objective_of):
    """Return (seconds, judge(X, W, H)) after each number of iterations, the better of two runs."""

    def run(X, W, H, count):
        return fit(X, W, H, count, settings)

    return solvers.curve(run, X, W, H, iterations, resumes=True, judge=judge)
