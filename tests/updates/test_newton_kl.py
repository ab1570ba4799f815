"""Coordinate descent on the Kullback-Leibler divergence, compiled and in NumPy."""

import numpy as np
import pytest
from scipy import sparse
from scipy.special import kl_div

from visnmf.kernels import newton_reference, reference
from visnmf.matrices.dense import Dense
from visnmf.matrices.sparse import Sparse
from visnmf.updates import newton_kl
from visnmf.updates.newton_kl import Entries, NewtonKL

try:
    from visnmf.kernels import compiled, newton
except ImportError:
    compiled = newton = None

needs_numba = pytest.mark.skipif(newton is None, reason="numba is not installed")
KERNELS = [
    pytest.param(reference, id="numpy"),
    pytest.param(compiled, id="compiled", marks=needs_numba),
]
PENALTIES = [(0.0, 0.0), (0.5, 0.0), (0.0, 2.0), (0.3, 1.5)]


def problem(dtype=np.float64, zeros=0.3, rank=5, m=30, q=70, seed=0):
    rng = np.random.default_rng(seed)
    V = rng.gamma(1.0, 1.0, (m, q)) * (rng.random((m, q)) >= zeros)
    A = rng.random((rank, m)) * (rng.random((rank, m)) < 0.8)
    F = rng.random((rank, q))
    return tuple(X.astype(dtype) for X in (V, A, F))


def value(V, A, F, l1=0.0, l2=0.0):
    V, A, F = (X.astype(np.float64) for X in (V, A, F))
    return kl_div(V, A.T @ F).sum() + l1 * F.sum() + 0.5 * l2 * (F**2).sum()


def gradient(V, A, F, l1=0.0, l2=0.0):
    V, A, F = (X.astype(np.float64) for X in (V, A, F))
    Y = A.T @ F
    ratio = np.divide(V, Y, out=np.zeros_like(V), where=V > 0)
    return A @ (1 - ratio) + l1 + l2 * F


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize(("l1", "l2"), PENALTIES)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_no_sweep_raises_the_value(kernels, l1, l2, dtype):
    V, A, F = problem(dtype)
    update = NewtonKL(kernels, sweeps=1)
    values = [value(V, A, F, l1, l2)]
    for _ in range(40):
        update.step(F, Entries(Dense(V), A, l1, l2))
        values.append(value(V, A, F, l1, l2))
    assert values[1] < values[0]
    assert (np.diff(values) <= 20 * np.finfo(dtype).eps * values[0]).all()
    assert (F >= 0).all()
    assert F.dtype == dtype


@pytest.mark.parametrize("kernels", KERNELS)
def test_no_single_step_raises_the_value(kernels):
    """Each entry on its own, from starts far to either side of the minimum."""
    rng = np.random.default_rng(0)
    update = NewtonKL(kernels, sweeps=1)
    for trial in range(300):
        V = rng.gamma(0.3, 10.0 ** rng.uniform(-3, 3), (12, 1))
        A, F = rng.gamma(0.3, 1.0, (2, 12)) + 1e-12, 10.0 ** rng.uniform(-6, 4, (2, 1))
        l1, l2 = PENALTIES[trial % 4]
        before = value(V, A, F, l1, l2)
        slope = gradient(V, A, F, l1, l2)[0, 0]
        old = F[0, 0]
        update.step(F, Entries(Dense(V), A, l1, l2, free=np.array([0])))
        assert value(V, A, F, l1, l2) <= before * (1 + 1e-12)
        assert slope * (F[0, 0] - old) <= 0
        # never past the minimum: the gradient keeps its sign, or the entry is zero
        after = gradient(V, A, F, l1, l2)[0, 0]
        assert after * slope >= -1e-9 * slope**2 or F[0, 0] == 0
        assert F[0, 0] > 0 or after >= 0


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize(("l1", "l2"), PENALTIES)
def test_it_ends_at_the_optimality_conditions(kernels, l1, l2):
    V, A, F = problem()
    NewtonKL(kernels, sweeps=400).step(F, Entries(Dense(V), A, l1, l2))
    slope = gradient(V, A, F, l1, l2)
    free = np.where(F > 0, slope, np.minimum(slope, 0))
    assert np.abs(free).max() < 1e-7
    assert (F == 0).any()
    # and that slope is the value's, by finite differences
    step = 1e-6
    for k, j in [(0, 0), (3, 10), (4, 69)]:
        F[k, j] += 1.0
        up, down = F.copy(), F.copy()
        up[k, j] += step
        down[k, j] -= step
        difference = (value(V, A, up, l1, l2) - value(V, A, down, l1, l2)) / (2 * step)
        assert difference == pytest.approx(gradient(V, A, F, l1, l2)[k, j], rel=1e-4)
        F[k, j] -= 1.0


