"""Arrays of any shape, type, order and content: factors that are right, or an error of ours."""

import warnings

import numpy as np
import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

import visnmf
from visnmf.errors import InvalidInputError, VisnmfError

QUICK = settings(
    max_examples=40,
    deadline=None,
    suppress_health_check=[HealthCheck.too_slow, HealthCheck.function_scoped_fixture],
)
BRIEF = {"max_iter": 6, "seed": 0, "kernels": "numpy"}


def strided(V):
    """Return the same numbers, every second one of a larger array."""
    wide = np.zeros((2 * V.shape[0], 3 * V.shape[1]), V.dtype)
    wide[::2, ::3] = V
    return wide[::2, ::3]


def read_only(V):
    V = V.copy()
    V.flags.writeable = False
    return V


LAYS = {
    "rows": np.ascontiguousarray,
    "columns": np.asfortranarray,
    "strided": strided,
    "backwards": lambda V: np.ascontiguousarray(V[::-1, ::-1])[::-1, ::-1],
    "read only": read_only,
    "big endian": lambda V: V.astype(V.dtype.newbyteorder(">")),
    "not aligned": lambda V: np.frombuffer(b"x" + V.tobytes(), np.uint8)[1:].view(V.dtype)
    .reshape(V.shape),
}  # fmt: skip
DTYPES = ("float32", "float64", "float16", "uint8", "int32", "uint16", "int64", "bool")


@QUICK
@given(
    shape=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    rank=st.integers(1, 4),
    dtype=st.sampled_from(DTYPES),
    lay=st.sampled_from(sorted(LAYS)),
    seed=st.integers(0, 99),
)
def test_how_an_array_lies_changes_nothing(shape, rank, dtype, lay, seed):
    plain = np.random.default_rng(seed).integers(0, 2, shape).astype(dtype)
    given_as = LAYS[lay](plain)
    before = given_as.tobytes()
    try:
        found = visnmf.factorize(given_as, rank, **BRIEF)
    except InvalidInputError:
        with pytest.raises(InvalidInputError, match="need|must|not"):
            visnmf.factorize(plain, rank, **BRIEF)
        return
    wanted = visnmf.factorize(plain, rank, **BRIEF)
    # Sums in another order may round otherwise: what is left over is the same to rounding.
    assert found.objective == pytest.approx(wanted.objective, rel=1e-3, abs=1e-4)
    assert found.W.shape == (shape[0], rank)
    assert found.H.shape == (rank, shape[1])
    for F in (found.W, found.H):
        assert np.isfinite(F).all()
        assert (F >= 0).all()
    assert given_as.tobytes() == before, "the user's array is as it was"


WEIRD = (np.nan, np.inf, -np.inf, -1.0, -1e-30, 1e300, 3e38, 1e-310, 5e-324, 1e-45, 0.0)


@QUICK
@given(
    dtype=st.sampled_from(["float32", "float64"]),
    loss=st.sampled_from(["frobenius", "kl", "is", 1.5]),
    values=st.lists(st.sampled_from(WEIRD), min_size=1, max_size=4),
    everywhere=st.booleans(),
)
def test_weird_numbers_are_refused_or_survived(dtype, loss, values, everywhere):
    V = np.random.default_rng(0).random((6, 5)) + 0.1
    if everywhere:
        V[:] = values[0]
    V.flat[: len(values)] = values
    with np.errstate(over="ignore"), warnings.catch_warnings():
        V = V.astype(dtype)
        warnings.simplefilter("error", RuntimeWarning)
        try:
            found = visnmf.factorize(V, 2, loss=loss, **BRIEF)
        except VisnmfError:
            return
    assert np.isfinite(V).all()
    assert (V >= 0).all()
    for F in (found.W, found.H):
        assert np.isfinite(F).all()
        assert (F >= 0).all()
    assert np.isfinite(found.objective)


@pytest.mark.parametrize("shape", [(0, 5), (5, 0), (0, 0), (5,), (), (2, 3, 4)])
def test_sets_without_numbers_or_of_other_dimensions(shape):
    with pytest.raises(InvalidInputError, match="V"):
        visnmf.factorize(np.ones(shape), 1)


@pytest.mark.parametrize("rank", [0, -1, 1.5, "2", None, np.nan, 10**9, True])
def test_ranks_that_make_no_sense(rank):
    with pytest.raises(InvalidInputError, match="rank"):
        visnmf.factorize(np.ones((4, 5)), rank)


@pytest.mark.parametrize(
    "V", [np.full((3, 3), "a"), np.full((3, 3), None), np.ones((3, 3), complex), "text", object()]
)
def test_what_is_no_array_of_numbers(V):
    with pytest.raises(VisnmfError):
        visnmf.factorize(V, 1)


@QUICK
@given(
    shape=st.sampled_from([(2, 3, 4), (1, 1, 1), (3, 4, 5, 3), (2, 4, 4, 1), (2, 3, 3, 7)]),
    dtype=st.sampled_from(DTYPES),
    mode=st.sampled_from(["gray", "rgb", "keep"]),
    lay=st.sampled_from(["rows", "big endian", "read only", "backwards"]),
)
def test_pictures_in_any_array(shape, dtype, mode, lay):
    plain = np.random.default_rng(1).integers(0, 2, shape).astype(dtype)
    flat = LAYS[lay](plain.reshape(shape[0], -1)).reshape(shape)
    try:
        images = visnmf.load_images(flat, mode=mode)
    except VisnmfError:
        return
    assert len(images) == shape[0]
    assert images.V.dtype == np.float32
    assert 0 <= images.V.min() <= images.V.max() <= 1
    if mode == "keep":
        back = images.layout.to_original(images.to_images())
        np.testing.assert_allclose(back.reshape(shape), plain.astype(float), atol=1e-3)
