"""Samson: spectra of soil, tree and water, and their abundances in each pixel.

The model of Heinz & Chang (2001), abundances that sum to one. Pixels are columns, divided by
their sums: then brightness is no abundance, and mixtures of spectra of sum one are
what the model says. Least squares alone prefers a larger simplex than the true one, and
the longer it runs the more; a little orthogonality of the abundances asks for
pixels as pure as can be, and L2 on the spectra keeps the simplex small.
"""

from itertools import permutations

import numpy as np
import pytest

from visnmf import factorize
from visnmf.terms import ElasticNet, Orthogonal, Simplex


@pytest.fixture(scope="module")
def samson(real_data):
    data = np.load(real_data("samson_cube.npz"))
    V = np.ascontiguousarray(data["cube"].reshape(-1, 156).T)
    return V, data["endmembers"], data["abundances"].reshape(-1, 3).T


def errors(W, H, spectra, abundances):
    """Return the mean angle of the spectra in degrees and the RMSE of the abundances.

    Both are scaled as the truth is: spectra to a largest value of one, abundances of a pixel
    to sum to one.
    """
    most = W.max(axis=0)
    H = H * most[:, None]
    H /= H.sum(axis=0)
    unit, true = (F / np.linalg.norm(F, axis=0) for F in (W, spectra))
    angles = np.degrees(np.arccos(np.clip(unit.T @ true, -1, 1)))
    order = list(min(permutations(range(3)), key=lambda p: angles[list(p), range(3)].sum()))
    rmse = np.sqrt(np.mean((H[order] - abundances) ** 2))
    return float(angles[order, range(3)].mean()), float(rmse)


def unmix(V, **settings):
    return factorize(
        V / V.sum(axis=0),
        3,
        terms_W=ElasticNet(l2=10),
        terms_H=[Simplex("image"), Orthogonal(1e-5)],
        **settings,
    )


@pytest.mark.parametrize("init", ["snpa", "spa"])
@pytest.mark.parametrize("settings", [{}, {"tol": 0, "max_iter": 300}], ids=["default", "long"])
def test_spectra_and_abundances_come_out(samson, init, settings):
    V, *truth = samson
    result = unmix(V, init=init, **settings)
    np.testing.assert_allclose(result.H.sum(axis=0), 1, atol=1e-5)
    angle, rmse = errors(result.W, result.H, *truth)
    assert angle < 4
    assert rmse < 0.05


def test_no_worse_than_scikit_learn(samson):
    from sklearn.decomposition import NMF

    V, *truth = samson
    for init in ("nndsvda", "random"):
        peer = NMF(3, init=init, random_state=0, max_iter=500)
        H = peer.fit_transform(V.T).T
        theirs = errors(peer.components_.T, H, *truth)
        result = unmix(V, init=init)
        ours = errors(result.W, result.H, *truth)
        assert ours[0] <= theirs[0]
        assert ours[1] <= theirs[1]
