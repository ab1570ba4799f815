import numpy as np
import pytest
from scipy.ndimage import gaussian_filter

from visnmf.features import OnOff


def noise(*shape, seed=0):
    return np.random.default_rng(seed).random(shape, np.float32)


@pytest.mark.parametrize("channels", [(), (3,)])
@pytest.mark.parametrize("center", [0.0, 0.8])
def test_joined_it_is_the_difference_of_gaussians(channels, center):
    pictures = noise(2, 14, 11, *channels)
    onoff = OnOff(1.5, center=center)
    drawn = onoff.draw(onoff.fit_transform(pictures).T)

    def blurred(sigma):
        sigmas = (0, sigma, sigma, *(0,) * len(channels))
        return gaussian_filter(pictures.astype(np.float64), sigmas, mode="mirror", truncate=4.5)

    assert drawn.shape == pictures.shape
    np.testing.assert_allclose(drawn, blurred(center) - blurred(1.5), atol=2e-3)


def test_one_of_the_two_is_zero_and_a_negative_swaps_them():
    pictures = noise(2, 10, 10)
    onoff = OnOff()
    halves = onoff.fit_transform(pictures).reshape(2, 10, 10, 2)
    assert (halves.min(axis=3) == 0).all()
    swapped = onoff.transform(1 - pictures).reshape(2, 10, 10, 2)
    np.testing.assert_allclose(swapped, halves[..., ::-1], atol=1e-6)


def test_normalized_contrast_does_not_depend_on_the_light():
    pictures = noise(2, 20, 20)
    onoff = OnOff(normalize=True)
    expected = onoff.fit_transform(pictures)
    np.testing.assert_allclose(onoff.transform(0.1 * pictures + 0.3), expected, atol=1e-3)
    weak, strong = OnOff().fit(pictures).transform(0.1 * pictures), OnOff().fit_transform(pictures)
    np.testing.assert_allclose(10 * weak, strong, atol=1e-5)


def test_noise_of_rounding_is_not_blown_up():
    flat = 0.5 + 1e-6 * noise(1, 20, 20)
    assert OnOff(normalize=True).fit_transform(flat).max() < 1e-2
