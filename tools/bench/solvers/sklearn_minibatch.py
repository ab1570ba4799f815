"""sklearn.decomposition.MiniBatchNMF: an iteration is a pass over X."""

import warnings

from sklearn.decomposition import MiniBatchNMF

PACKAGE = "sklearn"
RESUMES = False
SPARSE = True


def missing():
    return None


def fit(X, W, H, iterations):
    """Return W and H after so many passes."""
    model = MiniBatchNMF(
        W.shape[1], init="custom", tol=0, max_no_improvement=None, max_iter=iterations
    )
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        codes = model.fit_transform(X, W=H.T.copy(order="C"), H=W.T.copy(order="C"))
    return model.components_.T, codes.T
