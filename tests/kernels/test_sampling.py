"""Sums over stored places: what they are, compiled and in NumPy."""

import numpy as np
import pytest
from scipy import sparse

from visnmf.kernels import sampling, threads
from visnmf.kernels.sampling import choose_sampling

try:
    from visnmf.kernels import compiled_sampling
except ImportError:
    compiled_sampling = None

needs_numba = pytest.mark.skipif(compiled_sampling is None, reason="numba is not installed")
KERNELS = [
    pytest.param(sampling, id="numpy"),
    pytest.param(compiled_sampling, id="compiled", marks=needs_numba),
]
SHAPES = [(1, 1, 1), (1, 40, 200), (15, 30, 33), (16, 50, 16), (17, 50, 20), (100, 20, 77)]


def problem(rank, m, n, dtype, index=np.int32):
    rng = np.random.default_rng(0)
    V = rng.random((m, n)) * (rng.random((m, n)) < 0.4)
    V[:, n // 2] = 0
    stored = sparse.csc_array(V)
    A, F = rng.random((rank, m)).astype(dtype), rng.random((rank, n)).astype(dtype)
    places = stored.indptr.astype(index), stored.indices.astype(index)
    weights = rng.random(stored.nnz).astype(dtype)
    return V, A, F, places, stored.data.astype(dtype), weights


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("shape", SHAPES)
@pytest.mark.parametrize("index", [np.int32, np.int64])
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 1e-5), (np.float64, 1e-12)])
def test_the_sums_are_the_formulas(kernels, shape, index, dtype, close):
    V, A, F, places, data, weights = problem(*shape, dtype, index)
    near = A.astype(np.float64).T @ F
    columns = np.repeat(np.arange(V.shape[1]), np.diff(places[0]))
    at = near[places[1], columns]
    np.testing.assert_allclose(kernels.fitted(A, F, *places), at, rtol=close)
    found = kernels.contract(A, *places, data)
    np.testing.assert_allclose(found, A.astype(np.float64) @ V, rtol=close)
    assert found.flags.c_contiguous
    out = np.empty_like(F)
    assert kernels.contract(A, *places, data, out) is out
    np.testing.assert_array_equal(out, found)
    expected = (weights * (data - at) ** 2).sum()
    assert kernels.squares(A, F, places, data, weights) == pytest.approx(expected, rel=10 * close)


@needs_numba
def test_the_number_of_threads_does_not_matter(monkeypatch):
    monkeypatch.setattr(threads, "cores", lambda: 7)
    monkeypatch.setattr(threads, "_WORTH", 1.0)
    monkeypatch.setattr(threads, "_process", threads._Process())
    _, A, F, places, data, weights = problem(15, 100, 300, np.float32)
    found = []
    for n_jobs in (1, 2, 7):
        with threads.threads(n_jobs):
            found.append(
                (
                    compiled_sampling.fitted(A, F, *places),
                    compiled_sampling.contract(A, *places, data),
                    compiled_sampling.squares(A, F, places, data, weights),
                )
            )
    for other in found[1:]:
        for a, b in zip(found[0], other, strict=True):
            np.testing.assert_array_equal(a, b)


def test_which_sums_run_is_a_matter_of_size(monkeypatch):
    assert choose_sampling(2, 100) is sampling
    if compiled_sampling is not None:
        assert choose_sampling(20, 1_000_000) is compiled_sampling
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert choose_sampling(20, 1_000_000) is sampling
