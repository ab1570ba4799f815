import numpy as np
import pytest

from visnmf.features import Gabor


def waves(frequency, angle, side=72, phase=0.7):
    y, x = np.mgrid[:side, :side]
    along = x * np.cos(angle) + y * np.sin(angle)
    return 0.5 + 0.4 * np.sin(2 * np.pi * frequency * along + phase)


@pytest.mark.parametrize("i", range(3))
@pytest.mark.parametrize("j", range(6))
def test_energy_peaks_at_the_frequency_and_direction_of_the_waves(i, j):
    gabor = Gabor(grid=3)
    picture = waves(gabor.frequencies[i], j * np.pi / 6)
    energy = gabor.fit_transform(picture[None]).reshape(3, 3, 3, 6)[1, 1]
    assert np.unravel_index(energy.argmax(), (3, 6)) == (i, j)
    assert energy.max() == pytest.approx(0.2, rel=0.05), "half of the amplitude"
    shifted = waves(gabor.frequencies[i], j * np.pi / 6, phase=2.0)
    again = gabor.transform(shifted[None]).reshape(3, 3, 3, 6)[1, 1]
    np.testing.assert_allclose(again, energy, atol=0.01)


def test_energy_is_where_the_waves_are_and_grows_with_contrast():
    picture = np.full((64, 64), 0.5)
    picture[:32, 32:] = waves(0.25, 0, side=32)
    gabor = Gabor((0.25,), orientations=1, grid=2)
    energy = gabor.fit_transform(picture[None])
    assert energy.argmax() == 1
    np.testing.assert_allclose(gabor.transform(0.5 * picture[None]), 0.5 * energy, atol=1e-6)


def test_turning_a_picture_turns_cells_and_directions():
    picture = np.random.default_rng(0).random((24, 24), np.float32)
    gabor = Gabor((0.2,), orientations=4, grid=2)
    cells = gabor.fit_transform(picture[None]).reshape(2, 2, 4)
    turned = gabor.transform(np.rot90(picture)[None]).reshape(2, 2, 4)
    np.testing.assert_allclose(turned, np.roll(np.rot90(cells), 2, axis=2), atol=1e-5)


def test_pictures_brought_to_one_size_first():
    picture = waves(0.1, 0, side=60)
    gabor = Gabor((0.1, 0.2), orientations=1, grid=1)
    assert gabor.fit_transform(picture[None]).argmax() == 0
    assert gabor.set_params(size=(30, 30)).fit_transform(picture[None]).argmax() == 1


def test_a_drawing_described_again_gives_the_direction_that_was_drawn():
    gabor = Gabor((0.05, 0.1), orientations=6, grid=1)
    gabor.fit(np.zeros((1, 9, 9)))
    drawn = gabor.draw(np.eye(12))
    shrunk = drawn[:, ::4, ::4]
    again = gabor.transform(shrunk).reshape(12, 2, 6)
    np.testing.assert_array_equal(again.sum(axis=1).argmax(axis=1), np.tile(np.arange(6), 2))


@pytest.mark.parametrize("frequencies", [(), (0.1, 0.5), (-0.1,), "high"])
def test_frequencies_that_no_picture_holds(frequencies):
    with pytest.raises(ValueError, match="frequencies"):
        Gabor(frequencies).fit(np.zeros((1, 9, 9)))
