"""V as users give it, and what of it is known: what it becomes, what is refused, in which words."""

import numpy as np
import pytest
from scipy import sparse

from visnmf import factorize
from visnmf.errors import InvalidInputError
from visnmf.matrices.dense import Dense
from visnmf.matrices.entries import Entries
from visnmf.matrices.masked import Masked
from visnmf.matrices.protocol import ONE, VALUE
from visnmf.matrices.sparse import Sparse
from visnmf.solve.chunks import source_of
from visnmf.solve.intake import take_in

V = np.arange(1.0, 21).reshape(4, 5)
KNOWN = np.indices(V.shape).sum(axis=0) % 2 == 0
SPARSE = sparse.csr_array(np.where(KNOWN, V, 0))
NOTHING = np.zeros(V.shape, bool)


def values(matrix):
    """Return M * V, entry by entry, by products alone."""
    return matrix.contract(np.eye(matrix.shape[0], dtype=matrix.dtype), None, VALUE)


def weights(matrix):
    return matrix.contract(np.eye(matrix.shape[0], dtype=matrix.dtype), None, ONE)


@pytest.mark.parametrize(
    ("given", "options", "kind", "known"),
    [
        (V, {}, Dense, None),
        (V.tolist(), {}, Dense, None),
        (V, {"observed": KNOWN}, Masked, KNOWN),
        (V, {"observed": KNOWN.tolist()}, Masked, KNOWN),
        (V, {"observed": sparse.csr_array(KNOWN)}, Entries, KNOWN),
        (V, {"weights": KNOWN * 3.0}, Masked, KNOWN),
        (V, {"weights": sparse.coo_array(KNOWN * 3)}, Entries, KNOWN),
        (np.where(KNOWN, V, np.nan), {"missing": np.nan}, Masked, KNOWN),
        (np.where(KNOWN, V, -1), {"missing": -1}, Masked, KNOWN),
        (np.where(KNOWN, V, 0).astype(int), {"missing": 0}, Masked, KNOWN),
        (SPARSE, {}, Sparse, None),
        (sparse.coo_matrix(SPARSE), {}, Sparse, None),
        (SPARSE, {"observed": "stored"}, Entries, KNOWN),
        (sparse.csr_array(V), {"observed": sparse.csr_array(KNOWN)}, Entries, KNOWN),
        (sparse.csr_array(V), {"weights": sparse.csc_array(KNOWN * 2)}, Entries, KNOWN),
    ],
)
def test_what_v_becomes(given, options, kind, known):
    matrix = take_in(given, **options)
    assert type(matrix) is kind
    assert matrix.weighted == (known is not None)
    whole = V if kind is Dense else np.where(KNOWN, V, 0)
    np.testing.assert_allclose(values(matrix), whole)
    if known is not None:
        np.testing.assert_allclose(weights(matrix), known)


def test_missing_adds_to_observed():
    holed = V.copy()
    holed[0, 0] = np.nan
    matrix = take_in(holed, observed=KNOWN, missing=np.nan)
    expected = KNOWN.copy()
    expected[0, 0] = False
    np.testing.assert_array_equal(weights(matrix), expected)


def test_weights_count_by_their_ratios():
    found = weights(take_in(V, weights=V))
    np.testing.assert_allclose(found, V / V.max())


def test_a_stored_zero_is_known_where_the_stored_entries_are():
    holed = SPARSE.copy()
    holed.data[0] = 0
    matrix = take_in(holed, observed="stored")
    assert matrix.total(None, None, ONE) == KNOWN.sum()
    assert take_in(holed).total(None, None, VALUE) == holed.sum()


def test_a_stored_false_is_not_known():
    observed = sparse.csr_array(KNOWN)
    observed.data[:2] = False
    matrix = take_in(V, observed=observed)
    np.testing.assert_array_equal(weights(matrix), observed.toarray())


def test_an_observed_place_that_a_sparse_v_does_not_store_is_a_zero():
    everywhere = sparse.csr_array(np.ones(V.shape, bool))
    matrix = take_in(SPARSE, observed=everywhere)
    np.testing.assert_array_equal(values(matrix), SPARSE.toarray())
    assert matrix.total(None, None, ONE) == V.size


def test_duplicates_add_up_and_order_does_not_matter():
    rows, columns = [2, 0, 2, 3], [1, 0, 1, 4]
    twice = sparse.coo_array(([1.0, 5.0, 2.0, 4.0], (rows, columns)), shape=V.shape)
    expected = twice.toarray()
    np.testing.assert_array_equal(values(take_in(twice)), expected)
    unsorted = sparse.csr_array(([2.0, 1.0], [3, 1], [0, 2, 2, 2, 2]), shape=V.shape)
    np.testing.assert_array_equal(values(take_in(unsorted)), unsorted.toarray())
    doubled = sparse.csc_array(([1.0, 2.0], [1, 1], [0, 2, 2, 2, 2, 2]), shape=V.shape)
    np.testing.assert_array_equal(values(take_in(doubled)), doubled.toarray())
    assert doubled.nnz == 2  # the caller's is left as it is


