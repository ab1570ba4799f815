import numpy as np
import pytest
from scipy import sparse

from visnmf.errors import InvalidInputError
from visnmf.starts.kmeans import cluster, kmeans_start

RNG = np.random.default_rng(0)
CENTERS = np.array([[5.0, 0, 0, 1], [0, 5, 0, 1], [0, 0, 5, 1]])
TRUTH = RNG.integers(3, size=60)
V = np.abs(CENTERS[TRUTH].T + 0.1 * RNG.standard_normal((4, 60)))


def same_partition(a, b):
    return len(set(zip(a, b, strict=True))) == len(set(a)) == len(set(b))


def rng():
    return np.random.default_rng(1)


@pytest.mark.parametrize("spherical", [False, True])
@pytest.mark.parametrize("kind", [np.asarray, sparse.csr_array, sparse.csc_array])
def test_planted_clusters_are_found(kind, spherical):
    assert same_partition(cluster(kind(V), 3, rng(), spherical=spherical)[1], TRUTH)


def test_spherical_clusters_do_not_see_the_length():
    lengths = RNG.uniform(0.01, 100, 60)
    assert same_partition(cluster(V * lengths, 3, rng(), spherical=True)[1], TRUTH)
    assert not same_partition(cluster(V * lengths, 3, rng())[1], TRUTH)


def test_parts_are_the_means_and_encodings_the_memberships():
    W, H = kmeans_start(V, 3, rng())
    labels = H.argmax(axis=0)
    for k in range(3):
        np.testing.assert_allclose(W[k], V[:, labels == k].mean(axis=1))
    np.testing.assert_allclose(np.sort(H, axis=0)[:, 0], [0.2, 0.2, 1.2])


def test_spherical_parts_have_unit_length_and_encodings_are_projections():
    W, H = kmeans_start(V, 3, rng(), spherical=True)
    np.testing.assert_allclose(np.linalg.norm(W, axis=1), 1)
    np.testing.assert_allclose(H.max(axis=0) - H.min(), (W @ V).max(axis=0))


def test_sparse_and_dense_agree():
    for spherical in (False, True):
        dense = kmeans_start(V, 3, rng(), spherical=spherical)
        thin = kmeans_start(sparse.csr_array(V), 3, rng(), spherical=spherical)
        for a, b in zip(dense, thin, strict=True):
            np.testing.assert_allclose(a, b)


@pytest.mark.parametrize("spherical", [False, True])
def test_no_cluster_is_empty_even_where_all_columns_are_alike(spherical):
    alike = np.ones((3, 6))
    alike[:, 0] = 0
    labels = cluster(alike, 5, rng(), spherical=spherical)[1]
    assert set(labels) == set(range(5))


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtype_and_seed(dtype):
    first, second = (kmeans_start(V.astype(dtype), 4, rng()) for _ in range(2))
    for a, b in zip(first, second, strict=True):
        assert a.dtype == dtype
        assert a.flags.c_contiguous
        np.testing.assert_array_equal(a, b)


def test_more_clusters_than_columns_are_refused():
    with pytest.raises(InvalidInputError, match=r"rank is 61 and V has 60 columns.*random"):
        kmeans_start(V, 61, rng())
