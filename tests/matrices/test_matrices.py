"""One suite for every kind of matrix: it must answer as the array that it stands for would."""

import numpy as np
import pytest
from scipy import sparse

from visnmf.losses.beta import bundle_of
from visnmf.matrices.blocks import column_blocks
from visnmf.matrices.chunked import Chunked
from visnmf.matrices.dense import Dense
from visnmf.matrices.entries import Entries
from visnmf.matrices.lowrank import LowRank, find_range
from visnmf.matrices.masked import Masked
from visnmf.matrices.protocol import (
    FITTED,
    ONE,
    RESIDUAL,
    SQUARED_RESIDUAL,
    SQUARED_VALUE,
    VALUE,
    Entrywise,
)
from visnmf.matrices.source import ArraySource
from visnmf.matrices.sparse import Sparse
from visnmf.matrices.stored import Stored

RNG = np.random.default_rng(0)
FULL = RNG.random((30, 47))
L, R = RNG.random((4, 30)), RNG.random((4, 47))
FEW = FULL * (RNG.random(FULL.shape) < 0.2)
KNOWN = RNG.random(FULL.shape) < 0.3
SHARES = KNOWN * RNG.random(FULL.shape)
ONES = np.ones_like(FULL)


def stored(array):
    """Return the entries of an array at the known places, zeros too."""
    places = sparse.csc_array(KNOWN)
    columns = np.repeat(np.arange(KNOWN.shape[1]), np.diff(places.indptr))
    return Stored(len(array), places.indptr, places.indices, array[places.indices, columns])


def masked(weights, order="C"):
    values = np.array(np.where(weights > 0, FULL, 0), order=order)
    return Masked(values, np.array(weights, order=order))


def entries(weights, dtype=np.float64):
    return Entries(stored(FULL.astype(dtype)), stored(weights.astype(dtype)))


def chunked(array, **options):
    return Chunked(ArraySource(array, "V", block=10), **options)


def masked_block(columns, values):
    known = KNOWN[:, columns]
    return Masked(np.where(known, values, 0), known)


# How it is made, V, and the weights
KINDS = {
    "dense, columns contiguous": (lambda: Dense(np.asfortranarray(FULL)), FULL, ONES),
    "dense, rows contiguous": (lambda: Dense(FULL), FULL, ONES),
    "dense, strided": (
        lambda: Dense(np.repeat(np.repeat(FULL, 2, 0), 3, 1)[::2, ::3]),
        FULL,
        ONES,
    ),
    "dense, backwards": (lambda: Dense(FULL[::-1, ::-1].copy()[::-1, ::-1]), FULL, ONES),
    "dense, one column": (lambda: Dense(FULL[:, :1]), FULL[:, :1], ONES[:, :1]),
    "dense, one row": (lambda: Dense(FULL[:1]), FULL[:1], ONES[:1]),
    "sparse": (lambda: Sparse.of(sparse.csc_array(FEW)), FEW, ONES),
    "sparse, full": (lambda: Sparse.of(sparse.coo_array(FULL)), FULL, ONES),
    "sparse, nothing stored": (lambda: Sparse.of(sparse.csc_array((30, 47))), 0 * FULL, ONES),
    "masked": (lambda: masked(KNOWN), FULL, KNOWN * 1.0),
    "masked, columns contiguous": (lambda: masked(KNOWN, "F"), FULL, KNOWN * 1.0),
    "weighted": (lambda: masked(SHARES), FULL, SHARES),
    "entries": (lambda: entries(KNOWN), FULL, KNOWN * 1.0),
    "entries, weighted": (lambda: entries(SHARES), FULL, SHARES),
    "chunked": (lambda: chunked(FULL), FULL, ONES),
    "chunked, one block": (lambda: Chunked(ArraySource(FULL, "V")), FULL, ONES),
    "chunked, masked": (lambda: chunked(FULL, make=masked_block, weighted=True), FULL, KNOWN * 1.0),
    "chunked, turned twice": (lambda: chunked(FULL).T.T, FULL, ONES),
    "low rank": (lambda: LowRank(L, R), L.T @ R, np.ones((30, 47))),
}
each_kind = pytest.mark.parametrize(("make", "V", "M"), KINDS.values(), ids=KINDS)
KNOWN_ENTRIES = {name: kind for name, kind in KINDS.items() if name != "low rank"}
each_with_entries = pytest.mark.parametrize(
    ("make", "V", "M"), KNOWN_ENTRIES.values(), ids=KNOWN_ENTRIES
)

OWN = Entrywise("own", lambda v, y: np.sin(v) + v * y + y**2)
OWN_OF_STORED = Entrywise("own, zero at zero", lambda v, y: v / (1 + y), stored=True)
OF_V_ALONE = Entrywise("root", lambda v, y: np.sqrt(v), stored=True)
FUNCTIONS = [VALUE, ONE, FITTED, RESIDUAL, SQUARED_VALUE, SQUARED_RESIDUAL, OWN, OWN_OF_STORED]
BETAS = [0.0, 0.5, 1.0, 1.5, 2.0, 3.0]


