import numpy as np
import pytest
from matplotlib.colors import to_rgb

from visnmf import ImageLayout, Model, plots
from visnmf.errors import InvalidInputError
from visnmf.plots.part_maps import _hues
from visnmf.plots.tones import HUES, MASKED

LAYOUT = ImageLayout(4, 6)
PALETTE = np.rint(255 * np.array([to_rgb(hue) for hue in HUES]))


def stripes(rank=3):
    """Parts that are upright stripes, the same width each."""
    columns = np.arange(6) * rank // 6
    return np.stack([np.tile(columns == k, 4) for k in range(rank)], axis=1).astype(float)


def tile(figure, layout=LAYOUT, number=0):
    """Return a pixel of the sheet for each pixel of a tile."""
    sheet = np.asarray(figure.axes[0].images[0].get_array())
    zoom = sheet.shape[0] // layout.height
    start = sheet.shape[1] - zoom * layout.width if number else 0
    return sheet[zoom // 2 :: zoom, start + zoom // 2 :: zoom][:, : layout.width]


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def legend(figure):
    return [text.get_text() for text in figure.axes[0].get_legend().get_texts()]


class TestPartsMap:
    def test_each_pixel_has_the_color_of_its_strongest_part(self):
        model = Model(stripes(), LAYOUT, part_names=["left", "middle", "$right"])
        figure = plots.parts_map(model)
        np.testing.assert_array_equal(tile(figure), np.tile(PALETTE[[0, 0, 1, 1, 2, 2]], (4, 1, 1)))
        assert legend(figure) == model.part_names
        figure._repr_png_()

    def test_weak_is_darker_and_nothing_is_black(self):
        W = stripes()
        W[0, 0], W[12, 0] = 0.5, 0.001  # the left column from above: 0.5, 1, next to none, 1
        left = tile(plots.parts_map(W, LAYOUT))[:, 0].astype(float)
        assert (left[2] == 0).all()
        assert (left[0] <= left[1]).all()
        np.testing.assert_allclose(left[0], (0.3 + 0.7 * 0.5**0.5) * left[1], atol=1)

    def test_scale_says_what_parts_are_compared_by(self):
        W = np.stack([np.full(24, 1.0), np.full(24, 5.0)], axis=1)
        W[3, 1] = 50
        W[:, 1] += np.linspace(0, 40, 24)
        common = tile(plots.parts_map(W, LAYOUT, scale="common"))
        assert (common.argmax(axis=2) == PALETTE[1].argmax()).all()
        each = tile(plots.parts_map(W, LAYOUT))
        assert (each[0, 0] == PALETTE[0]).all()

    def test_a_picture_weighs_parts_by_what_it_uses(self):
        W = np.ones((24, 2))
        picture = np.ones((4, 6))
        for used, h in enumerate(([2.0, 1.0], [1.0, 2.0])):
            figure = plots.parts_map(W, LAYOUT, image=picture, H=h)
            assert (tile(figure, number=1) == PALETTE[used]).all()
            assert (tile(figure) == 255).all()

    def test_parts_that_touch_differ_in_color(self):
        rank = 24
        layout = ImageLayout(24, 24)
        rng = np.random.default_rng(0)
        centers = rng.random((rank, 2)) * 24
        places = np.indices((24, 24)).reshape(2, -1).T
        owner = np.square(places[:, None] - centers).sum(axis=2).argmin(axis=1)
        W = np.eye(rank)[owner]
        figure = plots.parts_map(W, layout)
        seen = tile(figure, layout)
        owner = owner.reshape(24, 24)
        for a, b in ((np.s_[1:], np.s_[:-1]), (np.s_[:, 1:], np.s_[:, :-1])):
            border = owner[a] != owner[b]
            assert (seen[a][border] != seen[b][border]).any(axis=1).all()
        assert set(texts(figure)) == {str(k + 1) for k in range(rank)}
        assert texts(plots.parts_map(W, layout, numbers=False)) == []

    def test_a_number_lies_on_its_part(self):
        W = stripes(6).repeat(2, axis=1)  # pairs share a stripe: the first one of each wins
        figure = plots.parts_map(W, LAYOUT)
        zoom = figure.axes[0].images[0].get_array().shape[0] / 4
        for text in figure.axes[0].texts:
            x, y = text.get_position()
            assert W[int(y / zoom) * 6 + int(x / zoom), int(text.get_text()) - 1] == 1
        assert texts(figure) == ["1", "3", "5", "7", "9", "11"]

    def test_colors_repeat_only_where_they_must(self):
        winner = np.arange(14)[None]
        hues = _hues(winner, np.ones_like(winner, dtype=bool), 14)
        assert sorted(np.bincount(hues)) == [2] * 7

    def test_hidden_parts_are_nowhere(self):
        model = Model(stripes(), LAYOUT)
        model.hidden = np.array([False, True, False])
        expected = np.tile(PALETTE[[0, 0, 1, 1, 2, 2]], (4, 1, 1))
        expected[:, 2:4] = 0
        np.testing.assert_array_equal(tile(plots.parts_map(model)), expected)

    def test_what_the_mask_leaves_out(self):
        mask = np.ones((4, 6), dtype=bool)
        mask[0, 0] = False
        figure = plots.parts_map(stripes()[mask.ravel()], ImageLayout(4, 6, mask=mask))
        assert (tile(figure)[0, 0] == MASKED).all()

    def test_parts_of_zeros_do(self):
        assert (tile(plots.parts_map(np.zeros((24, 2)), LAYOUT)) == 0).all()

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"scale": "all"}, "scale=.all. is not known"),
            ({"H": [1, 1, 1]}, "give image too"),
            ({"image": np.ones((2, 2))}, "2"),
        ],
    )
    def test_what_does_not_fit(self, options, message):
        with pytest.raises(InvalidInputError, match=message):
            plots.parts_map(stripes(), LAYOUT, **options)


