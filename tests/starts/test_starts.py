import numpy as np
import pytest
from sklearn.decomposition._nmf import _initialize_nmf

import visnmf
from visnmf.matrices.dense import Dense
from visnmf.starts.nndsvd import VARIANTS, nndsvd
from visnmf.starts.random import random_start
from visnmf.starts.scaling import scale_to_fit

RNG = np.random.default_rng(0)
V = RNG.random((25, 8)) @ RNG.random((8, 40))  # of rank 8: a randomized SVD finds it exactly


def triplets(rank):
    U, S, Z = np.linalg.svd(V, full_matrices=False)
    return U[:, :rank], S[:rank], Z[:rank]


@pytest.mark.parametrize("variant", ["nndsvd", "nndsvda"])
def test_nndsvd_is_scikit_learns(variant):
    W, H = nndsvd(triplets(6), variant, V.mean(), np.random.default_rng(0))
    theirs = _initialize_nmf(V, 6, init=variant, random_state=0)
    np.testing.assert_allclose(W.T, theirs[0], atol=1e-5)
    np.testing.assert_allclose(H, theirs[1], atol=1e-5)


def test_variants_differ_only_where_there_were_zeros():
    plain, mean, noise = (
        nndsvd(triplets(8), variant, V.mean(), np.random.default_rng(0))
        for variant in ("nndsvd", "nndsvda", "nndsvdar")
    )
    for F, filled, noisy in zip(plain, mean, noise, strict=True):
        assert (F == 0).any()
        np.testing.assert_array_equal(filled[F > 0], F[F > 0])
        np.testing.assert_array_equal(noisy[F > 0], F[F > 0])
        np.testing.assert_allclose(filled[F == 0], V.mean())
        assert (noisy[F == 0] < V.mean() / 10).all()
        assert (noisy[F == 0] > 0).any()


def test_the_scale_of_a_start_is_the_best_one():
    W, H = random_start(Dense(V), 5, np.random.default_rng(0))
    scale_to_fit(Dense(V), W, H)
    best = np.linalg.norm(V - W.T @ H)
    for factor in (0.98, 1.02):
        assert np.linalg.norm(V - factor * W.T @ H) > best


def test_the_scale_of_an_empty_matrix_is_zero():
    W, H = random_start(Dense(V), 5, np.random.default_rng(0))
    scale_to_fit(Dense(np.zeros_like(V)), W, H)
    assert not W.any()
    assert not H.any()


def test_an_empty_matrix_has_an_svd_start():
    triplets = np.zeros((6, 2)), np.zeros(2), np.zeros((2, 9))
    for variant in VARIANTS:
        W, H = nndsvd(triplets, variant, 0.0, np.random.default_rng(0))
        assert not W.any()
        assert not H.any()


@pytest.mark.parametrize("variant", VARIANTS)
def test_svd_starts_are_non_negative_and_keep_the_float_type(variant):
    small = tuple(F.astype(np.float32) for F in triplets(8))
    W, H = nndsvd(small, variant, float(V.mean()), np.random.default_rng(0))
    assert (W.dtype, H.dtype) == (np.float32, np.float32)
    assert (W.shape, H.shape) == ((8, 25), (8, 40))
    assert W.flags.c_contiguous  # as all factors in the core are
    assert H.flags.c_contiguous
    assert min(W.min(), H.min()) >= 0


def test_the_sign_of_a_singular_pair_does_not_matter():
    U, S, Z = triplets(8)
    signs = np.array([-1, 1, -1, -1, 1, 1, -1, 1])
    one, other = (
        nndsvd(t, "nndsvd", 0.0, np.random.default_rng(0))
        for t in ((U, S, Z), (U * signs, S, Z * signs[:, None]))
    )
    np.testing.assert_allclose(one[0], other[0], atol=1e-12)
    np.testing.assert_allclose(one[1], other[1], atol=1e-12)


def test_random_starts_are_one_for_both_float_types():
    small, large = (
        random_start(Dense(V.astype(dtype)), 5, np.random.default_rng(3))
        for dtype in (np.float32, np.float64)
    )
    for F, same in zip(small, large, strict=True):
        assert (F.dtype, same.dtype) == (np.float32, np.float64)
        assert (F >= 0).all()
        np.testing.assert_array_equal(F, same)


@pytest.mark.parametrize("variant", VARIANTS)
def test_parts_without_singular_vectors_begin_each_elsewhere(variant):
    U, S, Z = triplets(12)
    Z[8:] = 0  # beyond the rank of V
    S[8:] = 0
    W, H = nndsvd((U, S, Z), variant, V.mean(), np.random.default_rng(0))
    before = nndsvd((U[:, :8], S[:8], Z[:8]), variant, V.mean(), np.random.default_rng(0))
    if variant != "nndsvdar":  # which fills all zeros from one stream
        assert np.array_equal(W[:8], before[0])
        assert np.array_equal(H[:8], before[1])
    for F in (W, H):
        unit = F / np.linalg.norm(F, axis=1, keepdims=True)
        alike = unit @ unit.T - np.eye(12)
        assert F[8:].min() > 0
        assert alike[8:].max() < 0.99


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_more_parts_than_the_linear_rank_all_find_something(dtype):
    swimmer = visnmf.samples.make_swimmer().V.astype(dtype)  # of linear rank 13, 17 parts
    run = visnmf.factorize(swimmer, 24, max_iter=100)
    assert 2 * run.objective < 1e-6 * np.square(swimmer).sum()
