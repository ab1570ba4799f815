"""What is refused, and in which words."""

from types import SimpleNamespace

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from visnmf import factorize
from visnmf.errors import InvalidInputError
from visnmf.solve.edge import check_room, columns_of
from visnmf.solve.encode import encode

GOOD = np.ones((4, 5))


def spoiled(value):
    V = GOOD.copy()
    V[1, 2] = value
    return V


@pytest.mark.parametrize(
    ("V", "message"),
    [
        (spoiled(-0.5), r"down to -0\.5.*at least 0"),
        (spoiled(np.nan), "1 entries that are NaN or infinite"),
        (spoiled(np.inf), "1 entries that are NaN or infinite"),
        (np.ones(5), r"two dimensions.*\(5,\)"),
        (np.ones((2, 3, 4)), "load_images"),
        (np.ones((0, 5)), r"empty.*\(0, 5\)"),
        (GOOD.astype(complex), "real numbers.*complex"),
        (GOOD.astype(object), "real numbers.*object"),
        (np.full((4, 5), "a"), "real numbers"),
        ([[1, 2], [3]], "not an array of numbers"),
        (scipy.sparse.csr_array(-GOOD), "negative"),
        (np.full((4, 5), 1e90), "scale V first"),
    ],
)
def test_a_v_that_cannot_be_used(V, message):
    with pytest.raises(InvalidInputError, match=message):
        factorize(V, 2)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"rank": 0}, "rank must be a whole number of at least 1, not 0"),
        ({"rank": 2.5}, "rank"),
        ({"rank": True}, "rank"),
        ({"rank": "auto"}, "rank"),
        ({"max_iter": 0}, "max_iter"),
        ({"tol": -1}, "tol"),
        ({"tol": np.nan}, "tol"),
        ({"change": "x"}, "change"),
        ({"time_limit": -1}, "time_limit"),
        ({"sweeps": 0}, "sweeps"),
        ({"init": "k-means"}, "init='k-means' is not known; use one of auto, random"),
        ({"warmup": "yes"}, "warmup"),
        ({"kernels": "fortran"}, "kernels"),
        ({"rank": 9, "init": "nndsvd"}, r"rank <= min\(m, n\)"),
        ({"W": np.ones((4, 2))}, "both W and H"),
        ({"W": np.ones((4, 3)), "H": np.ones((2, 5))}, r"W has shape \(4, 3\)"),
        ({"W": np.ones((4, 2)), "H": -np.ones((2, 5))}, "H holds negative"),
    ],
)
def test_settings_that_cannot_be_used(settings, message):
    with pytest.raises(InvalidInputError, match=message):
        factorize(GOOD, **({"rank": 2} | settings))


def test_parts_that_do_not_fit_the_images():
    with pytest.raises(InvalidInputError, match="4 pixels a column, but the parts W have 3"):
        encode(GOOD, np.ones((3, 2)))


@settings(max_examples=60, deadline=None)
@given(
    V=hnp.arrays(
        st.sampled_from([np.float32, np.float64, np.uint8, np.uint16]),
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=12),
        elements=st.integers(0, 200),
    ),
    rank=st.integers(1, 14),
)
def test_any_small_matrix_is_factorized(V, rank):
    result = factorize(V, rank, max_iter=10)
    assert (result.W >= 0).all()
    assert (result.H >= 0).all()
    assert result.W.shape == (len(V), rank)
    assert np.linalg.norm(V - result.W @ result.H) <= np.linalg.norm(V.astype(float)) * 1.001


@settings(max_examples=60, deadline=None)
@given(
    V=hnp.arrays(
        st.sampled_from([np.float32, np.float64]),
        hnp.array_shapes(min_dims=2, max_dims=2, max_side=9),
        elements=st.floats(0, 1, width=16),
    ),
    rank=st.integers(1, 10),
    given_start=st.booleans(),
    options=st.fixed_dictionaries(
        {
            "init": st.sampled_from(["auto", "random"]),
            "warmup": st.sampled_from(["none", "sample", "low rank", "both"]),
            "sweeps": st.integers(1, 9),
            "extrapolate": st.booleans(),
            "tol": st.sampled_from([0.0, 1e-3]),
            "change": st.sampled_from([0.0, 1e-3]),
            "max_iter": st.integers(1, 25),
        }
    ),
)
def test_any_settings_give_a_true_report(V, rank, given_start, options):
    m, n = V.shape
    start = {"W": np.ones((m, rank)), "H": np.eye(rank, n)} if given_start else {}
    result = factorize(V, rank, **options, **start)
    exact = V.astype(float) - result.W.astype(float) @ result.H.astype(float)
    close = 1e-5 * np.linalg.norm(V) ** 2 + 1e-30
    assert abs(result.objective - 0.5 * (exact**2).sum()) <= close
    assert result.n_iter == sum(record.phase == "V" for record in result.history)
    assert 1 <= result.n_iter <= options["max_iter"]
    assert result.reason in ("kkt", "change", "max_iter", "precision")
    assert np.isfinite(result.kkt)


def test_an_error_of_the_settings_comes_before_any_work():
    seen = []
    with pytest.raises(InvalidInputError):
        factorize(GOOD, 2, sweeps=0, callback=seen.append)
    assert not seen


def test_errors_are_value_errors_too():
    with pytest.raises(ValueError, match="negative"):
        factorize(-GOOD, 2)


@pytest.mark.parametrize(
    ("V", "W", "message"),
    [
        (-GOOD, np.ones((4, 2)), "V holds negative"),
        (GOOD, -np.ones((4, 2)), "W holds negative"),
        (GOOD, np.full((4, 2), np.nan), "W holds 8 entries that are NaN"),
        (GOOD, np.ones(4), "W must have two dimensions"),
    ],
)
def test_encode_refuses_as_factorize_does(V, W, message):
    with pytest.raises(InvalidInputError, match=message):
        encode(V, W)
    with pytest.raises(InvalidInputError, match="kernels"):
        encode(GOOD, GOOD, kernels="fortran")


def test_a_rank_that_this_machine_cannot_hold_is_told_with_figures(monkeypatch):
    needed = 100 * (10**9 + 100) * 8  # W' of 100 rows and W'W, in float64
    monkeypatch.setattr("visnmf.solve.edge.memory_of_machine", lambda: needed)
    check_room(100, 10**9, 8)
    monkeypatch.setattr("visnmf.solve.edge.memory_of_machine", lambda: 24 * 2**30)
    with pytest.raises(InvalidInputError, match=r"rank=100 takes 745 GiB .* machine has 24;"):
        check_room(100, 10**9, 8)
    monkeypatch.setattr("visnmf.solve.edge.memory_of_machine", lambda: needed - 1)
    with pytest.raises(InvalidInputError, match="far fewer parts"):
        check_room(100, 10**9, 8)
    monkeypatch.setattr("visnmf.solve.edge.memory_of_machine", lambda: None)
    check_room(10**9, 10**9, 8)


def test_only_sets_of_images_give_their_columns():
    images = SimpleNamespace(V=GOOD, layout=None)
    assert columns_of(images) is GOOD
    for other in (GOOD, SimpleNamespace(V=GOOD), SimpleNamespace(layout=None), None):
        assert columns_of(other) is other