def test_the_end_is_that_of_long_multiplicative_updates():
    V, A, F = problem(zeros=0.1)
    slow = F.copy()
    NewtonKL(reference, sweeps=300).step(F, Entries(Dense(V), A))
    for _ in range(20_000):
        slow *= (A @ (V / (A.T @ slow))) / A.sum(axis=1)[:, None]
    assert value(V, A, F) <= value(V, A, slow) * (1 + 1e-9)
    assert value(V, A, F) == pytest.approx(value(V, A, slow), rel=1e-5)


def test_its_sweeps_go_further_than_multiplicative_updates():
    V, A, F = problem()
    slow = F.copy()
    NewtonKL(reference, sweeps=5).step(F, Entries(Dense(V), A))
    for _ in range(20):
        slow *= (A @ (V / (A.T @ slow))) / A.sum(axis=1)[:, None]
    assert value(V, A, F) < value(V, A, slow)


@pytest.mark.parametrize("kernels", KERNELS)
def test_entries_become_zero_and_come_back(kernels):
    A = np.eye(2)
    F = np.array([[5.0], [0.0]])
    NewtonKL(kernels, sweeps=1).step(F, Entries(Dense(np.array([[0.0], [7.0]])), A))
    assert F[0, 0] == 0
    assert F[1, 0] == pytest.approx(7)


@pytest.mark.parametrize("kernels", KERNELS)
def test_an_entry_under_l2_alone_is_the_root_of_its_quadratic(kernels):
    """One part, one pixel: a + l1 + l2 x = v / x."""
    v, a, l1, l2 = 3.0, 2.0, 0.25, 0.5
    root = (-(a + l1) + np.sqrt((a + l1) ** 2 + 4 * l2 * v)) / (2 * l2)
    for start in (1e-9, 0.1, 50.0):
        F = np.array([[start]])
        problem = Entries(Dense(np.array([[v]])), np.array([[a]]), l1, l2)
        NewtonKL(kernels, sweeps=60).step(F, problem)
        assert F[0, 0] == pytest.approx(root, rel=1e-12)


@needs_numba
@pytest.mark.parametrize(("l1", "l2"), PENALTIES)
@pytest.mark.parametrize(("dtype", "close"), [(np.float64, 1e-11), (np.float32, 1e-4)])
def test_compiled_equals_reference(l1, l2, dtype, close):
    V, A, F = problem(dtype)
    V[:, 3] = 0
    A[2] = 0
    ends = []
    for kernels in (newton_reference, newton):
        end = F.copy()
        kernels.newton_dense(end, A, np.ascontiguousarray(V.T), 3, l1, l2)
        ends.append(end)
    np.testing.assert_allclose(*ends, rtol=close, atol=close)
    assert ends[0].dtype == ends[1].dtype == dtype
    assert not np.allclose(ends[0], F)


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize(("l1", "l2"), PENALTIES)
def test_sparse_equals_dense(kernels, l1, l2):
    V, A, F = problem(zeros=0.8)
    V[:, [0, 5, 69]] = 0  # columns of no entry, first and last among them
    other = F.copy()
    update = NewtonKL(kernels, sweeps=3)
    update.step(F, Entries(Dense(V), A, l1, l2))
    update.step(other, Entries(Sparse.of(sparse.csc_array(V)), A, l1, l2))
    np.testing.assert_allclose(F, other, rtol=1e-10, atol=1e-13)
    assert (F[:, [0, 5, 69]] == 0).all()


