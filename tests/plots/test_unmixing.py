import numpy as np
import pytest
from matplotlib.colors import to_hex, to_rgb

from visnmf import plots
from visnmf.errors import InvalidInputError
from visnmf.plots.tones import LINES, MASKED

RNG = np.random.default_rng(5)
MAPS = RNG.dirichlet([1, 1, 1], (7, 9))
SPECTRA = RNG.random((3, 12))


def picture(figure, place):
    return np.asarray(figure.axes[place].images[0].get_array())


class TestAbundances:
    def test_maps_are_gray_from_zero_to_one(self):
        figure = plots.abundances(MAPS, SPECTRA)
        for k in range(3):
            expected = np.rint(255 * MAPS[:, :, k])
            np.testing.assert_array_equal(picture(figure, k)[..., 1], expected)
        figure._repr_png_()

    def test_above_one_the_largest_of_all_is_white(self):
        figure = plots.abundances(MAPS * [1, 3, 1] / MAPS.max(axis=(0, 1)), SPECTRA)
        assert picture(figure, 0).max() == 85
        assert picture(figure, 1).max() == 255

    def test_mixed_pixels_add_the_colors_of_the_lines(self):
        maps = np.zeros((1, 3, 3))
        maps[0, :2] = np.eye(3)[:2]
        maps[0, 2] = [0.5, 0.5, 0]
        mixed = picture(plots.abundances(maps, SPECTRA), 3)[0]
        pure = np.array([to_rgb(color) for color in LINES[:2]])
        np.testing.assert_allclose(mixed[:2], 255 * pure, atol=0.5)
        np.testing.assert_allclose(mixed[2], 255 * pure.mean(axis=0), atol=1)

    def test_spectra_are_over_their_wavelengths_in_the_color_of_the_title(self):
        at = np.linspace(400, 900, 12)
        figure = plots.abundances(
            MAPS, SPECTRA, wavelengths=at, truth=SPECTRA + 1, names=["soil", "$tree", "water"]
        )
        axes = figure.axes[-1]
        assert axes.get_xlabel() == "wavelength, nm"
        lines = axes.get_lines()
        assert len(lines) == 6
        for k in range(3):
            found, true = lines[2 * k : 2 * k + 2]
            np.testing.assert_array_equal(found.get_xdata(), at)
            np.testing.assert_array_equal(found.get_ydata(), SPECTRA[k])
            np.testing.assert_array_equal(true.get_ydata(), SPECTRA[k] + 1)
            title = figure.axes[k].title
            assert title.get_text() == found.get_label() == ["soil", "$tree", "water"][k]
            assert to_hex(found.get_color()) == to_hex(title.get_color())
        figure._repr_png_()

    def test_bands_are_counted_from_one(self):
        axes = plots.abundances(MAPS, SPECTRA).axes[-1]
        assert axes.get_xlabel() == "band"
        np.testing.assert_array_equal(axes.get_lines()[0].get_xdata(), np.arange(1, 13))

    def test_what_is_not_known(self):
        maps = MAPS.copy()
        maps[2, 3] = np.nan
        figure = plots.abundances(maps, SPECTRA)
        for place in range(4):
            assert (picture(figure, place)[2, 3] == MASKED).all()

    def test_many_materials_have_rows_and_no_mixture(self):
        figure = plots.abundances(RNG.random((5, 4, 12)), RNG.random((12, 8)))
        assert len(figure.axes) == 13
        shown = {(line.get_color(), line._unscaled_dash_pattern) for line in figure.axes[-1].lines}
        assert len(shown) == 12
        figure._repr_png_()

    @pytest.mark.parametrize(
        ("maps", "options", "message"),
        [
            (MAPS[..., 0], {}, "need maps"),
            (MAPS[..., :2], {}, "need maps"),
            (-MAPS, {}, "0 or more"),
            (MAPS, {"wavelengths": [1, 2]}, "need wavelengths"),
            (MAPS, {"truth": SPECTRA.T}, "truth"),
            (MAPS, {"names": ["a"]}, "1 names for 3 materials"),
        ],
    )
    def test_what_does_not_fit(self, maps, options, message):
        with pytest.raises(InvalidInputError, match=message):
            plots.abundances(maps, SPECTRA, **options)
