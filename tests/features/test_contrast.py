import numpy as np
import pytest

from visnmf.features.contrast import Contrast

ONOFF, PLAIN = Contrast("onoff", 0.0), Contrast("pixels", 0.0)
each = pytest.mark.parametrize("contrast", [ONOFF, PLAIN, Contrast("onoff", 0.05)], ids=str)


def noise(*shape, seed=0):
    return np.random.default_rng(seed).random(shape, np.float32)


def test_on_and_off_halves_by_hand():
    seen = ONOFF.see(np.array([[0.5, 0.1, 0.3, 0.3]], np.float32))
    root = np.sqrt(0.5)
    np.testing.assert_allclose(seen.values, [[root, 0, 0, 0, 0, root, 0, 0]], atol=1e-6)
    np.testing.assert_allclose(seen.mean, [[0.3]], rtol=1e-6)
    np.testing.assert_allclose(seen.scale, [[np.sqrt(0.08)]], rtol=1e-6)
    assert ONOFF.length(4) == 8
    assert PLAIN.length(4) == 4


@each
def test_showing_gives_back_what_was_seen(contrast):
    patches = noise(50, 12) - (0.5 if contrast.kind == "onoff" else 0)
    seen = contrast.see(patches)
    assert seen.values.dtype == np.float32
    assert seen.values.min() >= 0
    assert seen.values.shape == (50, contrast.length(12))
    np.testing.assert_allclose(contrast.show(seen), patches, atol=2e-6)


@each
def test_a_pattern_far_above_the_floor_has_length_one(contrast):
    lengths = np.linalg.norm(contrast.see(1000 * noise(20, 9)).values, axis=1)
    np.testing.assert_allclose(lengths, 1, atol=1e-5)


def test_a_pattern_at_the_floor_is_shrunk_by_root_two():
    deviation = np.array([[1, -1, 1, -1]], np.float32)
    seen = Contrast("onoff", 0.03).see(0.5 + 0.03 * deviation)
    assert np.linalg.norm(seen.values) == pytest.approx(np.sqrt(0.5), rel=1e-4)


def test_light_does_not_count_and_without_a_floor_neither_does_contrast():
    patches = noise(30, 25)
    for floor in (0.0, 0.05):
        contrast = Contrast("onoff", floor)
        expected = contrast.see(patches).values
        np.testing.assert_allclose(contrast.see(patches + 0.7).values, expected, atol=1e-5)
    np.testing.assert_allclose(ONOFF.see(7 * patches).values, ONOFF.see(patches).values, atol=1e-5)


# No mean of 0.1 or 0.7 is exact: what is left after it must not be taken for a pattern
@pytest.mark.parametrize("value", [0.0, 0.1, 0.7, 1 / 3, 255.0])
@pytest.mark.parametrize("size", [7, 36, 121])
def test_a_flat_patch_has_no_contrast_at_all(value, size):
    for floor in (0.0, 0.03):
        seen = Contrast("onoff", floor).see(np.full((3, size), value, np.float32))
        assert not seen.values.any()
        np.testing.assert_array_equal(seen.mean, np.float32(value))