class TestChosenOverlay:
    def test_named_parts_are_shown_whether_used_or_not(self):
        figure = plots.overlay(stripes(), np.zeros((4, 6)), LAYOUT, which=[2, 0])
        assert legend(figure) == ["part 3", "part 1"]
        seen = tile(figure, number=1)
        assert (seen[:, 4:].argmax(axis=2) == PALETTE[0].argmax()).all()
        assert (seen[:, 2:4] == 0).all()

    def test_an_outline_runs_around_the_part_and_hides_nothing(self):
        picture = np.random.default_rng(0).random((4, 6))
        figure = plots.overlay(stripes(), picture, LAYOUT, which=[1], style="outline")
        np.testing.assert_array_equal(tile(figure), tile(figure, number=1))
        (lines,) = figure.axes[0].collections
        sheet = figure.axes[0].images[0].get_array()
        zoom = sheet.shape[0] // 4
        start = sheet.shape[1] - 6 * zoom
        places = np.concatenate([path.vertices for path in lines.get_paths()])
        np.testing.assert_allclose(places[:, 0].min(), start + 2 * zoom, atol=1)
        np.testing.assert_allclose(places[:, 0].max(), start + 4 * zoom, atol=1)
        assert places[:, 1].min() >= 0
        assert places[:, 1].max() <= 4 * zoom

    @pytest.mark.parametrize("which", [[], [3], [-1], [0.5], list(range(8))])
    def test_parts_that_are_not_there(self, which):
        with pytest.raises(InvalidInputError, match="which must be 1 to 7 numbers"):
            plots.overlay(stripes(), np.ones((4, 6)), LAYOUT, which=which)

    def test_no_such_style(self):
        with pytest.raises(InvalidInputError, match="style=.dots. is not known"):
            plots.overlay(stripes(), np.ones((4, 6)), LAYOUT, style="dots")