def factors(V, rank=5):
    rng = np.random.default_rng(1)
    return rng.random((rank, V.shape[0])), rng.random((rank, V.shape[1]))


@each_kind
def test_shape_dtype_and_transposition(make, V, M):
    matrix = make()
    assert matrix.shape == V.shape
    assert matrix.T.shape == V.T.shape
    assert matrix.dtype == V.dtype
    assert matrix.T.T.shape == V.shape
    assert matrix.weighted == bool((M != 1).any())
    assert matrix.work > 0 or not V.any()
    assert matrix.work == matrix.T.work


@each_kind
def test_products(make, V, M):
    A, F = factors(V)
    matrix = make()
    np.testing.assert_allclose(matrix.contract(A, None, VALUE), A @ (M * V))
    np.testing.assert_allclose(matrix.T.contract(F, None, VALUE), F @ (M * V).T)
    out = np.empty((5, V.shape[1]))
    assert matrix.contract(A, None, VALUE, out=out) is out
    np.testing.assert_allclose(out, A @ (M * V))


@each_kind
def test_the_transposed_is_the_adjoint(make, V, M):
    A, F = factors(V)
    matrix = make()
    left = (matrix.contract(A, None, VALUE) * F).sum()
    right = (matrix.T.contract(F, None, VALUE) * A).sum()
    assert left == pytest.approx(right)


@each_kind
def test_taking_columns_and_the_gram_matrix(make, V, M):
    A, F = factors(V)
    columns = np.array([3, 0, 46]) % V.shape[1]
    taken = make().take(columns)
    np.testing.assert_allclose(taken.contract(A, None, VALUE), A @ (M * V)[:, columns])
    if not isinstance(taken, LowRank):
        expected = (M * (V - A.T @ F) ** 2)[:, columns].sum()
        assert taken.total(A, F[:, columns], SQUARED_RESIDUAL) == pytest.approx(expected)
    np.testing.assert_allclose(make().gram(), (M * V) @ (M * V).T)


@each_kind
def test_scaling_rows_and_columns(make, V, M):
    A, F = factors(V)
    rows, columns = (np.linspace(0.5, 2, size) for size in V.shape)
    expected = A @ (M * V * rows[:, None] * columns)
    scaled = make().scaled(rows, columns)
    np.testing.assert_allclose(scaled.contract(A, None, VALUE), expected)
    np.testing.assert_allclose(
        scaled.T.contract(F, None, VALUE), F @ (M * V * rows[:, None] * columns).T
    )


@each_with_entries
@pytest.mark.parametrize("function", FUNCTIONS, ids=lambda function: function.name)
@pytest.mark.parametrize("block", [1, 1 << 18])
def test_sums_over_entries(make, V, M, function, block, monkeypatch):
    monkeypatch.setattr(column_blocks, "__defaults__", (block,))
    A, F = factors(V)
    for matrix, v, weights, left, right in (
        (make(), V, M, A, F),
        (make().T, V.T, M.T, F, A),
    ):
        each = weights * function.of(v, left.T @ right)
        assert matrix.total(left, right, function) == pytest.approx(each.sum())
        found = matrix.contract(left, right, function)
        np.testing.assert_allclose(found, left @ each, atol=1e-12)
        out = np.empty(found.shape)
        np.testing.assert_array_equal(matrix.contract(left, right, function, out=out), found)
        if function is not ONE:  # a view, as `contract` says
            np.testing.assert_array_equal(out, found)


@each_with_entries
@pytest.mark.parametrize(
    "function", [VALUE, ONE, SQUARED_VALUE, OF_V_ALONE], ids=lambda function: function.name
)
def test_sums_over_entries_of_v_alone(make, V, M, function):
    expected = (M * function.of(V, V)).sum()
    assert make().total(None, None, function) == pytest.approx(expected)


@each_with_entries
@pytest.mark.parametrize("beta", BETAS)
@pytest.mark.parametrize("block", [1, 1 << 18])
def test_several_sums_in_one_pass(make, V, M, beta, block, monkeypatch):
    monkeypatch.setattr(column_blocks, "__defaults__", (block,))
    A, F = factors(V)
    bundle = bundle_of(beta)
    arrays, (left, right) = bundle.of(V, A.T @ F, True)
    sums, whole = make().gather(A, F, bundle)
    assert len(sums) == bundle.count
    for found, each in zip(sums, arrays, strict=True):
        np.testing.assert_allclose(found, A @ (M * each), atol=1e-12)
    assert whole == pytest.approx((M * left * right).sum())
    again, unasked = make().gather(A, F, bundle, cost=False)
    assert np.isnan(unasked)
    for found, other in zip(sums, again, strict=True):
        np.testing.assert_array_equal(found, other)


