"""W H in whole numbers: exact, whatever the order of sums."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visnmf.archive.fixed_point import check_sums, fix_scales, rebuild, weighted
from visnmf.errors import InvalidInputError


def by_python(parts, scales, Q, shift, peak):
    sums = parts.T.astype(object) * 1 @ (scales[:, None].astype(object) * Q.astype(object))
    half = 2 ** (shift - 1) if shift else 0
    return np.array([[min((int(s) + half) >> shift, peak) for s in column] for column in sums.T])


@given(st.integers(0, 2**32 - 1), st.integers(0, 30), st.sampled_from([255, 65535]))
def test_equals_whole_numbers_of_python(seed, shift, peak):
    rng = np.random.default_rng(seed)
    parts = rng.integers(0, 256, (4, 7))
    scales = rng.integers(1, 65536, 4)
    Q = rng.integers(0, 300, (4, 5))
    check_sums(parts, scales, Q.max(axis=1), shift)
    found = rebuild(weighted(parts, scales), Q, shift, peak)
    assert found.dtype == (np.uint8 if peak == 255 else np.uint16)
    np.testing.assert_array_equal(found, by_python(parts, scales, Q, shift, peak))
    np.testing.assert_array_equal(rebuild(weighted(parts, scales), Q[:, 2], shift, peak), found[2])


def test_order_of_parts_changes_nothing():
    rng = np.random.default_rng(0)
    parts, scales = rng.integers(0, 4000, (60, 50)), rng.integers(1, 65536, 60)
    Q = rng.integers(0, 900, (60, 20))
    order = rng.permutation(60)
    check_sums(parts, scales, Q.max(axis=1), 16)
    one = rebuild(weighted(parts, scales), Q, 16, 65535)
    other = rebuild(weighted(parts[order], scales[order]), Q[order], 16, 65535)
    np.testing.assert_array_equal(one, other)


def test_sums_beyond_what_is_exact_are_refused():
    parts = np.full((100, 3), 65535)
    with pytest.raises(InvalidInputError, match=r"beyond the .* to which whole numbers are exact"):
        check_sums(parts, np.full(100, 65535), 65535, 0)
    check_sums(parts, np.full(100, 65535), 1, 0)


@given(st.lists(st.floats(1e-6, 6e4), min_size=1, max_size=20))
def test_scales_keep_sixteen_bits_of_the_largest(scales):
    fixed, shift = fix_scales(np.array(scales))
    assert fixed.min() >= 1
    assert fixed.max() <= 65535
    largest = np.argmax(scales)
    assert fixed[largest] / 2.0**shift == pytest.approx(
        scales[largest], rel=3e-5 if shift < 40 else 1
    )
