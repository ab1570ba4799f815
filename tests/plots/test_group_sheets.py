import numpy as np
import pytest

from visnmf import ImageLayout, Model, Pictures, plots
from visnmf.errors import InvalidInputError
from visnmf.tasks import Groups

VALUES = (10, 20, 30, 40, 50)
PICTURES = Pictures([np.full((8, 8), v / 255, np.float32) for v in VALUES])
# The first group holds 40, 10, 30 from the most typical on, the second 20 and 50
FOUND = Groups(np.array([0, 1, 0, 0, 1]), np.array([0.5, 0.9, 0.4, 0.8, 0.3]), np.array([2, 0]))
PARTS = Model(np.eye(64)[:, :3], ImageLayout(8, 8))


def line(figure, row, rows, places):
    """The gray values in the middle of the tiles of a row."""
    pixels = figure.axes[0].images[0].get_array()[..., 0]
    y = int((row + 0.5) * len(pixels) / rows)
    return [int(pixels[y, int((k + 0.5) * pixels.shape[1] / places)]) for k in range(places)]


def test_the_most_typical_first_in_every_row():
    figure = plots.groups(PICTURES, FOUND, side=24)
    assert line(figure, 0, 2, 3) == [40, 10, 30]
    assert line(figure, 1, 2, 3) == [20, 50, 255]
    told = [text.get_text() for text in figure.axes[0].texts]
    assert told == ["group 1\n3 pictures", "group 2\n2 pictures"]


def test_the_part_stands_before_its_group():
    figure = plots.groups(PICTURES, FOUND, parts=PARTS, side=24, max_images=2)
    pixels = figure.axes[0].images[0].get_array()[..., 0]
    first = pixels[:24, :24]
    assert first[1, 7] == 255, "the only pixel of part 2"
    assert (first == 255).sum() == 9
    assert line(figure, 0, 2, 3)[1:] == [40, 10]


def test_no_more_groups_than_asked_for():
    figure = plots.groups(PICTURES, FOUND, max_groups=1)
    assert len(figure.axes[0].texts) == 1


def test_one_group_at_full_length():
    figure = plots.group_sheet(PICTURES, FOUND, 0, max_images=2, side=24)
    assert figure.axes[0].texts[0].get_text() == "group 1: 3 pictures, the 2 most typical"
    pixels = figure.axes[0].images[0].get_array()[..., 0]
    assert (pixels == 30).sum() == 0
    assert (pixels == 40).sum() == (pixels == 10).sum() == 24 * 24
    whole = plots.group_sheet(PICTURES, FOUND, 1)
    assert whole.axes[0].texts[0].get_text() == "group 2: 2 pictures"


def test_bad_input_is_refused():
    with pytest.raises(InvalidInputError, match="5 pictures were grouped, got 4"):
        plots.groups(PICTURES[:4], FOUND)
    with pytest.raises(InvalidInputError, match="no group 2"):
        plots.group_sheet(PICTURES, FOUND, 2)
    with pytest.raises(InvalidInputError, match="other parts"):
        plots.groups(PICTURES, FOUND, parts=Model(np.eye(64)[:, :2], ImageLayout(8, 8)))
    with pytest.raises(InvalidInputError, match="at least 1"):
        plots.groups(PICTURES, FOUND, max_images=0)


def test_anomalies_show_the_oddest_first():
    W = np.zeros((64, 1))
    W[:32] = 1
    model = Model(W, ImageLayout(8, 8))
    V = np.zeros((64, 3), np.float32)
    V[:32] = 0.5
    V[32:, 1] = 0.5  # half of it is not explained
    V[32:, 2] = 1
    from visnmf import ImageSet

    images = ImageSet(V, ImageLayout(8, 8), ["all.png", "half.png", "most.png"])
    figure = plots.anomalies(model, images, n=2)
    told = [text.get_text() for text in figure.axes[0].texts]
    assert "most\n89 %" in told
    assert "half\n71 %" in told
    assert not any("all" in text for text in told)
    with pytest.raises(InvalidInputError, match="n must be .* at least 1"):
        plots.anomalies(model, images, n=0)