@pytest.mark.parametrize("name", ["masked", "weighted", "entries", "entries, weighted"])
@pytest.mark.parametrize("block", [1, 1 << 18])
def test_the_curvature_of_each_column(name, block, monkeypatch):
    monkeypatch.setattr(column_blocks, "__defaults__", (block,))
    make, V, M = KINDS[name]
    A, _ = factors(V)
    expected = np.einsum("ij,ki,li->klj", M, A, A)
    np.testing.assert_allclose(make().grams(A), expected, atol=1e-12)
    assert make().density == pytest.approx(M.mean())


def test_a_low_rank_stand_in_refuses_what_it_does_not_know():
    A, F = factors(FULL)
    matrix = LowRank(L, R)
    with pytest.raises(NotImplementedError, match="residual"):
        matrix.contract(A, F, RESIDUAL)
    with pytest.raises(NotImplementedError, match="residual"):
        matrix.total(A, F, RESIDUAL)
    with pytest.raises(NotImplementedError, match="Kullback"):
        matrix.gather(A, F, bundle_of(1.0))


@each_kind
def test_nothing_asked_changes_v(make, V, M):
    A, F = factors(V)
    matrix = make()
    taken = matrix.take(np.arange(V.shape[1]))
    for kind in (matrix, taken):
        if not isinstance(kind, LowRank):
            for function in FUNCTIONS:
                kind.contract(A, F, function)
                kind.total(A, F, function)
            for beta in BETAS:
                kind.gather(A, F, bundle_of(beta))
            kind.total(None, None, SQUARED_VALUE)
        kind.scaled(*(np.full(size, 7.0) for size in V.shape))
        np.testing.assert_allclose(kind.contract(A, None, VALUE), A @ (M * V))


def test_a_sample_is_a_copy_with_contiguous_pictures():
    V = FULL.copy()
    taken = Dense(V).take(np.array([2, 5]))
    V[:] = 0
    np.testing.assert_array_equal(taken.values, FULL[:, [2, 5]])
    assert taken.values.flags.f_contiguous


def test_transposing_shares_memory():
    assert np.shares_memory(Dense(FULL).T.values, FULL)
    assert LowRank(L, R).T.L is R
    for name in ("sparse", "entries"):
        matrix = KINDS[name][0]()
        assert matrix.T.columns is matrix.rows
        assert matrix.T.T.columns is matrix.columns
    matrix = masked(SHARES)
    assert np.shares_memory(matrix.T.values, matrix.values)
    assert np.shares_memory(matrix.T.weights, matrix.weights)


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


@pytest.mark.parametrize("beta", BETAS)
def test_float32_is_kept_by_every_kind_with_entries(beta):
    A, F = (X.astype(np.float32) for X in factors(FULL))
    small = FULL.astype(np.float32)
    for matrix in (
        Sparse.of(sparse.csc_array(FEW.astype(np.float32))),
        Masked(np.where(KNOWN, small, 0), KNOWN),
        Masked(np.where(KNOWN, small, 0), SHARES.astype(np.float32)),
        entries(SHARES, np.float32),
    ):
        for function in (VALUE, ONE, FITTED, RESIDUAL, OWN_OF_STORED):
            assert matrix.contract(A, F, function).dtype == np.float32
            assert matrix.T.contract(F, A, function).dtype == np.float32
        sums, _ = matrix.gather(A, F, bundle_of(beta))
        assert {found.dtype for found in sums} == {np.dtype(np.float32)}
        if matrix.weighted:
            assert matrix.grams(A).dtype == np.float32


def test_the_stored_entries_of_a_sparse_v_are_all_that_is_looked_at(monkeypatch):
    """What vanishes at zero, and what has a closed form there, forms no block of zeros."""

    def refuse(matrix, columns):
        raise AssertionError("a block was made dense")

    monkeypatch.setattr(Sparse, "_block", refuse)
    A, F = factors(FEW)
    matrix = Sparse.of(sparse.csc_array(FEW))
    for function in (VALUE, ONE, FITTED, RESIDUAL, OWN_OF_STORED):
        matrix.contract(A, F, function)
    for function in (VALUE, ONE, FITTED, SQUARED_VALUE, SQUARED_RESIDUAL, OWN_OF_STORED):
        matrix.total(A, F, function)
    matrix.gather(A, F, bundle_of(1.0))
    with pytest.raises(AssertionError, match="made dense"):
        matrix.gather(A, F, bundle_of(1.5))


def test_sums_of_many_floats_keep_their_digits():
    V = np.full((3000, 1500), 0.1, np.float32)
    exact = V.size * float(np.float32(0.1)) ** 2
    for matrix in (Dense(V), Dense(V).T):
        assert matrix.total(None, None, SQUARED_VALUE) == pytest.approx(exact, rel=1e-6)
