"""One suite for every kind of matrix: it must answer as the array that it stands for would."""

import numpy as np
import pytest

from visnmf.matrices.blocks import column_blocks
from visnmf.matrices.dense import Dense
from visnmf.matrices.lowrank import LowRank, find_range
from visnmf.matrices.protocol import RESIDUAL, SQUARED_RESIDUAL, SQUARED_VALUE, VALUE

RNG = np.random.default_rng(0)
FULL = RNG.random((30, 47))
L, R = RNG.random((4, 30)), RNG.random((4, 47))

KINDS = {
    "dense, columns contiguous": (lambda: Dense(np.asfortranarray(FULL)), FULL),
    "dense, rows contiguous": (lambda: Dense(FULL), FULL),
    "dense, strided": (lambda: Dense(np.repeat(np.repeat(FULL, 2, 0), 3, 1)[::2, ::3]), FULL),
    "dense, backwards": (lambda: Dense(FULL[::-1, ::-1].copy()[::-1, ::-1]), FULL),
    "dense, one column": (lambda: Dense(FULL[:, :1]), FULL[:, :1]),
    "dense, one row": (lambda: Dense(FULL[:1]), FULL[:1]),
    "low rank": (lambda: LowRank(L, R), L.T @ R),
}
each_kind = pytest.mark.parametrize(("make", "V"), KINDS.values(), ids=KINDS)


def factors(V, rank=5):
    rng = np.random.default_rng(1)
    return rng.random((rank, V.shape[0])), rng.random((rank, V.shape[1]))


@each_kind
def test_shape_dtype_and_transposition(make, V):
    matrix = make()
    assert matrix.shape == V.shape
    assert matrix.T.shape == V.T.shape
    assert matrix.dtype == V.dtype
    assert matrix.T.T.shape == V.shape


@each_kind
def test_products(make, V):
    A, F = factors(V)
    matrix = make()
    np.testing.assert_allclose(matrix.contract(A, None, VALUE), A @ V)
    np.testing.assert_allclose(matrix.T.contract(F, None, VALUE), F @ V.T)
    out = np.empty((5, V.shape[1]))
    assert matrix.contract(A, None, VALUE, out=out) is out
    np.testing.assert_allclose(out, A @ V)


@each_kind
def test_the_transposed_is_the_adjoint(make, V):
    A, F = factors(V)
    matrix = make()
    left = (matrix.contract(A, None, VALUE) * F).sum()
    right = (matrix.T.contract(F, None, VALUE) * A).sum()
    assert left == pytest.approx(right)


@each_kind
def test_taking_columns_and_the_gram_matrix(make, V):
    A, _ = factors(V)
    columns = np.array([3, 0, 46]) % V.shape[1]
    np.testing.assert_allclose(make().take(columns).contract(A, None, VALUE), A @ V[:, columns])
    np.testing.assert_allclose(make().gram(), V @ V.T)


@each_kind
@pytest.mark.parametrize("block", [1, 100, 1 << 18])
def test_sums_over_entries(make, V, block, monkeypatch):
    monkeypatch.setattr(column_blocks, "__defaults__", (block,))
    A, F = factors(V)
    matrix = make()
    if isinstance(matrix, LowRank):
        with pytest.raises(NotImplementedError, match="residual"):
            matrix.contract(A, F, RESIDUAL)
        with pytest.raises(NotImplementedError, match="residual"):
            matrix.total(A, F, SQUARED_RESIDUAL)
        return
    np.testing.assert_allclose(matrix.contract(A, F, RESIDUAL), A @ (V - A.T @ F))
    assert matrix.total(A, F, SQUARED_RESIDUAL) == pytest.approx(((V - A.T @ F) ** 2).sum())
    assert matrix.total(None, None, SQUARED_VALUE) == pytest.approx((V**2).sum())
    assert matrix.total(None, None, VALUE) == pytest.approx(V.sum())


@each_kind
def test_nothing_asked_changes_v(make, V):
    A, F = factors(V)
    matrix = make()
    taken = matrix.take(np.arange(V.shape[1]))
    for kind in (matrix, taken):
        if not isinstance(kind, LowRank):
            kind.contract(A, F, RESIDUAL)
            kind.total(A, F, SQUARED_RESIDUAL)
            kind.total(None, None, SQUARED_VALUE)
        np.testing.assert_allclose(kind.contract(A, None, VALUE), A @ V)


def test_a_sample_is_a_copy_with_contiguous_pictures():
    V = FULL.copy()
    taken = Dense(V).take(np.array([2, 5]))
    V[:] = 0
    np.testing.assert_array_equal(taken.values, FULL[:, [2, 5]])
    assert taken.values.flags.f_contiguous


def test_transposing_shares_memory():
    assert np.shares_memory(Dense(FULL).T.values, FULL)
    assert LowRank(L, R).T.L is R


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("shape", [(12, 300), (300, 320)])
def test_float_types_are_kept(dtype, shape):
    rng = np.random.default_rng(0)
    V = rng.random(shape).astype(dtype)
    A, F = (X.astype(dtype) for X in factors(V))
    for matrix in (Dense(V), find_range(Dense(V), 6, rng)):
        assert matrix.dtype == dtype
        assert matrix.contract(A, None, VALUE).dtype == dtype
        assert matrix.T.contract(F, None, VALUE).dtype == dtype
        assert matrix.gram().dtype == dtype
    assert Dense(V).contract(A, F, RESIDUAL).dtype == dtype
    assert {X.dtype for X in find_range(Dense(V), 6, rng).leading(3)} == {np.dtype(dtype)}


def test_sums_of_many_floats_keep_their_digits():
    V = np.full((3000, 1500), 0.1, np.float32)
    exact = V.size * float(np.float32(0.1)) ** 2
    for matrix in (Dense(V), Dense(V).T):
        assert matrix.total(None, None, SQUARED_VALUE) == pytest.approx(exact, rel=1e-6)


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
