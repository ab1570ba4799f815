import numpy as np
import pytest
from scipy import sparse

from visnmf.errors import InvalidInputError
from visnmf.starts.separable import separable_start, snpa, spa


def planted(m=20, r=5, n=60, noise=0.0, dtype=np.float64, seed=0):
    """V = W [I, H'] with the columns shuffled; H' has columns of sum 1; the pure columns."""
    rng = np.random.default_rng(seed)
    W = rng.random((m, r))
    H = np.hstack([np.eye(r), rng.dirichlet(np.full(r, 0.5), n - r).T])
    order = rng.permutation(n)
    V = np.maximum(W @ H[:, order] + noise * rng.standard_normal((m, n)), 0)
    return V.astype(dtype), set(np.flatnonzero(order < r))


@pytest.mark.parametrize("normalize", [False, True])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array, sparse.csc_array])
def test_pure_columns_are_found(kind, dtype, normalize):
    V, pure = planted(dtype=dtype)
    assert set(spa(kind(V), 5, normalize=normalize)) == pure
    picked, H = snpa(kind(V), 5, normalize=normalize)
    assert set(picked) == pure
    assert H.dtype == dtype
    np.testing.assert_allclose(V[:, picked] @ H, V, atol=2e-2)


def test_pure_columns_are_found_in_some_noise():
    V, pure = planted(noise=0.01)
    assert set(spa(V, 5)) == set(snpa(V, 5)[0]) == pure


def test_normalizing_undoes_any_scale_of_the_columns():
    V, pure = planted()
    V = V * np.random.default_rng(1).uniform(0.1, 10, V.shape[1])
    assert set(spa(V, 5, normalize=True)) == pure
    picked, H = snpa(V, 5, normalize=True)
    assert set(picked) == pure
    assert set(spa(V, 5)) != pure
    np.testing.assert_allclose(V[:, picked] @ H, V, rtol=0.1, atol=0.1)


def test_snpa_needs_no_linear_independence():
    # Four corners of a square: rank 3, so SPA has nothing left after three picks
    corners = np.array([[1.0, 1, 0, 0], [0, 0, 1, 1], [1, 0, 1, 0], [0, 1, 0, 1]])
    rng = np.random.default_rng(0)
    V = np.hstack([np.tile(corners.mean(axis=1, keepdims=True), 3), corners,
                   corners @ rng.dirichlet(np.ones(4), 30).T])  # fmt: skip
    assert set(snpa(V, 4)[0]) == {3, 4, 5, 6}


def test_snpa_mixes_with_weights_of_sum_at_most_one():
    V, _ = planted(noise=0.05)
    H = snpa(V, 5)[1]
    assert H.min() >= 0
    assert H.sum(axis=0).max() <= 1 + 1e-9


@pytest.mark.parametrize("pick", [spa, lambda *args: snpa(*args)[0]])
def test_what_is_left_is_filled_with_the_longest_columns(pick):
    V = np.array([[3.0, 2, 0, 1, 2.5], [0, 0, 0, 0, 0]])
    np.testing.assert_array_equal(pick(V, 4), [0, 4, 1, 3])
    np.testing.assert_array_equal(pick(np.zeros((2, 3)), 2), [0, 1])


@pytest.mark.parametrize("method", ["spa", "snpa"])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_start_fits_the_rest_by_the_columns_picked(method, dtype):
    V, pure = planted(dtype=dtype)
    W, H = separable_start(V, 5, method=method)
    assert W.dtype == H.dtype == dtype
    assert W.flags.c_contiguous
    assert H.min() >= 0
    assert {int(np.abs(V.T - w).sum(axis=1).argmin()) for w in W} == pure
    np.testing.assert_allclose(W.T @ H, V, atol=1e-3)
    thin = separable_start(sparse.csc_array(V), 5, method=method)
    np.testing.assert_allclose(thin[0].T @ thin[1], V, atol=1e-3)


def test_more_than_there_are_cannot_be_picked():
    for call in (spa, snpa, separable_start):
        with pytest.raises(InvalidInputError, match="5 columns cannot be picked: V has 4"):
            call(np.ones((3, 4)), 5)
    with pytest.raises(InvalidInputError, match="method='svd' is not known"):
        separable_start(np.ones((3, 4)), 2, method="svd")
