"""Compiled and NumPy sweeps: what they compute, and that they agree."""

import itertools

import numpy as np
import pytest
from scipy.optimize import nnls as exact_nnls

from visnmf.kernels import reference
from visnmf.kernels.choose import choose_kernels
from visnmf.kernels.tiles import TILE

try:
    from visnmf.kernels import compiled
except ImportError:
    compiled = None

needs_numba = pytest.mark.skipif(compiled is None, reason="numba is not installed")
KERNELS = [
    pytest.param(reference, id="numpy"),
    pytest.param(compiled, id="compiled", marks=needs_numba),
]
SHAPES = [
    (1, 1),
    (1, 200),
    (3, 63),
    (8, 64),
    (9, 65),
    (17, 130),
    (40, 200),
    (100, 77),
    (5, 4200),
    (2, 9000),
]


def problem(rank, q, dtype=np.float64, seed=0, dead=False):
    rng = np.random.default_rng(seed)
    A = rng.random((rank, rank + 5))
    if dead:
        A[rank // 2] = 0
    V = rng.random((rank + 5, q))
    F = np.maximum(rng.standard_normal((rank, q)), 0)
    return tuple(X.astype(dtype) for X in (F, A @ A.T, A @ V))


def value(F, G, B):
    return 0.5 * np.einsum("kr,kj,rj->", G, F, F) - (B * F).sum()


def one_sweep(F, G, B):
    """Renew the rows in turn, straight from the formula."""
    F = F.copy()
    for k in range(len(F)):
        if G[k, k] > 0:
            F[k] = np.maximum(0, F[k] + (B[k] - G[k] @ F) / G[k, k])
    return F


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize(("rank", "q"), SHAPES)
@pytest.mark.parametrize("dead", [False, True])
def test_a_sweep_is_the_formula(kernels, rank, q, dead):
    F, G, B = problem(rank, q, dead=dead)
    swept = F.copy()
    kernels.hals(swept, G, B, 1, 0.0)
    np.testing.assert_allclose(swept, one_sweep(F, G, B), rtol=1e-9, atol=1e-10)


@needs_numba
@pytest.mark.parametrize(("rank", "q"), SHAPES)
@pytest.mark.parametrize(("dtype", "close"), [(np.float32, 1e-5), (np.float64, 1e-13)])
@pytest.mark.parametrize("dead", [False, True])
def test_both_kernels_agree(rank, q, dtype, close, dead):
    F, G, B = problem(rank, q, dtype, seed=rank, dead=dead)
    for work in (
        lambda kernels, F: kernels.hals(F, G, B, 1, 0.0),
        lambda kernels, F: kernels.hals(F, G, B, 8, 0.05),
        lambda kernels, F: kernels.nnls(F, G, B, 1000, 1e-3),
    ):
        first, second = F.copy(), F.copy()
        work(reference, first)
        work(compiled, second)
        np.testing.assert_allclose(second, first, atol=close * first.max(), rtol=0)
    np.testing.assert_allclose(compiled.sums(F, G, B), reference.sums(F, G, B), rtol=1e2 * close)


@pytest.mark.parametrize("kernels", KERNELS)
def test_many_sweeps_never_raise_the_objective(kernels):
    F, G, B = problem(12, 300)
    values = [value(F, G, B)]
    for _ in range(10):
        kernels.hals(F, G, B, 8, 0.05)
        assert (F >= 0).all()
        values.append(value(F, G, B))
    assert (np.diff(values) <= 1e-9 * abs(values[0])).all()


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("cuts", [(0, TILE, 4096, 4100), (0, 3 * TILE, 64 * TILE, 4100)])
def test_tiles_know_nothing_of_each_other(kernels, dtype, cuts):
    F, G, B = problem(10, 4100, dtype)
    for work in (
        lambda F, B: kernels.hals(F, G, B, 8, 0.05),
        lambda F, B: kernels.nnls(F, G, B, 1000, 1e-3),
    ):
        whole = F.copy()
        work(whole, B)
        for start, stop in itertools.pairwise(cuts):
            part = np.ascontiguousarray(F[:, start:stop])
            work(part, np.ascontiguousarray(B[:, start:stop]))
            # NumPy's products may be added up in another order for another width
            close = 0 if kernels is compiled else 100 * np.finfo(dtype).eps
            np.testing.assert_allclose(part, whole[:, start:stop], atol=close, rtol=0)


@pytest.mark.parametrize("kernels", KERNELS)
def test_each_tile_is_left_when_a_sweep_moves_it_little(kernels):
    F, G, B = problem(10, 2 * TILE)
    twice = one_sweep(one_sweep(F, G, B), G, B)
    swept = F.copy()
    kernels.hals(swept, G, B, 8, 1e9)  # any second sweep is little beside this
    np.testing.assert_allclose(swept, twice, rtol=1e-9, atol=1e-10)
    kernels.hals(F, G, B, 8, 0.0)  # none is
    assert value(F, G, B) < value(swept, G, B)


@pytest.mark.parametrize("kernels", KERNELS)
def test_nnls_is_exact_for_each_column(kernels):
    rng = np.random.default_rng(1)
    A = rng.random((9, 30))
    V = rng.random((30, 150)) * 10.0 ** rng.uniform(-3, 3, 150)  # dim and bright columns in a tile
    F = np.zeros((9, 150))
    kernels.nnls(F, A @ A.T, A @ V, 20_000, 1e-9)
    for j in range(150):
        exact, _ = exact_nnls(A.T, V[:, j])
        np.testing.assert_allclose(F[:, j], exact, atol=1e-5 * max(exact.max(), 1e-12))


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize(("dtype", "goal"), [(np.float32, 1e-3), (np.float64, 1e-8)])
def test_nnls_meets_its_goal_in_every_column(kernels, dtype, goal):
    F, G, B = problem(8, 4200, dtype)
    B[:, ::7] *= dtype(1e-4)  # dim beside bright
    B[:, 3] = 0
    F[:] = 1
    kernels.nnls(F, G, B, 10_000, goal)
    gradient = G @ F - B
    free = np.where(F > 0, gradient, np.minimum(gradient, 0))
    allowed = goal * np.linalg.norm(B, axis=0)
    assert (np.linalg.norm(free, axis=0) <= allowed * 1.01 + 1e-30).all()
    assert not F[:, 3].any()


@pytest.mark.parametrize("kernels", KERNELS)
def test_nnls_stops_at_its_most_sweeps(kernels):
    F, G, B = problem(8, 100)
    swept = F.copy()
    kernels.nnls(swept, G, B, 2, 0.0)
    twice = one_sweep(one_sweep(F, G, B), G, B)
    np.testing.assert_allclose(swept, twice, rtol=1e-9, atol=1e-10)


@pytest.mark.parametrize("kernels", KERNELS)
def test_nnls_tells_the_most_sweeps_that_a_tile_took(kernels):
    F, G, B = problem(8, 3 * TILE)
    assert kernels.nnls(F.copy(), G, B, 3, 1e-12) == 4  # it did not get there
    taken = kernels.nnls(F, G, B, 10_000, 1e-6)
    assert 4 < taken <= 10_000
    assert kernels.nnls(F, G, B, 10_000, 1e-5) <= 8  # it is there


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("q", [90, 4200])
def test_sums_are_the_formulas(kernels, q):
    F, G, B = problem(7, q)
    gradient = G @ F - B
    free = np.where(F > 0, gradient, np.minimum(gradient, 0))
    sums = kernels.sums(F, G, B)
    assert sums.linear == pytest.approx((B * F).sum())
    assert sums.slope == pytest.approx(-(gradient * F).sum())
    assert sums.absolute == pytest.approx(np.abs(free).sum())
    assert sums.square == pytest.approx((free**2).sum())


@needs_numba
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_views_that_are_not_contiguous_are_taken(dtype):
    F, G, B = problem(6, 50, dtype)
    wide = np.empty((6, 100), dtype)
    wide[:, ::2] = B
    first, second = F.copy(), F.copy()
    compiled.hals(first, np.asfortranarray(G), wide[:, ::2], 3, 0.0)
    compiled.hals(second, G, B, 3, 0.0)
    np.testing.assert_array_equal(first, second)


def test_names_of_kernels_are_checked():
    from visnmf.errors import InvalidInputError

    with pytest.raises(InvalidInputError, match="fast"):
        choose_kernels("fast", 10, 100)


def test_small_problems_run_on_numpy_and_large_ones_compiled():
    assert choose_kernels("auto", 2, 100) is reference
    if compiled is not None:
        assert choose_kernels("auto", 50, 10_000) is compiled


def test_without_numba(monkeypatch):
    from visnmf.errors import MissingDependencyError

    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    assert choose_kernels("auto", 50, 10_000) is reference
    with pytest.raises(MissingDependencyError, match=r"visnmf\[fast\]"):
        choose_kernels("compiled", 50, 10_000)
