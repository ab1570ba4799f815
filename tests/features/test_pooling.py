import numpy as np
import pytest

from visnmf.features.pooling import POOLINGS, join_pooled, pool_rows

each = pytest.mark.parametrize("kind", POOLINGS)
TAKES = {"mean": np.mean, "max": np.max}


def codes(*shape, seed=0):
    return np.random.default_rng(seed).random(shape, np.float32)


@each
def test_cells_by_hand(kind):
    H = codes(2, 6, 4, 3)
    pooled = pool_rows(H, 0, 6, (2,), kind)
    assert pooled.shape == (2, 4, 3)
    cells = [H[:, :3, :2], H[:, :3, 2:], H[:, 3:, :2], H[:, 3:, 2:]]
    expected = np.stack([TAKES[kind](cell, axis=(1, 2)) for cell in cells], axis=1)
    np.testing.assert_allclose(pooled, expected, rtol=1e-5)


@each
def test_cells_that_do_not_divide_cover_each_place_once(kind):
    H = np.zeros((1, 7, 5, 1), np.float32)
    for y, x in np.ndindex(7, 5):
        H[:] = 0
        H[0, y, x] = 1
        assert (pool_rows(H, 0, 7, (3,), kind) > 0).sum() == 1


@each
def test_levels_of_a_pyramid_stand_one_after_the_other(kind):
    H = codes(3, 9, 8, 2)
    pooled = pool_rows(H, 0, 9, (1, 2, 4), kind)
    assert pooled.shape == (3, 21, 2)
    for level, part in zip((1, 2, 4), np.split(pooled, (1, 5), axis=1), strict=True):
        np.testing.assert_array_equal(part, pool_rows(H, 0, 9, (level,), kind))
    np.testing.assert_allclose(pooled[:, 0], TAKES[kind](H, axis=(1, 2)), rtol=1e-5)


@each
@pytest.mark.parametrize("few", [1, 2, 5])
def test_strips_join_to_the_whole(kind, few):
    H = codes(1, 11, 6, 4)
    whole = pool_rows(H, 0, 11, (1, 3), kind)
    joined = np.zeros_like(whole)
    for first in range(0, 11, few):
        join_pooled(joined, pool_rows(H[:, first : first + few], first, 11, (1, 3), kind), kind)
    np.testing.assert_allclose(joined, whole, rtol=1e-5)


@each
@pytest.mark.parametrize("size", [(1, 1), (2, 3), (3, 1)])
def test_where_cells_are_smaller_than_a_place_the_nearest_one_counts(kind, size):
    H = 1 + codes(1, *size, 2)
    pooled = pool_rows(H, 0, size[0], (4,), kind).reshape(4, 4, 2)
    assert pooled.min() >= 1, "no cell is empty"
    np.testing.assert_allclose(pooled[0, 0], H[0, 0, 0], rtol=1e-6)
    np.testing.assert_allclose(pooled[3, 3], H[0, -1, -1], rtol=1e-6)
