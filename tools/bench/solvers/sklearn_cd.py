"""sklearn.decomposition.NMF, coordinate descent."""

import warnings

import numpy as np
from sklearn.decomposition import NMF

from timing import objective_of, seconds

SETTINGS = {"solver": "cd"}


def missing():
    return None


def curve(X, W, H, iterations, settings=SETTINGS, judge=objective_of):
    """Return a pair for each number of iterations, each run for itself, the better of two."""
    points = []
    for count in iterations:
        best, result = np.inf, None
        for _ in range(2):
            model = NMF(W.shape[1], init="custom", tol=0, max_iter=count, **settings)
            with warnings.catch_warnings():
                warnings.simplefilter("ignore")
                took, codes = seconds(
                    lambda model=model: model.fit_transform(
                        X, W=H.T.copy(order="C"), H=W.T.copy(order="C")
                    )
                )
            best, result = min(best, took), (codes, model.components_)
        points.append((best, judge(X, result[1].T, result[0].T)))
    return points
