import numpy as np
import pytest
from scipy import sparse

from visnmf.errors import InvalidInputError
from visnmf.kin import convex_nmf, semi_nmf

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("update", ["descent", "multiplicative"])
def test_semi_fits_planted_factors(update):
    V = RNG.standard_normal((15, 3)) @ RNG.random((3, 40))
    result = semi_nmf(V, 3, update=update, max_iter=3000, tol=0)
    assert np.linalg.norm(result.residual(V)) < 2e-2 * np.linalg.norm(V)
    assert result.W.min() < 0


def test_the_w_of_semi_is_the_least_squares_one():
    V = RNG.standard_normal((6, 20))
    result = semi_nmf(V, 2, tol=1e-12, max_iter=5000)
    exact = np.linalg.lstsq(result.H.T, V.T)[0].T
    np.testing.assert_allclose(result.W, exact, rtol=1e-2)


@pytest.mark.parametrize("update", ["descent", "multiplicative"])
@pytest.mark.parametrize("shift", [0.0, 4.0])
def test_convex_finds_planted_clusters(update, shift):
    centers = RNG.standard_normal((3, 10)) * 3 + shift
    truth = np.repeat(np.arange(3), 15)
    V = (centers[truth] + 0.1 * RNG.standard_normal((45, 10))).T
    V = np.maximum(V, 0) if shift else V
    result = convex_nmf(V, 3, update=update)
    np.testing.assert_allclose(result.W, V @ result.C)
    assert result.C.min() >= 0
    labels = result.H.argmax(axis=0)
    assert len(set(zip(labels, truth, strict=True))) == 3


def test_convex_reaches_the_hull_of_pure_columns():
    H = np.hstack([np.eye(3), RNG.dirichlet(np.ones(3), 30).T])
    V = RNG.random((8, 3)) @ H
    result = convex_nmf(V, 3, max_iter=5000, tol=1e-9)
    assert np.linalg.norm(result.residual(V)) < 1e-2 * np.linalg.norm(V)


def split(A):
    return np.maximum(A, 0), np.maximum(-A, 0)


def test_an_iteration_of_the_rules_is_the_published_one():
    V = RNG.standard_normal((9, 25))
    before, after = (convex_nmf(V, 3, update="multiplicative", max_iter=k, tol=0) for k in (4, 5))
    C, H = before.C, before.H
    plus, minus = split(V.T @ V)
    C = C * np.sqrt((plus @ H.T + minus @ C @ H @ H.T) / (minus @ H.T + plus @ C @ H @ H.T))
    np.testing.assert_allclose(after.C, C, rtol=1e-9)
    (G_plus, G_minus), (B_plus, B_minus) = split(C.T @ V.T @ V @ C), split(C.T @ V.T @ V)
    H = H * np.sqrt((B_plus + G_minus @ H) / (B_minus + G_plus @ H))
    np.testing.assert_allclose(after.H, H, rtol=1e-9)


def test_descent_goes_lower_than_the_rule_in_as_many_iterations():
    V = RNG.random((20, 50)) - 0.2
    for factorize in (semi_nmf, convex_nmf):
        descent, rule = (
            factorize(V, 6, update=update, max_iter=60, tol=0).objective
            for update in ("descent", "multiplicative")
        )
        assert descent < rule


@pytest.mark.parametrize("factorize", [semi_nmf, convex_nmf])
def test_input_of_either_sign_is_checked(factorize):
    integers = np.array([[-128, 3], [5, -7]], np.int8)
    assert factorize(integers, 1).W.dtype == np.float32
    with pytest.raises(InvalidInputError, match="update='fast' is not known"):
        factorize(integers, 1, update="fast")
    with pytest.raises(InvalidInputError, match="two dimensions"):
        factorize(np.ones(3), 1)
    with pytest.raises(InvalidInputError, match="real numbers"):
        factorize(np.ones((2, 2), complex), 1)
    with pytest.raises(InvalidInputError, match="sparse"):
        factorize(sparse.csr_array(integers), 1)
    with pytest.raises(InvalidInputError, match="masked"):
        factorize(np.ma.masked_equal(integers, 3), 1)
