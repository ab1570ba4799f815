"""What is left over a base brings levels back, exactly or within the bound."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from visnmf.archive.residual import leave_over, put_back


@given(st.integers(0, 2**32 - 1), st.integers(0, 40), st.sampled_from([np.uint8, np.uint16]))
def test_bound_holds(seed, bound, dtype):
    rng = np.random.default_rng(seed)
    peak = np.iinfo(dtype).max
    levels = rng.integers(0, peak + 1, 300).astype(dtype)
    base = rng.integers(0, peak + 1, 300).astype(dtype)
    levels[:4], base[:4] = [0, peak, 0, peak], [peak, 0, 0, peak]
    for under in (base, None):
        step = 2 * bound + 1
        stored = leave_over(levels, under, step)
        assert stored.dtype == dtype
        back = put_back(stored, under, step)
        assert back.dtype == dtype
        assert np.abs(back.astype(int) - levels).max() <= bound


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16])
def test_every_pair_of_levels_comes_back(dtype):
    values = np.arange(256, dtype=dtype) * (1 if dtype == np.uint8 else 257)
    levels, base = (a.ravel() for a in np.meshgrid(values, values))
    np.testing.assert_array_equal(put_back(leave_over(levels, base, 1), base, 1), levels)


def test_a_good_base_leaves_little():
    rng = np.random.default_rng(0)
    levels = rng.integers(20, 200, 1000).astype(np.uint8)
    base = (levels + rng.integers(-2, 3, 1000)).astype(np.uint8)
    assert np.ptp(leave_over(levels, base, 1)) <= 4
    assert np.ptp(leave_over(levels, base, 5)) == 0
