"""What is refused, and in which words."""

import numpy as np
import pytest
import scipy.sparse
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from visnmf import factorize
from visnmf.errors import InvalidInputError
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
        (scipy.sparse.csr_array(GOOD), "sparse.*toarray"),
        (np.full((4, 5), 1e30, np.float32), "scale V down"),
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
        ({"init": "kmeans"}, "init='kmeans' is not known; use one of auto, random"),
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
