import numpy as np
import pytest
from skimage.feature import hog

from visnmf.features import HOG


def noise(*shape, seed=0):
    return np.random.default_rng(seed).random(shape, np.float32)


def edge(degrees, side=24):
    """A straight edge whose gradient points so many degrees from rightwards to downwards."""
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    angle = np.deg2rad(degrees)
    return 1 / (1 + np.exp(-2 * (x * np.cos(angle) + y * np.sin(angle))))


@pytest.mark.parametrize(
    ("degrees", "bin_of_9"), [(0.1, 0), (10, 0), (30, 1), (90, 4), (190.1, 0), (170, 8)]
)
def test_an_edge_falls_in_the_bin_of_its_gradient(degrees, bin_of_9):
    extractor = HOG(9, cell=24, norm="L1")
    bins = extractor.fit_transform(edge(degrees)[None])[0]
    assert bins.argmax() == bin_of_9
    assert bins[bin_of_9] > 0.5


def test_turning_a_picture_turns_cells_and_orientations():
    picture = noise(16, 12)
    extractor = HOG(8, cell=4)
    cells = extractor.fit_transform(picture[None]).reshape(4, 3, 8)
    turned = extractor.fit_transform(np.rot90(picture)[None]).reshape(3, 4, 8)
    np.testing.assert_allclose(turned, np.roll(np.rot90(cells), 4, axis=2), atol=1e-5)


def test_a_cell_is_the_mean_of_its_copies():
    picture = noise(16, 16)
    cells = HOG(6, cell=4, block=2).fit_transform(picture[None]).reshape(4, 4, 6)
    options = {"orientations": 6, "pixels_per_cell": (4, 4), "cells_per_block": (2, 2)}
    blocks = hog(picture, **options, feature_vector=False)
    copies = [blocks[1 - i, 1 - j, i, j] for i in (0, 1) for j in (0, 1)]
    np.testing.assert_allclose(cells[1, 1], np.mean(copies, axis=0), atol=1e-6)
    np.testing.assert_allclose(cells[0, 0], blocks[0, 0, 0, 0], atol=1e-6)
    alone = HOG(6, cell=4, block=1).fit_transform(picture[None]).reshape(4, 4, 6)
    options["cells_per_block"] = (1, 1)
    np.testing.assert_allclose(alone, hog(picture, **options, feature_vector=False)[:, :, 0, 0])


def test_pictures_are_continued_to_whole_cells_without_an_edge():
    ramp = np.linspace(0, 1, 10) * np.ones((1, 10, 1))
    cells = HOG(4, cell=8, norm="L1").fit_transform(ramp).reshape(2, 2, 4)
    np.testing.assert_allclose(cells[..., 1:], 0, atol=1e-6)
    np.testing.assert_allclose(cells, cells[::-1, ::-1], atol=1e-5)


def test_a_drawing_described_again_gives_the_bin_that_was_drawn():
    extractor = HOG(9, cell=8)
    extractor.fit(noise(1, 8, 8))
    drawn = extractor.draw(np.eye(9))
    assert min(drawn.shape[1:]) >= 16
    again = HOG(9, cell=drawn.shape[1], norm="L1").fit_transform(drawn)
    np.testing.assert_array_equal(again.argmax(axis=1), np.arange(9))


def test_drawn_lines_lie_in_their_cell_and_are_as_bright_as_their_bin():
    extractor = HOG(4, cell=4)
    extractor.fit(noise(1, 8, 12))
    column = np.zeros((2, 3, 4), np.float32)
    column[1, 2, 3] = 0.7
    drawn = extractor.draw(column.reshape(-1, 1))[0]
    side = drawn.shape[0] // 2
    assert drawn.shape == (2 * side, 3 * side)
    assert drawn.max() == pytest.approx(0.7)
    drawn[side:, 2 * side :] = 0
    assert (drawn == 0).all()
