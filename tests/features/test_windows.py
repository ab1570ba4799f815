import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visnmf.features.windows import Windows


@st.composite
def windows(draw):
    """Places in a picture at least as large as a patch, with every pixel under one of them."""
    size = draw(st.integers(1, 5)), draw(st.integers(1, 5))
    shape = (
        draw(st.integers(size[0], 14)),
        draw(st.integers(size[1], 14)),
        draw(st.integers(1, 3)),
    )
    return Windows(shape, size, draw(st.integers(1, min(size))))


def picture(places, seed=0):
    return np.random.default_rng(seed).random(places.shape, np.float32)


@settings(deadline=None, max_examples=60)
@given(windows())
def test_what_is_cut_and_laid_is_the_picture(places):
    given = picture(places)
    patches = places.cut(given)
    assert patches.shape == (len(places), places.size[0] * places.size[1] * places.shape[2])
    np.testing.assert_allclose(places.lay(patches), given, atol=1e-6)


@settings(deadline=None, max_examples=30)
@given(windows(), st.integers(0, 2**16))
def test_weights_that_differ_change_nothing_where_patches_agree(places, seed):
    rng = np.random.default_rng(seed)
    given = picture(places)
    patches = places.cut(given)
    weights = rng.uniform(0.5, 2, len(patches)).astype(np.float32)
    np.testing.assert_allclose(places.lay(patches, weights), given, atol=1e-5)


@settings(deadline=None, max_examples=30)
@given(windows(), st.integers(1, 4))
def test_sums_over_strips_are_sums_over_all(places, few):
    patches = np.random.default_rng(0).random((len(places), places.cut(picture(places)).shape[1]))
    weights = 1 + np.arange(len(places), dtype=np.float32) % 3
    whole = places.sums(patches.astype(np.float32), weights)
    joined = [np.zeros_like(part) for part in whole]
    down, across = places.grid
    for first in range(0, down, few):
        rows = slice(first, min(first + few, down))
        chosen = slice(rows.start * across, rows.stop * across)
        strips = places.sums(patches[chosen].astype(np.float32), weights[chosen], rows)
        for total, strip in zip(joined, strips, strict=True):
            total[places.rows[first] : places.rows[first] + len(strip)] += strip
    for total, part in zip(joined, whole, strict=True):
        np.testing.assert_allclose(total, part, rtol=1e-5)


def test_patches_are_where_rows_and_columns_say():
    places = Windows((9, 8, 2), (4, 3), 2)
    given = picture(places)
    np.testing.assert_array_equal(places.rows, [0, 2, 4, 5])
    np.testing.assert_array_equal(places.columns, [0, 2, 4, 5])
    patches = places.cut(given).reshape(4, 4, 4, 3, 2)
    for i, j in np.ndindex(4, 4):
        y, x = places.rows[i], places.columns[j]
        np.testing.assert_array_equal(patches[i, j], given[y : y + 4, x : x + 3])
    strip = places.cut(given, slice(1, 3)).reshape(2, 4, 4, 3, 2)
    np.testing.assert_array_equal(strip, patches[1:3])


def test_a_stride_beyond_the_patch_leaves_gaps_that_are_zero():
    places = Windows((7, 3, 1), (1, 3), 3)
    np.testing.assert_array_equal(places.rows, [0, 3, 6])
    laid = places.lay(places.cut(np.ones(places.shape, np.float32)))[:, 0, 0]
    np.testing.assert_array_equal(laid, [1, 0, 0, 1, 0, 0, 1])


def test_overlapping_patches_are_averaged_by_weight():
    places = Windows((1, 3, 1), (1, 2), 1)
    patches = np.array([[1, 1], [4, 4]], np.float32)
    np.testing.assert_allclose(places.lay(patches)[0, :, 0], [1, 2.5, 4])
    weights = np.array([1, 2], np.float32)
    np.testing.assert_allclose(places.lay(patches, weights)[0, :, 0], [1, 3, 4])
    nothing = places.lay(patches, np.array([0, 1], np.float32))
    np.testing.assert_allclose(nothing[0, :, 0], [0, 4, 4])


@pytest.mark.parametrize("stride", [1, 3, 50])
def test_a_picture_of_one_patch_has_one(stride):
    places = Windows((4, 4, 1), (4, 4), stride)
    assert len(places) == 1
    np.testing.assert_array_equal(places.cut(picture(places))[0], picture(places).ravel())
