import numpy as np
import pytest

from visnmf import ImageLayout, Model, plots
from visnmf.errors import InvalidInputError

LAYOUT = ImageLayout(4, 5)
RNG = np.random.default_rng(2)
PARTS = np.repeat(np.eye(4)[:, ::-1], 5, axis=0)  # rows of the picture, the lowest first


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def sheet_of(figure):
    return np.asarray(figure.axes[0].images[0].get_array())


class TestMatchedParts:
    def test_pairs_go_by_their_cosine(self):
        order = [2, 0, 3, 1]
        noise = np.array([0.3, 0.0, 0.1, 0.2]) * RNG.random((20, 4))
        second = PARTS[:, order] * 7 + noise
        figure = plots.matched_parts(PARTS, second, LAYOUT)
        written = texts(figure)
        assert written[0] == "1 | 2"  # no noise at all
        assert set(written[:4]) == {"1 | 2", "4 | 3", "2 | 4", "3 | 1"}
        cosines = [float(text) for text in written[4:]]
        assert cosines[0] == 1
        assert cosines == sorted(cosines, reverse=True)
        figure._repr_png_()

    def test_the_two_of_a_pair_stand_side_by_side(self):
        figure = plots.matched_parts(PARTS, PARTS[:, ::-1], LAYOUT, columns=4)
        sheet = sheet_of(figure)
        # Each tile is a black part with one white row: look at the left and right half of a pair.
        quarter = sheet.shape[1] // 4
        for pair in range(4):
            tile = sheet[: sheet.shape[0], pair * quarter : (pair + 1) * quarter, 0]
            black = np.flatnonzero((tile == 0).any(axis=0))
            left, right = black[: len(black) // 2], black[len(black) // 2 :]
            assert right[0] - left[-1] > 1
            np.testing.assert_array_equal(tile[:, left], tile[:, right])

    def test_those_left_over_come_last_alone(self):
        figure = plots.matched_parts(PARTS, PARTS[:, [3, 1]], LAYOUT)
        assert texts(figure)[:4] == ["2 | 2", "4 | 1", "1 | –", "3 | –"]
        assert texts(figure)[4:] == ["1.00", "1.00", "", ""]
        other = plots.matched_parts(PARTS[:, [3, 1]], PARTS, LAYOUT, max_pairs=3)
        assert texts(other)[2] == "– | 1"
        assert set(texts(other)[:2]) == {"1 | 4", "2 | 2"}

    def test_models_bring_their_layout(self):
        models = Model(PARTS, LAYOUT), Model(PARTS[:, ::-1], LAYOUT)
        assert len(texts(plots.matched_parts(*models))) == 8

    @pytest.mark.parametrize(
        ("first", "second", "options", "message"),
        [
            (PARTS, PARTS[:7], {}, r"\(20, rank\) is needed"),
            (PARTS, -PARTS, {}, "second holds values below zero"),
            (PARTS, PARTS, {"max_pairs": 0}, "max_pairs"),
        ],
    )
    def test_what_cannot_be_matched(self, first, second, options, message):
        with pytest.raises(InvalidInputError, match=message):
            plots.matched_parts(first, second, LAYOUT, **options)