@pytest.mark.parametrize(
    ("dtype", "becomes"),
    [
        (np.float64, np.float64),
        (np.float32, np.float32),
        (np.float16, np.float32),
        (np.uint8, np.float32),
        (np.int16, np.float32),
        (np.int64, np.float64),
        (bool, np.float32),
        (">f8", np.float64),
        (">f4", np.float32),
    ],
)
def test_dtypes(dtype, becomes):
    given = V.astype(dtype)
    kinds = [
        take_in(given),
        take_in(given, observed=KNOWN),
        take_in(given, observed=sparse.csr_array(KNOWN)),
        take_in(given, weights=V),
    ]
    if dtype != np.float16 and np.dtype(dtype).isnative:  # scipy.sparse takes no others
        kinds += [
            take_in(sparse.csr_array(given)),
            take_in(sparse.csr_array(given), observed="stored"),
        ]
    for matrix in kinds:
        assert matrix.dtype == becomes
        assert matrix.dtype.isnative
        assert values(matrix).dtype == becomes
    result = factorize(given, 2, observed=KNOWN, max_iter=2)
    assert result.W.dtype == result.H.dtype == becomes


def test_all_that_tells_what_is_known_combines():
    given = V.copy()
    given[0, 0] = np.nan
    given[~KNOWN] = 99.0
    weights = np.full(V.shape, 2.0)
    weights[1, 1] = 0
    known = KNOWN.copy()
    known[0, 0] = known[1, 1] = False
    for matrix in (
        take_in(given, observed=KNOWN, weights=weights, missing=np.nan),
        take_in(np.where(known, given, 0), observed=sparse.csr_array(known)),
        take_in(np.where(known, given, 7.5), observed=sparse.csr_array(KNOWN), missing=7.5),
    ):
        assert matrix.total(None, None, ONE) == known.sum()
        assert matrix.total(None, None, VALUE) == pytest.approx(V[known].sum())


def test_weights_stored_more_than_once_add_up():
    rows, columns = np.nonzero(KNOWN)
    twice = sparse.coo_array(
        (np.ones(2 * len(rows)), (np.tile(rows, 2), np.tile(columns, 2))), shape=V.shape
    )
    matrix = take_in(V, weights=twice)
    assert matrix.total(None, None, ONE) == len(rows)


REFUSED = [
    ({"observed": sparse.csr_array(KNOWN), "weights": V}, V, "observed= or weights=, not both"),
    ({"observed": KNOWN, "weights": sparse.csr_array(V)}, V, "observed= or weights=, not both"),
    ({"observed": "stored", "weights": SPARSE}, SPARSE, "observed='stored' or weights=, not both"),
    ({"observed": KNOWN[:3]}, V, r"observed has shape \(3, 5\), but V has shape \(4, 5\)"),
    ({"observed": KNOWN.T}, V, r"observed has shape \(5, 4\)"),
    ({"observed": sparse.csr_array(KNOWN.T)}, V, r"observed has shape \(5, 4\)"),
    ({"weights": V[:, :2]}, V, r"weights has shape \(4, 2\)"),
    ({"observed": KNOWN.astype(int)}, V, "booleans.*int64.*weights="),
    ({"observed": V}, V, "booleans"),
    ({"weights": -V}, V, "weights must be finite and at least 0"),
    ({"weights": np.full(V.shape, np.nan)}, V, "weights must be finite"),
    ({"weights": np.full(V.shape, np.inf)}, V, "weights must be finite"),
    ({"weights": np.zeros(V.shape)}, V, "all weights are 0"),
    ({"weights": sparse.csr_array(V.shape)}, V, "weights"),
    ({"weights": "all"}, V, "weights"),
    ({"weights": V * 1j}, V, "weights"),
    ({"observed": NOTHING}, V, "nothing of V is known"),
    ({"observed": sparse.csr_array(NOTHING)}, V, "nothing of V is known"),
    ({"missing": np.nan}, np.full(V.shape, np.nan), "nothing of V is known"),
    ({"missing": "?"}, V, "missing must be a number"),
    ({"observed": "stored"}, V, "observed='stored' is for a sparse V"),
    ({"observed": "all"}, SPARSE, "observed='all' is not known; say 'stored'"),
    ({"missing": np.nan}, SPARSE, "missing= is for a dense V.*observed='stored'"),
    ({"observed": KNOWN}, SPARSE, "V is sparse.*scipy.sparse array too"),
    ({"weights": V}, SPARSE, "V is sparse.*scipy.sparse array too"),
    ({"observed": "stored"}, sparse.csr_array(V.shape), "nothing of V is known"),
    ({}, sparse.csr_array((0, 5)), r"empty.*\(0, 5\)"),
    ({}, sparse.csr_array(-V), "negative entries, down to -20"),
    ({}, sparse.csr_array(np.where(KNOWN, V, np.nan)), "NaN or infinite"),
    ({}, sparse.csr_array(V * 1j), "real numbers"),
    ({"observed": "stored"}, sparse.csr_array(-V), "negative"),
    ({"observed": KNOWN}, np.where(KNOWN, np.nan, V), "NaN or infinite"),
    ({"observed": KNOWN}, -V, "negative"),
    ({"observed": KNOWN}, V * 1j, "real numbers"),
    ({"observed": KNOWN}, np.full(V.shape, "a"), "real numbers"),
    ({"observed": KNOWN[0]}, V[0], r"two dimensions.*\(5,\)"),
    ({"observed": np.ones((0, 5), bool)}, V[:0], "empty"),
    ({"missing": np.nan}, [[1, 2], [3]], "not an array of numbers"),
    ({}, np.ma.masked_array(V, ~KNOWN), "masked entries.*observed="),
]


