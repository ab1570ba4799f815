import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from visnmf.errors import InvalidInputError
from visnmf.features import ColorHistogram


def noise(*shape, seed=0):
    return np.random.default_rng(seed).random(shape, np.float32)


@settings(max_examples=30, deadline=None)
@given(
    size=st.tuples(st.integers(1, 9), st.integers(1, 9)),
    channels=st.sampled_from([1, 3]),
    space=st.sampled_from(["rgb", "hsv", "lab"]),
    joint=st.booleans(),
    grid=st.integers(1, 4),
)
def test_shares_of_each_cell_sum_to_one(size, channels, space, joint, grid):
    picture = 1.4 * noise(*size, channels) - 0.2
    colors = ColorHistogram(3, space=space, joint=joint, grid=grid)
    cells = colors.fit_transform([picture]).reshape(grid, grid, -1)
    count = 3**channels if joint else 3 * channels
    assert cells.shape[2] == count
    np.testing.assert_allclose(cells.sum(axis=2), 1, rtol=1e-5)


def test_joint_counts_are_those_of_numpy():
    picture = noise(12, 10, 3)
    rows = ColorHistogram((4, 2, 3)).fit_transform([picture])
    counts, _ = np.histogramdd(picture.reshape(-1, 3), bins=(4, 2, 3), range=[(0, 1)] * 3)
    np.testing.assert_allclose(rows[0], counts.ravel() / 120, rtol=1e-6)


def test_channels_by_themselves_are_margins_of_the_joint_ones():
    picture = noise(12, 10, 3)
    joint = ColorHistogram(4, space="hsv").fit_transform([picture]).reshape(4, 4, 4)
    alone = ColorHistogram(4, space="hsv", joint=False).fit_transform([picture]).reshape(3, 4)
    for channel, margin in enumerate(alone):
        others = tuple(axis for axis in range(3) if axis != channel)
        np.testing.assert_allclose(3 * margin, joint.sum(axis=others), rtol=1e-5)


def test_a_cell_is_the_histogram_of_its_part_and_place_does_not_count_within():
    picture = noise(8, 12, 3)
    cells = ColorHistogram(3, grid=2).fit_transform([picture]).reshape(2, 2, -1)
    alone = ColorHistogram(3).fit_transform([picture[4:, :6], picture[4:, :6][::-1]])
    np.testing.assert_array_equal(cells[1, 0], alone[0])
    np.testing.assert_array_equal(alone[0], alone[1])


@pytest.mark.parametrize("space", ["rgb", "hsv", "lab"])
@pytest.mark.parametrize("joint", [True, False])
def test_a_swatch_falls_in_its_own_bin(space, joint):
    colors = ColorHistogram(3, space=space, joint=joint).fit(noise(1, 4, 4, 3))
    swatches = colors.swatches_
    assert swatches.shape == (len(colors.get_feature_names_out()), 3)
    rows = colors.transform(swatches[:, None, None, :])
    # Not all boxes of L*a*b* hold colors of a screen; those that do must hold their own.
    own = np.diag(rows) > 0
    assert own.all() if space != "lab" else own.sum() >= (8 if joint else 7)


def test_grays_lie_together_in_lab():
    grays = np.linspace(0.4, 0.6, 8).reshape(1, 1, 8, 1).repeat(3, axis=3)
    rows = ColorHistogram(3, space="lab").fit_transform(grays + 0.004 * noise(1, 1, 8, 3))
    assert rows.max() == 1


def test_a_stack_is_as_high_as_its_share_with_dark_below():
    colors = ColorHistogram(2).fit(noise(1, 4, 4, 3))
    part = np.zeros((8, 1))
    part[0], part[7] = 0.25, 0.75
    drawn = colors.draw(part)[0]
    dark = (drawn == np.float32(0.25)).all(axis=2)
    light = (drawn == np.float32(0.75)).all(axis=2)
    assert dark.sum() / (dark.sum() + light.sum()) == pytest.approx(0.25, abs=0.01)
    assert np.argwhere(dark)[:, 0].min() > np.argwhere(light)[:, 0].max()
    np.testing.assert_array_equal(colors.draw(3 * part)[0], drawn)
    assert (colors.draw(0 * part) == 1).all(), "nothing is white paper"


def test_many_channels_are_counted_but_not_drawn():
    colors = ColorHistogram(2, joint=False)
    assert colors.fit_transform(noise(2, 4, 4, 5)).shape == (2, 10)
    with pytest.raises(InvalidInputError, match="5 channels have no colors"):
        colors.draw(np.ones((10, 1)))


@pytest.mark.parametrize(
    ("options", "channels", "message"),
    [
        ({"bins": (2, 3)}, 3, "one for each of the 3 channel"),
        ({"bins": (2, 0, 2)}, 3, "at least one bin"),
        ({"bins": 2.5}, 3, "bins"),
        ({"bins": 100}, 3, "100 x 100 x 100 bins are too many"),
        ({"space": "hsv"}, 4, 'of 4 channels need "rgb"'),
    ],
)
def test_what_makes_no_sense_is_refused(options, channels, message):
    with pytest.raises(ValueError, match=message):
        ColorHistogram(**options).fit(noise(1, 4, 4, channels))
