"""nimfa.Lsnmf: alternating least squares by projected gradients (Lin 2007)."""

import importlib.util
from unittest.mock import patch

import numpy as np

PACKAGE = "nimfa"
RESUMES = False


def missing():
    return None if importlib.util.find_spec("nimfa") else "nimfa is not installed"


def fit(X, W, H, iterations):
    """Return W and H after so many iterations."""
    # nimfa 1.4 asks for numpy.mat, which NumPy 2 has no more
    with patch.object(np, "mat", np.asmatrix, create=True):
        import nimfa

        method = nimfa.Lsnmf(
            X.T, seed=None, W=W.copy(), H=H.copy(), rank=W.shape[1], max_iter=iterations,
            min_residuals=1e-30,
        )  # fmt: skip
        found = method().fit
    return np.asarray(found.W), np.asarray(found.H)
