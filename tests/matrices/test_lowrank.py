"""The range finder behind SVD starts and stand-ins of low rank."""

import numpy as np
import pytest

from visnmf.matrices.dense import Dense
from visnmf.matrices.lowrank import find_range


@pytest.mark.parametrize("shape", [(40, 300), (400, 420)])  # by V V', and by power steps
def test_the_range_finder_is_nearly_the_svd(shape):
    rng = np.random.default_rng(2)
    V = rng.random(shape) * np.linspace(1, 0.05, shape[0])[:, None]
    size = 20
    found = find_range(Dense(V), size, rng)
    np.testing.assert_allclose(found.L @ found.L.T, np.eye(size), atol=1e-10)
    best = np.sqrt((np.linalg.svd(V, compute_uv=False)[size:] ** 2).sum())
    assert np.linalg.norm(V - found.L.T @ found.R) <= 1.1 * best


@pytest.mark.parametrize("shape", [(12, 300), (300, 320)])
def test_the_range_finder_is_exact_where_v_is_of_low_rank(shape):
    rng = np.random.default_rng(3)
    V = rng.random((shape[0], 3)) @ rng.random((3, shape[1]))
    found = find_range(Dense(V), 6, rng)
    np.testing.assert_allclose(found.L.T @ found.R, V, atol=1e-9)
    U, S, Z = found.leading(3)
    np.testing.assert_allclose((U * S) @ Z, V, atol=1e-8)
    np.testing.assert_allclose(S, np.linalg.svd(V, compute_uv=False)[:3], rtol=1e-9)


def test_leading_triplets_of_v_of_less_rank_than_asked_are_finite():
    V = np.outer(np.arange(1.0, 11), np.ones(30))
    U, S, Z = find_range(Dense(V), 5, np.random.default_rng(0)).leading(4)
    assert np.isfinite(U).all()
    assert np.isfinite(Z).all()
    np.testing.assert_allclose(S, [np.linalg.norm(V), 0, 0, 0], atol=1e-5)
    np.testing.assert_allclose((U * S) @ Z, V, atol=1e-6)
