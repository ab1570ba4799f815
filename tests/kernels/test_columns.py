"""Sweeps over columns that differ in curvature: what they compute, compiled and in NumPy."""

import numpy as np
import pytest
from scipy import sparse

from visnmf.kernels import columns, threads

try:
    from visnmf.kernels import compiled_columns
except ImportError:
    compiled_columns = None

needs_numba = pytest.mark.skipif(compiled_columns is None, reason="numba is not installed")
KERNELS = [
    pytest.param(columns, id="numpy"),
    pytest.param(compiled_columns, id="compiled", marks=needs_numba),
]
SHAPES = [(1, 1), (1, 200), (3, 15), (4, 16), (9, 65), (15, 130), (16, 33), (40, 200), (100, 17)]
TYPES = [(np.float32, 1e-5), (np.float64, 1e-12)]


class Problem:
    """A factor, and V known at some places, two columns at none and one part empty."""

    def __init__(self, rank, q, dtype=np.float64, m=300):
        rng = np.random.default_rng(rank + q)
        known = rng.random((m, q)) < 0.7
        known[:, [q // 2, -1]] = False
        places = sparse.csc_array(known)
        self.A = rng.random((rank, m)).astype(dtype)
        if rank > 2:
            self.A[1] = 0
        self.F = np.maximum(rng.standard_normal((rank, q)), 0).astype(dtype)
        self.V, self.M = rng.random((m, q)), known * rng.random((m, q))
        self.places = places.indptr, places.indices
        at = places.indices, np.repeat(np.arange(q), np.diff(places.indptr))
        self.data, self.weights = (X[at].astype(dtype) for X in (self.V, self.M))
        self.d = (rng.random(q) * m).astype(dtype)
        self.G = np.einsum("ki,ij,li->klj", self.A, self.M, self.A, optimize=True).astype(dtype)
        self.B = (self.A @ (self.M * self.V)).astype(dtype)
        self.one = (self.A @ self.A.T).astype(dtype)

    def works(self, sweeps, ratio):
        """Yield what each of the sweeps does to F, by name."""
        size = sweeps, ratio
        known = self.A, self.places, self.data, self.weights
        yield "beside", lambda on, F: on.hals_beside(F, self.one, self.B, self.d, *size)
        yield "each", lambda on, F: on.hals_each(F, self.G, self.B, *size)
        yield "known", lambda on, F: on.descend(F, *known, *size)
        yield (
            "known, terms",
            lambda on, F: on.descend(F, *known, *size, B=0.5 * self.B, d=self.d),
        )


def one_sweep(F, G, B, alive):
    """Renew the rows in turn, straight from the formula, G being one matrix a column."""
    F = F.astype(np.float64)
    for k in range(len(F)):
        if not alive[k].any():
            continue
        curvature = np.where(alive[k], G[k, k], 1)
        new = np.maximum(0, F[k] + (B[k] - np.einsum("lj,lj->j", G[k], F)) / curvature)
        F[k] = np.where(alive[k], new, F[k])
    return F


def value(F, G, B):
    return 0.5 * np.einsum("kj,klj,lj->", F, G, F, optimize=True) - (B * F).sum()


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize(("rank", "q"), SHAPES)
def test_a_sweep_is_the_formula(kernels, rank, q):
    p = Problem(rank, q)
    ridge = np.eye(rank)[:, :, None] * p.d
    models = {
        "beside": (p.one[:, :, None] + ridge, p.B),
        "each": (p.G, p.B),
        "known": (p.G, p.B),
        "known, terms": (p.G + ridge, 0.5 * p.B),
    }
    for name, work in p.works(1, 0.0):
        swept = p.F.copy()
        work(kernels, swept)
        G, B = models[name]
        expected = one_sweep(p.F, G, B, np.einsum("kkj->kj", G) > 0)
        np.testing.assert_allclose(swept, expected, rtol=1e-9, atol=1e-9, err_msg=name)


@needs_numba
@pytest.mark.parametrize(("rank", "q"), SHAPES)
@pytest.mark.parametrize(("dtype", "close"), TYPES)
def test_both_kernels_agree(rank, q, dtype, close):
    p = Problem(rank, q, dtype)
    for sweeps, ratio in ((1, 0.0), (4, 0.0)):
        for name, work in p.works(sweeps, ratio):
            first, second = p.F.copy(), p.F.copy()
            work(columns, first)
            work(compiled_columns, second)
            limit = close * max(first.max(), p.F.max()) * sweeps
            np.testing.assert_allclose(second, first, atol=limit, rtol=0, err_msg=name)


@pytest.mark.parametrize("kernels", KERNELS)
def test_more_sweeps_go_further_and_none_raises_the_model(kernels):
    p = Problem(9, 65)
    for name, work in p.works(1, 0.0):
        if "terms" in name or name == "beside":
            continue
        F, values = p.F.copy(), [value(p.F, p.G, p.B)]
        for _ in range(6):
            work(kernels, F)
            values.append(value(F, p.G, p.B))
        assert (np.diff(values) <= 0).all()
        assert (F >= 0).all()


@pytest.mark.parametrize("kernels", KERNELS)
def test_columns_are_left_when_a_sweep_moves_them_little(kernels):
    p = Problem(9, 130)
    twice = dict(p.works(2, 0.0))
    for name, work in p.works(8, 1e9):  # any second sweep is little beside this
        first, second = p.F.copy(), p.F.copy()
        work(kernels, first)
        twice[name](kernels, second)
        np.testing.assert_allclose(first, second, rtol=1e-12, atol=1e-12, err_msg=name)


@needs_numba
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_number_of_threads_does_not_matter(dtype, monkeypatch):
    monkeypatch.setattr(threads, "cores", lambda: 7)
    monkeypatch.setattr(threads, "_WORTH", 1.0)
    monkeypatch.setattr(threads, "_process", threads._Process())
    p = Problem(15, 450, dtype)
    for name, work in p.works(4, 0.05):
        found = []
        for n_jobs in (1, 2, 7):
            F = p.F.copy()
            with threads.threads(n_jobs):
                work(compiled_columns, F)
            found.append(F)
        np.testing.assert_array_equal(found[0], found[1], err_msg=name)
        np.testing.assert_array_equal(found[0], found[2], err_msg=name)


@needs_numba
def test_views_are_taken():
    p = Problem(6, 50, np.float32)
    for order in (np.asfortranarray, lambda X: np.repeat(X, 2, -1)[..., ::2]):
        first, second = p.F.copy(), p.F.copy()
        compiled_columns.hals_each(first, p.G, p.B, 3, 0.0)
        compiled_columns.hals_each(second, order(p.G), order(p.B), 3, 0.0)
        np.testing.assert_array_equal(first, second)
