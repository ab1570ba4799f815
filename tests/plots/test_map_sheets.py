import numpy as np
import pytest
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure

from visnmf import ImageLayout, ImageSet, Pictures, plots
from visnmf.errors import InvalidInputError
from visnmf.features import PatchEncoder
from visnmf.plots.tones import HUES


def edges(side=20):
    """A picture that is dark to the left, light to the right, with a little noise to learn from."""
    picture = np.random.default_rng(0).random((side, side), np.float32) * 0.02
    picture[:, side // 2 :] += 0.9
    return picture


@pytest.fixture(scope="module")
def encoder():
    """Two parts by hand: an upright edge and a level one, darker first."""
    fitted = PatchEncoder(2, patch_size=4, n_patches=200, max_iter=1).fit([edges()])
    step = np.where(np.arange(4) < 2, -1, 1) * np.ones((4, 1))
    halves = [np.concatenate([s.clip(0).ravel(), (-s).clip(0).ravel()]) for s in (step, step.T)]
    fitted.components_ = (np.array(halves) / 4).astype(np.float32)
    return fitted


def sheet_of(figure):
    assert isinstance(figure, Figure)
    assert figure._repr_png_().startswith(b"\x89PNG")
    return np.asarray(figure.axes[0].images[0].get_array())


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts]


def tile_of(sheet, index, columns, side=20):
    """The tile in the upper row, a pixel for each of the picture's."""
    zoom = int(760 / 1.04 / (columns * side))
    pitch = zoom * side + max(1, zoom * side // 24)
    tile = sheet[: zoom * side, index * pitch : index * pitch + zoom * side]
    return tile[zoom // 2 :: zoom, zoom // 2 :: zoom] / 255


def orange(tile):
    return (tile[..., 0] - tile[..., 2]) / (to_rgb(HUES[0])[0] - to_rgb(HUES[0])[2])


def test_the_picture_comes_first_and_parts_fire_where_they_are(encoder):
    figure = plots.feature_maps(encoder, edges(), [0, 1], columns=3)
    sheet = sheet_of(figure)
    assert texts(figure) == ["", "part 1", "part 2"]
    np.testing.assert_allclose(tile_of(sheet, 0, 3)[..., 0], edges() / edges().max(), atol=0.01)
    upright = orange(tile_of(sheet, 1, 3))
    middle = upright[2:-2].mean(axis=0)
    # Patches whose middle is at the edge hold it: their middle lies between two pixels
    assert middle[9:11].max() > 0.9
    assert middle[:7].max() < 0.05
    assert middle[13:].max() < 0.05
    assert (orange(tile_of(sheet, 0, 3)) == 0).all(), "the picture itself is not colored"


def test_the_parts_of_most_energy_are_chosen(encoder):
    maps = encoder.feature_maps([edges()])[0]
    first = int(np.square(maps).sum(axis=(0, 1)).argmax())
    figure = plots.feature_maps(encoder, edges(), max_parts=1, names=["upright", "level"])
    assert texts(figure) == ["", ["upright", "level"][first]]
    assert first == 0


def test_turning_the_picture_turns_the_part(encoder):
    figure = plots.feature_maps(encoder, edges().T, max_parts=1)
    assert texts(figure) == ["", "part 2"]


def test_the_part_is_drawn_below_in_diverging_tones(encoder):
    sheet = sheet_of(plots.feature_maps(encoder, edges(), [0], columns=2)).astype(int)
    zoom = int(760 / 1.04 / 40)
    below = sheet[zoom * 20 :, zoom * 20 + 2 :]
    blue = np.argwhere(below[..., 2] > below[..., 0] + 50)
    red = np.argwhere(below[..., 0] > below[..., 2] + 50)
    assert len(blue) == len(red) > 100
    assert blue[:, 1].max() < red[:, 1].min(), "dark is left of light"


def test_all_kinds_of_one_picture(encoder):
    expected = sheet_of(plots.feature_maps(encoder, edges()))
    layout = ImageLayout(20, 20)
    images = ImageSet(layout.to_columns(edges()[None]), layout, ["step"])
    for kind in (Pictures([edges()], ["step"]), images):
        figure = plots.feature_maps(encoder, kind)
        np.testing.assert_array_equal(sheet_of(figure), expected)
        assert texts(figure)[0] == "step"
    np.testing.assert_array_equal(
        sheet_of(plots.feature_maps(encoder, edges()[..., None])), expected
    )


@pytest.mark.parametrize("options", [{"stride": 3}, {"grid": 1}, {"contrast": "pixels"}], ids=str)
@pytest.mark.parametrize("shape", [(9, 30), (23, 8, 3), (300, 260)], ids=str)
def test_other_encoders_and_pictures_of_other_shapes(options, shape):
    picture = np.random.default_rng(0).random(shape)
    fitted = PatchEncoder(3, patch_size=4, n_patches=200, max_iter=1, **options).fit([picture])
    figure = plots.feature_maps(fitted, picture, max_parts=2)
    assert orange(sheet_of(figure) / 255).max() > 0.9
    assert len(texts(figure)) == 3


def test_a_basis_of_an_encoder_shows_its_parts_as_patches(encoder, tmp_path):
    figure = plots.basis(encoder, columns=2, names=True)
    sheet = sheet_of(figure).astype(int)
    assert texts(figure) == ["part 1", "part 2"]
    assert sheet[5, 5, 2] > sheet[5, 5, 0], "dark is blue"
    assert sheet[5, sheet.shape[1] // 2 - 20, 0] > sheet[5, sheet.shape[1] // 2 - 20, 2]
    plots.save_montage(tmp_path / "parts.png", encoder)
    assert (tmp_path / "parts.png").stat().st_size > 100


def test_color_of_either_sign_is_shown_around_middle_gray():
    W = np.array([[0.5, -1.0, 0.0]]).T
    sheet = sheet_of(plots.basis(W, ImageLayout(1, 1, 3)))
    np.testing.assert_array_equal(np.unique(sheet.reshape(-1, 3), axis=0), [[191, 0, 128]])


def test_what_cannot_be_shown(encoder):
    with pytest.raises(InvalidInputError, match="shows one picture, got 2"):
        plots.feature_maps(encoder, Pictures([edges(), edges()]))
    with pytest.raises(InvalidInputError, match="uses none of the parts"):
        plots.feature_maps(encoder, np.ones((9, 9)))
    with pytest.raises(InvalidInputError, match="parts must be of 0 to 1"):
        plots.feature_maps(encoder, edges(), [2])
    with pytest.raises(InvalidInputError, match="parts must be indices"):
        plots.feature_maps(encoder, edges(), [0.5])
    with pytest.raises(InvalidInputError, match="max_parts must be"):
        plots.feature_maps(encoder, edges(), max_parts=0)
    with pytest.raises(InvalidInputError, match="got 1 names for 2 parts"):
        plots.feature_maps(encoder, edges(), names=["one"])
    with pytest.raises(InvalidInputError, match="smaller than a patch"):
        plots.feature_maps(encoder, np.ones((3, 9)))
