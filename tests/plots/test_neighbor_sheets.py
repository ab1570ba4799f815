import numpy as np
import pytest

from visnmf import Pictures, plots
from visnmf.errors import InvalidInputError
from visnmf.plots.tiles import fit_tiles, shortened
from visnmf.tasks import Neighbors

PAPER = 255


def found(indices, names=None):
    indices = np.asarray(indices)
    similarities = np.linspace(1, 0.5, indices.size, dtype=np.float32).reshape(indices.shape)
    return Neighbors(indices, similarities, names or [["x"] * indices.shape[1]] * len(indices))


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def shades(figure):
    """The gray values of the tiles from left to right, in the first row and the last."""
    pixels = figure.axes[0].images[0].get_array()
    rows = []
    for y in (5, len(pixels) - 5):
        line = pixels[y, :, 0].tolist()
        rows.append([a for a, b in zip(line, [None, *line], strict=False) if a != b])
    return [[v for v in row if v != PAPER] for row in rows]


class TestNeighbors:
    KNOWN = Pictures([np.full((8, 8), value / 255, np.float32) for value in (10, 20, 30, 40)])
    ASKED = Pictures([np.full((8, 8), v / 255, np.float32) for v in (100, 200)], ["a/one.png", "b"])

    def test_each_query_stands_before_what_was_found(self):
        figure = plots.neighbors(self.ASKED, found([[3, 0, 1], [2, 1, 0]]), self.KNOWN, side=16)
        assert shades(figure) == [[100, 40, 10, 20], [200, 30, 20, 10]]
        assert texts(figure) == ["one", "1.00", "0.90", "0.80", "b", "0.70", "0.60", "0.50"]

    def test_no_more_than_so_many_queries(self):
        figure = plots.neighbors(self.ASKED, found([[3], [2]]), self.KNOWN, max_queries=1)
        assert texts(figure) == ["one", "1.00"]

    def test_pictures_of_all_sizes_and_colors_stand_side_by_side(self):
        sizes = [(300, 40, 3), (5, 9, 3), (1, 1, 3), (60, 60, 3)]
        known = Pictures([np.zeros(size, np.float32) for size in sizes])
        figure = plots.neighbors(self.ASKED[:1], found([[0, 1, 2, 3]]), known)
        assert max(figure.get_size_inches()) < 12

    @pytest.mark.parametrize(
        ("indices", "options", "what"),
        [
            ([[1]], {}, "does not fit 2 queries"),
            ([[1], [4]], {}, "names picture 4, but there are 4"),
            ([[1], [2]], {"max_queries": 0}, "max_queries must be .* at least 1"),
        ],
    )
    def test_bad_input_is_refused(self, indices, options, what):
        with pytest.raises(InvalidInputError, match=what):
            plots.neighbors(self.ASKED, found(indices), self.KNOWN, **options)


class TestTiles:
    def test_each_in_its_proportions_and_in_the_middle(self):
        wide, small = np.zeros((20, 80), np.float32), np.zeros((2, 3, 1), np.float32)
        tiles = fit_tiles([wide, small], 40)
        assert tiles.shape == (2, 26, 39 + 1, 3)
        black = tiles[..., 0] == 0
        assert black[0].sum() == 10 * 40
        assert black[1].sum() == 26 * 39
        assert black[0, 8:18].all()

    def test_channels(self):
        color = np.zeros((4, 4, 3), np.float32)
        color[..., 0] = 2
        two = np.stack([np.zeros((4, 4)), np.ones((4, 4))], axis=2).astype(np.float32)
        tiles = fit_tiles([color, two], 4)
        assert tiles[0, 0, 0].tolist() == [255, 0, 0]
        assert tiles[1, 0, 0].tolist() == [128] * 3

    def test_names(self):
        assert shortened("photos/me.jpg", 12) == "me"
        assert shortened("a_very_long_name_00012.png", 12) == "a_ve…e_00012"
        assert shortened("x\x1b[1m", 12) == "x?[1m"
        assert len(shortened("y" * 100, 9)) == 9
