import numpy as np
import pytest
from skimage.feature import daisy

from visnmf.features import Daisy

SMALL = {"radius": 4, "rings": 2, "histograms": 3, "orientations": 4}


def noise(*shape, seed=0):
    return np.random.default_rng(seed).random(shape, np.float32)


def test_points_inside_are_those_of_scikit_image():
    picture = noise(31, 26)
    extractor = Daisy(5, norm=None, **SMALL)
    points = extractor.fit_transform(picture[None]).reshape(7, 6, 28)
    # 31 pixels hold 7 points from pixel 0 to 30; 26 hold 6, from 0 to 25.
    everywhere = daisy(picture, step=1, normalization="off", **SMALL)
    for row, column in [(2, 2), (3, 3), (4, 2)]:
        np.testing.assert_allclose(
            points[row, column], everywhere[5 * row - 4, 5 * column - 4], rtol=1e-3
        )


@pytest.mark.parametrize(("norm", "order"), [("l1", 1), ("l2", 2)])
def test_descriptors_have_length_one_but_flat_places_none(norm, order):
    picture = noise(20, 40)
    picture[:, 20:] = 0.5
    extractor = Daisy(10, norm=norm, **SMALL)
    points = extractor.fit_transform(picture[None]).reshape(2, 4, 28)
    length = np.linalg.norm(points, order, axis=2)
    np.testing.assert_allclose(length[:, 0], 1, atol=0.02)
    assert length[:, 3].max() < 0.05


def test_light_on_the_right_of_a_drawn_ray():
    # Dark left, light right: the edge goes up, seen with the light on its right.
    picture = np.repeat([0.0, 1.0], 8) * np.ones((16, 1))
    extractor = Daisy(16, radius=4, rings=1, histograms=1, orientations=8)
    bins = extractor.fit_transform(picture[None]).reshape(2, 8)
    assert bins[0].argmax() == 4
    strongest = np.zeros((16, 1), np.float32)
    strongest[4] = 1
    drawn = extractor.draw(strongest)[0]
    bright = np.argwhere(drawn > 0.5)
    middle = np.array(drawn.shape) / 2
    assert (bright[:, 0] <= middle[0] + 3).all(), "up"
    assert np.ptp(bright[:, 0]) > 3 * np.ptp(bright[:, 1])
