import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from visnmf.errors import InvalidInputError
from visnmf.features import join_signs, split_signs

signed = arrays.arrays(
    st.sampled_from([np.float32, np.float64]),
    arrays.array_shapes(min_dims=1, max_dims=3, min_side=0, max_side=4),
    elements=st.floats(-4, 4, width=32),
)


@given(signed, st.integers(-1, 0))
def test_halves_are_apart_and_join_to_what_was_split(V, axis):
    halves = split_signs(V, axis)
    assert halves.dtype == V.dtype
    assert halves.shape[axis] == 2 * V.shape[axis]
    on, off = np.split(halves, 2, axis=axis)
    assert (on >= 0).all()
    assert (off >= 0).all()
    assert (on * off == 0).all()
    np.testing.assert_array_equal(join_signs(halves, axis), V)


def test_on_comes_first_and_columns_stay_contiguous():
    V = np.asfortranarray([[1.0, -2.0], [-3.0, 0.0]])
    halves = split_signs(V)
    np.testing.assert_array_equal(halves, [[1, 0], [0, 0], [0, 2], [3, 0]])
    assert halves.flags.f_contiguous


def test_whole_numbers_do_not_overflow():
    np.testing.assert_array_equal(split_signs(np.array([-128], np.int8)), [0, 128])
    np.testing.assert_array_equal(split_signs(np.array([255], np.uint8)), [255, 0])


def test_parts_of_both_signs_join_to_their_difference():
    np.testing.assert_array_equal(join_signs([[3.0], [1.0], [1.0], [1.0]]), [[2.0], [0.0]])


def test_bad_input_is_refused():
    with pytest.raises(InvalidInputError, match="odd length along axis 0"):
        join_signs(np.ones((3, 2)))
    with pytest.raises(InvalidInputError, match="no axis 2"):
        split_signs(np.ones((3, 2)), axis=2)
    with pytest.raises(InvalidInputError, match="real numbers"):
        split_signs([1j])
