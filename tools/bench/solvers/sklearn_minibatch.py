"""sklearn.decomposition.MiniBatchNMF: an iteration is a pass over X."""

import warnings

from sklearn.decomposition import MiniBatchNMF

from timing import objective_of, seconds


def missing():
    return None


def curve(X, W, H, iterations):
    points = []
    for count in iterations:
        model = MiniBatchNMF(
            W.shape[1], init="custom", tol=0, max_no_improvement=None, max_iter=count
        )
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            took, codes = seconds(
                lambda model=model: model.fit_transform(
                    X, W=H.T.copy(order="C"), H=W.T.copy(order="C")
                )
            )
        points.append((took, objective_of(X, model.components_.T, codes.T)))
    return points
