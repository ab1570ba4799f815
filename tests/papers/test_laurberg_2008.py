"""H. Laurberg et al. (2008), Theorems on positive data: a factorization that is unique."""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from visnmf import factorize


@pytest.mark.parametrize("alpha", [0.1, 0.3])
@pytest.mark.parametrize("init", ["nndsvda", "random"])
def test_the_one_factorization_is_found(alpha, init):
    a = alpha
    H = np.array([[a, 1, 1, a, 0, 0], [1, a, 0, 0, a, 1], [0, 0, a, 1, 1, a]])
    result = factorize(H.T @ H, 3, init=init, max_iter=5000, tol=0, change=0)
    for true, found in ((H, result.H), (H, result.W.T)):
        true, found = (F / np.linalg.norm(F, axis=1, keepdims=True) for F in (true, found))
        rows, order = linear_sum_assignment(-true @ found.T)
        np.testing.assert_allclose(found[order], true[rows], atol=1e-4)