@pytest.mark.parametrize(("options", "given", "message"), REFUSED)
def test_what_is_refused(options, given, message):
    for ask in (take_in, lambda V, **options: factorize(V, 2, **options)):
        with pytest.raises(InvalidInputError, match=message):
            ask(given, **options)


@pytest.mark.parametrize(
    "options",
    [
        {"observed": KNOWN},
        {"observed": sparse.csr_array(KNOWN)},
        {"weights": V / 7},
        {"weights": sparse.csr_array(V / 7)},
        {"missing": 3.0},
    ],
)
@pytest.mark.parametrize("order", ["C", "F"])
def test_the_caller_s_arrays_stay_as_they_are(options, order):
    given = np.array(V, order=order)
    copies = {name: option.copy() for name, option in options.items() if name != "missing"}
    factorize(given, 2, max_iter=3, **options)
    np.testing.assert_array_equal(given, V)
    for name, copy in copies.items():
        left, right = (X.toarray() if sparse.issparse(X) else X for X in (options[name], copy))
        np.testing.assert_array_equal(left, right)


@pytest.mark.parametrize("kind", [sparse.csr_array, sparse.csc_array, sparse.coo_array])
@pytest.mark.parametrize("observed", [None, "stored", sparse.csr_array(KNOWN)])
@pytest.mark.parametrize("loss", ["frobenius", "kl", 1.5])
def test_the_caller_s_sparse_v_stays_as_it_is(kind, observed, loss):
    given = kind(SPARSE)
    given.data[0] = 0  # an explicit zero
    copy = given.copy()
    factorize(given, 2, loss=loss, observed=observed, max_iter=3)
    assert given.nnz == copy.nnz
    np.testing.assert_array_equal(given.data, copy.data)
    np.testing.assert_array_equal(given.toarray(), copy.toarray())


def test_read_only_arrays_will_do():
    given, observed = V.copy(), KNOWN.copy()
    for array in (given, observed):
        array.flags.writeable = False
    factorize(given, 2, observed=observed, max_iter=2)
    few = sparse.csc_array(SPARSE)
    few.data.flags.writeable = few.indices.flags.writeable = False
    factorize(few, 2, max_iter=2)
    factorize(few, 2, observed="stored", max_iter=2)


def test_weights_and_values_lie_in_one_order():
    matrix = take_in(V, observed=np.asfortranarray(KNOWN))
    assert matrix.values.flags.c_contiguous == matrix.weights.flags.c_contiguous
    matrix = take_in(np.asfortranarray(V), observed=np.asfortranarray(KNOWN))
    assert matrix.values.flags.f_contiguous
    assert matrix.weights.flags.f_contiguous


def test_large_mapped_arrays_are_read_in_blocks_and_small_ones_as_they_are(tmp_path, monkeypatch):
    np.save(tmp_path / "V.npy", np.ones((6, 8)))
    np.save(tmp_path / "pictures.npy", np.ones((3, 4, 4)))
    mapped, pictures = (np.load(tmp_path / f"{name}.npy", "r") for name in ("V", "pictures"))
    assert source_of(mapped) is None
    monkeypatch.setattr("visnmf.solve.chunks._MAPPED", mapped.nbytes)
    assert source_of(mapped).shape == (6, 8)
    assert source_of(pictures) is None  # no V: refused as any array is
    assert source_of(np.asarray(mapped)) is None
    monkeypatch.setattr("visnmf.solve.chunks._MAPPED", mapped.nbytes + 1)
    assert source_of(mapped) is None


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_a_sparse_v_that_stores_nothing_keeps_its_float_type(dtype):
    found = factorize(sparse.csr_array((6, 7), dtype=dtype), 2)
    assert found.W.dtype == found.H.dtype == dtype
    assert found.objective == 0
