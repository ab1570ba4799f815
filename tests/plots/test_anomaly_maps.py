import numpy as np
import pytest

from visnmf import Pictures, plots
from visnmf.errors import InvalidInputError
from visnmf.tasks import map_scores

SIZES = [(30, 40), (40, 25), (36, 36), (20, 40)]


@pytest.fixture
def pictures():
    gray = [np.full(size, 0.4, np.float32) for size in SIZES]
    return Pictures(gray, ["a/plain.png", "odd", "odder", "flat"])


@pytest.fixture
def maps():
    """The second and the third have an odd corner."""
    found = [np.full(size, 2.0) for size in SIZES]
    found[1][:10, :10], found[2][:10, :10] = 5.0, 8.0
    return found


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def drawn(figure):
    return np.asarray(figure.axes[0].images[0].get_array()).astype(int)


def test_the_oddest_come_first_with_their_scores(pictures, maps):
    figure = plots.anomaly_maps(pictures, maps, n=3)
    scores = map_scores(maps)
    assert texts(figure) == [f"odder  {scores[2]:.2f}", f"odd  {scores[1]:.2f}", "plain  2.00"]


def test_color_lies_where_it_is_odd_and_nowhere_else(pictures, maps):
    pixels = drawn(plots.anomaly_maps(pictures[[2]], [maps[2]], side=144))
    assert pixels.shape == (144, 2 * 144 + 3, 3)
    colorful = np.ptp(pixels, axis=2) > 10
    left, right = colorful[:, :144], colorful[:, 147:]
    assert not left.any()
    assert right[:36, :36].all()
    assert not right[48:].any()
    assert not right[:, 48:].any()


def test_all_maps_share_one_scale(pictures, maps):
    """What is 8 is as strong as it gets in all of the sheet; what is 5 is paler."""
    both = drawn(plots.anomaly_maps(pictures[[1, 2]], [maps[1], maps[2]], side=100))
    alone = drawn(plots.anomaly_maps(pictures[[1]], [maps[1]], side=100))

    def darkest(pixels):
        return pixels[np.ptp(pixels, axis=2) > 10].sum(axis=1).min()

    first, second = both[: len(both) // 2], both[len(both) // 2 :]
    assert darkest(first) == darkest(both) == darkest(alone)
    assert darkest(second) > darkest(first) + 30
    figure = plots.anomaly_maps(pictures, maps)
    ticks = [label.get_text() for label in figure.axes[1].get_yticklabels()]
    assert ticks == ["2\nusual", "8"]


def test_pictures_of_all_sizes_and_colors(maps):
    rng = np.random.default_rng(0)
    color = Pictures([rng.random((*size, 3)).astype(np.float32) for size in SIZES])
    figure = plots.anomaly_maps(color, maps)
    assert max(figure.get_size_inches()) < 14
    assert np.ptp(drawn(figure), axis=2).max() > 100
    large = Pictures([np.zeros((900, 1200), np.float32), np.zeros((3, 4), np.float32)])
    figure = plots.anomaly_maps(large, [np.zeros((900, 1200)), np.ones((3, 4))])
    assert max(figure.get_size_inches()) < 14


def test_maps_without_anything_odd_are_drawn(pictures):
    flat = [np.full(size, 2.0) for size in SIZES]
    pixels = drawn(plots.anomaly_maps(pictures, flat))
    assert np.ptp(pixels, axis=2).max() <= 10


@pytest.mark.parametrize(
    ("which", "changes", "options", "what"),
    [
        ([0, 1], {}, {}, "4 maps for 2 pictures"),
        ([0, 1, 2, 3], {2: np.ones((3, 3))}, {}, r"picture odder is 36 x 36; .*\(3, 3\)"),
        ([0, 1, 2, 3], {0: np.full((30, 40), np.nan)}, {}, "not finite"),
        ([0, 1, 2, 3], {}, {"n": 0}, "n must be .* at least 1"),
    ],
)
def test_bad_input_is_refused(pictures, maps, which, changes, options, what):
    for i, other in changes.items():
        maps[i] = other
    with pytest.raises(InvalidInputError, match=what):
        plots.anomaly_maps(pictures[which], maps, **options)
