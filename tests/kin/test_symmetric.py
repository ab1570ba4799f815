import numpy as np
import pytest
from scipy import sparse

from visnmf.errors import InvalidInputError
from visnmf.kin import symmetric_nmf

RNG = np.random.default_rng(0)


def test_a_planted_factor_is_recovered():
    H = RNG.random((4, 40)) * (RNG.random((4, 40)) < 0.4)
    H[:, :4] = np.eye(4)
    result = symmetric_nmf(H.T @ H, 4, max_iter=5000, tol=1e-10)
    match = [np.linalg.norm(result.H - h, axis=1).argmin() for h in H]
    assert sorted(match) == [0, 1, 2, 3]
    np.testing.assert_allclose(result.H[match], H, atol=1e-3)
    np.testing.assert_array_equal(result.W, result.H.T)


def test_the_objective_is_that_of_s():
    S = RNG.random((10, 10))
    S = S + S.T
    result = symmetric_nmf(S, 3)
    np.testing.assert_allclose(result.objective, 0.5 * np.sum(result.residual(S) ** 2))


def test_where_it_ends_is_stationary():
    S = RNG.random((12, 12))
    S = S + S.T
    H = symmetric_nmf(S, 3, max_iter=5000, tol=0).H
    gradient = 2 * (H @ H.T @ H - H @ S)
    projected = np.where(H > 0, gradient, np.minimum(gradient, 0))
    assert np.linalg.norm(projected) < 1e-6 * np.linalg.norm(H @ S)


def test_communities_of_a_sparse_graph_are_found():
    truth = np.repeat(np.arange(3), 30)
    likely = np.where(truth[:, None] == truth, 0.5, 0.02)
    upper = np.triu(RNG.random((90, 90)) < likely, 1)
    S = sparse.csr_array((upper | upper.T).astype(np.float32))
    result = symmetric_nmf(S, 3)
    assert result.H.dtype == np.float32
    labels = result.H.argmax(axis=0)
    table = np.array([[np.sum((labels == k) & (truth == t)) for t in range(3)] for k in range(3)])
    assert table.max(axis=1).sum() >= 88
    dense = symmetric_nmf(S.toarray(), 3)
    np.testing.assert_allclose(dense.objective, result.objective, rtol=1e-4)


def test_what_is_not_a_similarity_matrix_is_refused():
    with pytest.raises(InvalidInputError, match="square"):
        symmetric_nmf(np.ones((2, 3)), 1)
    with pytest.raises(InvalidInputError, match=r"symmetric.*by up to 1"):
        symmetric_nmf(np.array([[0.0, 1], [0, 0]]), 1)
    with pytest.raises(InvalidInputError, match="symmetric"):
        symmetric_nmf(sparse.csr_array(np.array([[0.0, 1], [0, 0]])), 1)
    with pytest.raises(InvalidInputError, match="NaN"):
        symmetric_nmf(sparse.csr_array(np.array([[np.nan]])), 1)
