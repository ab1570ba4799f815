import numpy as np
import pytest

import visnmf
from visnmf import NMF, plots
from visnmf.errors import InvalidInputError
from visnmf.features import HOG, ColorHistogram, OnOff


def pixels_of(figure):
    (axes,) = figure.axes
    return np.asarray(axes.images[0].get_array())


def noise(*shape):
    return np.random.default_rng(0).random(shape, np.float32)


def test_all_sources_of_parts_give_one_sheet():
    hog = HOG(4, cell=6)
    features = hog.to_image_set(noise(8, 12, 12))
    model = visnmf.learn(features, 3, seed=0)
    nmf = NMF(3, random_state=0).fit(features)
    nmf.components_ = model.W.T
    on_rows = NMF(3, random_state=0).fit(features.V.T)
    on_rows.components_ = model.W.T
    expected = pixels_of(plots.feature_parts(model.W, hog))
    for source in (model, nmf, on_rows):
        np.testing.assert_array_equal(pixels_of(plots.feature_parts(source, hog)), expected)


def test_each_tile_is_what_the_extractor_draws():
    hog = HOG(4, cell=6)
    hog.fit(noise(1, 12, 12))
    W = np.eye(16, 2, dtype=np.float32) * 0.3
    sheet = pixels_of(plots.feature_parts(W, hog, columns=1))
    drawn = hog.draw(W) / 0.3
    tiles = np.rint(255 * drawn).astype(np.uint8)
    height = tiles.shape[1]
    zoom = sheet.shape[1] // tiles.shape[2]
    np.testing.assert_array_equal(sheet[: zoom * height : zoom, ::zoom, 0], tiles[0])


def test_contrast_is_blue_below_zero_and_red_above():
    onoff = OnOff().fit(noise(1, 4, 4))
    W = np.zeros((4, 4, 2))
    W[0, 0, 0] = W[3, 3, 1] = 1
    sheet = pixels_of(plots.feature_parts(W.reshape(-1, 1), onoff)).astype(int)
    assert sheet[0, 0, 0] > sheet[0, 0, 2]
    assert sheet[-1, -1, 0] < sheet[-1, -1, 2]


def test_true_colors_stay_as_they_are():
    colors = ColorHistogram(2).fit(noise(1, 4, 4, 3))
    W = np.zeros((8, 1))
    W[4] = 0.01
    sheet = pixels_of(plots.feature_parts(W, colors))
    assert (sheet.reshape(-1, 3) == np.rint(255 * colors.swatches_[4])).all(axis=1).mean() > 0.9


def test_names_and_the_first_parts_only():
    hog = HOG(4, cell=6)
    features = hog.to_image_set(noise(8, 12, 12))
    model = visnmf.learn(features, 3, seed=0)
    figure = plots.feature_parts(model, hog, names=True, max_parts=2)
    assert [text.get_text() for text in figure.axes[0].texts] == model.part_names[:2]


def test_what_does_not_fit_is_refused():
    hog = HOG(4, cell=6)
    with pytest.raises(InvalidInputError, match="is not fitted"):
        plots.feature_parts(np.ones((16, 2)), hog)
    hog.fit(noise(1, 12, 12))
    with pytest.raises(InvalidInputError, match="do not fit a layout of 16 values"):
        plots.feature_parts(np.ones((9, 2)), hog)
    with pytest.raises(InvalidInputError, match="max_parts"):
        plots.feature_parts(np.ones((16, 2)), hog, max_parts=0)
    with pytest.raises(InvalidInputError, match="an extractor of visnmf.features"):
        plots.feature_parts(np.ones((16, 2)), "hog")