@pytest.mark.parametrize("kernels", KERNELS)
def test_the_transposed_problem_and_either_order_are_the_same(kernels):
    V, A, F = problem()
    update = NewtonKL(kernels)
    ends = []
    for matrix in (
        Dense(np.asfortranarray(V)),
        Dense(np.ascontiguousarray(V)),
        Dense(np.ascontiguousarray(V.T)).T,
        Sparse.of(sparse.csc_array(V.T)).T,
    ):
        end = F.copy()
        update.step(end, Entries(matrix, A))
        ends.append(end)
    for end in ends[1:]:
        np.testing.assert_allclose(end, ends[0], rtol=1e-10, atol=1e-13)


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("of", [Dense, lambda V: Sparse.of(sparse.csc_array(V))])
@pytest.mark.parametrize("size", [3, 100])  # less than a column, and some columns
def test_blocks_do_not_change_a_result(monkeypatch, kernels, of, size):
    V, A, F = problem(zeros=0.7)
    V[:, [4, 5]] = 0
    whole, parts = F.copy(), F.copy()
    NewtonKL(kernels).step(whole, Entries(of(V), A))
    monkeypatch.setattr(newton_kl, "_BLOCK", size)
    NewtonKL(kernels).step(parts, Entries(of(V), A))
    np.testing.assert_allclose(parts, whole, rtol=1e-12, atol=1e-15)


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("of", [Dense, lambda V: Sparse.of(sparse.csc_array(V))])
def test_known_rows_stay_and_the_others_see_them(kernels, of):
    V, A, F = problem(zeros=0.5)
    V[:, 7] = 0
    held = F[[1, 4]].copy()
    free = np.array([0, 2, 3])
    NewtonKL(kernels, sweeps=300).step(F, Entries(of(V), A, free=free))
    np.testing.assert_array_equal(F[[1, 4]], held)
    slope = gradient(V, A, F)[free]
    assert np.abs(np.where(F[free] > 0, slope, np.minimum(slope, 0))).max() < 1e-7


@pytest.mark.parametrize("kernels", KERNELS)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_hard_columns(kernels, dtype):
    """All zero, a start at zero, empty parts, pixels that no part has, and far scales."""
    V, A, F = problem(dtype)
    V[:, 0] = 0
    F[:, :2] = 0
    A[0] *= 100
    A[2] = 0
    A[:, 4] = 0
    V[:, 2] *= dtype(1e-9)
    V[:, 3] *= dtype(1e9)
    kept = F[2].copy()
    NewtonKL(kernels, sweeps=30).step(F, Entries(Dense(V), A))
    assert np.isfinite(F).all()
    assert (F >= 0).all()
    np.testing.assert_array_equal(F[2], kept)
    alive = np.array([0, 1, 3, 4])
    assert (F[alive, 0] == 0).all()
    # the sum over what the parts reach is kept by an optimum of this divergence
    seen = np.delete(V, 4, axis=0).sum(axis=0, dtype=np.float64)
    np.testing.assert_allclose(A.sum(axis=1) @ F, seen, rtol=2e-3)


@pytest.mark.parametrize("kernels", KERNELS)
def test_effort_is_a_share_of_the_sweeps(kernels):
    V, A, F = problem()
    short, one = F.copy(), F.copy()
    NewtonKL(kernels, sweeps=8).step(short, Entries(Dense(V), A), effort=0.1)
    NewtonKL(kernels, sweeps=1).step(one, Entries(Dense(V), A))
    np.testing.assert_array_equal(short, one)
