"""What every extractor keeps to, whatever its features are."""

import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

import visnmf
from visnmf import NMF, ImageLayout, ImageSet
from visnmf.errors import InvalidInputError
from visnmf.features import HOG, ColorHistogram, Daisy, Gabor, OnOff, Pixels
from visnmf.images.pictures import Pictures

EXTRACTORS = [
    Pixels(),
    OnOff(),
    OnOff(surround=1.5, center=0.5, normalize=True),
    HOG(4, cell=3),
    Gabor((0.12, 0.25), orientations=2, grid=2),
    Daisy(4, radius=3, rings=1, histograms=3, orientations=4),
    ColorHistogram(3, grid=2),
    ColorHistogram(3, joint=False),
]
SIZED = EXTRACTORS[:4] + EXTRACTORS[5:6]
ANY_SIZE = [EXTRACTORS[4], *EXTRACTORS[6:]]

each = pytest.mark.parametrize("extractor", EXTRACTORS, ids=str)


def noise(*shape, seed=0):
    return np.random.default_rng(seed).random(shape, np.float32)


def stripes(n=24, side=12):
    """Noisy pictures of upright and of level stripes, which labels tell."""
    upright = np.tile([0.2, 0.2, 0.8, 0.8], side // 4) * np.ones((side, 1))
    labels = np.arange(n) % 2
    stack = np.stack([upright if label else upright.T for label in labels])
    return (stack + 0.1 * noise(n, side, side)).astype(np.float32), labels


# A row is a picture one pixel high, down to a single pixel.
@parametrize_with_checks(
    [clone(extractor).set_params(image_shape=(1, -1)) for extractor in EXTRACTORS]
    + [Pixels(size=(2, 3), image_shape=(1, -1)), HOG(image_shape=(1, -1))]
)
def test_rows_pass_the_tests_of_scikit_learn(estimator, check):
    check(estimator)


@each
@pytest.mark.parametrize("channels", [(), (3,), (2,)])
def test_features_are_non_negative_and_laid_out(extractor, channels):
    pictures = noise(4, 13, 10, *channels)
    extractor = clone(extractor)
    rows = extractor.fit_transform(pictures)
    layout = extractor.feature_layout_
    assert rows.dtype == np.float32
    assert rows.shape == (4, layout.m)
    assert np.isfinite(rows).all()
    assert (rows >= 0).all()
    assert len(set(extractor.get_feature_names_out())) == layout.m
    assert rows.std(axis=0).max() > 0


@each
def test_all_kinds_of_pictures_are_described_alike(extractor):
    stack = noise(3, 12, 9)
    expected = clone(extractor).fit_transform(stack)
    images = ImageSet(ImageLayout(12, 9).to_columns(stack), ImageLayout(12, 9))
    kinds = [images, Pictures(stack), list(stack), stack[..., None], stack.astype(np.float64)]
    for kind in kinds:
        np.testing.assert_array_equal(clone(extractor).fit_transform(kind), expected)
    rows = clone(extractor).set_params(image_shape=(12, 9)).fit_transform(stack.reshape(3, -1))
    np.testing.assert_array_equal(rows, expected)


@each
def test_copies_and_pickles_do_the_same(extractor):
    pictures = noise(3, 12, 9, 3)
    fitted = clone(extractor).fit(pictures)
    expected = fitted.transform(pictures)
    assert clone(fitted).get_params() == extractor.get_params()
    for other in (clone(fitted).fit(pictures), pickle.loads(pickle.dumps(fitted))):
        np.testing.assert_array_equal(other.transform(pictures), expected)
        assert other.feature_layout_ == fitted.feature_layout_


@each
def test_an_image_set_of_features_is_learned_from(extractor):
    stack, labels = stripes(8)
    names = [f"picture {i}" for i in range(8)]
    features = clone(extractor).to_image_set(Pictures(stack, names, labels))
    assert features.layout.m == len(features.V)
    assert features.names == names
    np.testing.assert_array_equal(features.labels, labels)
    np.testing.assert_array_equal(features.V.T, clone(extractor).fit_transform(stack))
    model = visnmf.learn(features, 2, seed=0)
    assert model.layout == features.layout


@each
def test_drawings_follow_their_columns(extractor):
    fitted = clone(extractor).fit(noise(2, 12, 9, 3))
    m = fitted.feature_layout_.m
    drawn = fitted.draw(noise(m, 5))
    assert drawn.ndim in (3, 4)
    assert len(drawn) == 5
    assert np.isfinite(drawn).all()
    one = fitted.draw(noise(m, 5)[:, 2:3])
    np.testing.assert_array_equal(one[0], drawn[2])
    with pytest.raises(InvalidInputError, match=f"are no features of .*\\({m}, k\\)"):
        fitted.draw(np.ones((m + 1, 2)))


@pytest.mark.parametrize("extractor", SIZED, ids=str)
def test_pictures_of_other_sizes_are_brought_to_one_or_refused(extractor):
    mixed = [noise(12, 9), noise(20, 16, seed=1)]
    with pytest.raises(InvalidInputError, match=r"picture 2 is 20 x 16 .*size=\(12, 9\) brings"):
        clone(extractor).fit(Pictures(mixed, ["1", "2"]))
    fitted = clone(extractor).fit(mixed[:1])
    with pytest.raises(InvalidInputError, match="not 12 x 9 as in the fit"):
        fitted.transform(mixed[1:])
    sized = clone(extractor).set_params(size=(12, 9))
    rows = sized.fit_transform(mixed)
    np.testing.assert_array_equal(rows[:1], fitted.transform(mixed[:1]))
    np.testing.assert_array_equal(sized.transform(mixed[1:]), rows[1:])
    with pytest.raises(InvalidInputError, match=r"size must be \(height, width\)"):
        sized.set_params(size=(12, 0)).fit(mixed)


@pytest.mark.parametrize("extractor", ANY_SIZE, ids=str)
def test_cells_of_a_grid_take_pictures_of_any_size(extractor):
    mixed = [noise(12, 9), noise(20, 16, seed=1), noise(1, 2), noise(1, 1)]
    extractor = clone(extractor)
    rows = extractor.fit_transform(mixed)
    for row, picture in zip(rows, mixed, strict=True):
        np.testing.assert_array_equal(extractor.transform([picture])[0], row)


@pytest.mark.parametrize(
    "extractor", [OnOff(), OnOff(normalize=True), HOG(), Gabor(), Daisy()], ids=str
)
def test_brightness_does_not_count(extractor):
    pictures = 0.5 * noise(3, 16, 16)
    expected = extractor.fit_transform(pictures)
    np.testing.assert_allclose(extractor.transform(pictures + 0.4), expected, atol=2e-4)
    assert expected.max() > 0.01
    assert extractor.transform(np.full((1, 16, 16), 0.3)).max() < 2e-3, "a flat picture has none"


@pytest.mark.parametrize("extractor", [HOG(), Gabor(), Daisy()], ids=str)
def test_gray_in_color_is_gray(extractor):
    gray = noise(2, 16, 16)
    color = clone(extractor).fit_transform(gray[..., None].repeat(3, axis=3))
    np.testing.assert_allclose(color, clone(extractor).fit_transform(gray), atol=1e-5)


@each
def test_channels_are_those_of_the_fit(extractor):
    fitted = clone(extractor).fit(noise(2, 12, 9))
    with pytest.raises(InvalidInputError, match="3 channel"):
        fitted.transform(noise(2, 12, 9, 3))


def test_a_fit_to_rows_is_forgotten_by_one_to_pictures():
    pixels = Pixels(image_shape=(3, -1)).fit(noise(2, 6))
    assert pixels.n_features_in_ == 6
    pixels.fit(noise(2, 3, 4))
    assert pixels.transform(noise(2, 12)).shape == (2, 12)


@pytest.mark.parametrize(
    ("extractor", "name"),
    [
        (HOG(0), "orientations"),
        (HOG(norm="max"), "norm"),
        (OnOff(0), "surround"),
        (Gabor(grid=0), "grid"),
        (Daisy(radius=1.5), "radius"),
        (ColorHistogram(space="cmyk"), "space"),
        (ColorHistogram(0), "bins"),
        (Pixels(image_shape=3), "image_shape"),
    ],
    ids=str,
)
def test_parameters_that_make_no_sense_are_refused(extractor, name):
    with pytest.raises(ValueError, match=f"'{name}' parameter"):
        extractor.fit(noise(2, 12, 9))


class TestInScikitLearn:
    @pytest.mark.parametrize("kind", ["ImageSet", "Pictures", "list", "array"])
    def test_cross_validation_takes_every_kind(self, kind):
        stack, labels = stripes()
        layout = ImageLayout(12, 12)
        X = {
            "ImageSet": ImageSet(layout.to_columns(stack), layout),
            "Pictures": Pictures(stack),
            "list": list(stack),
            "array": stack,
        }[kind]
        pipeline = make_pipeline(
            HOG(4, cell=6), NMF(3, random_state=0), LogisticRegression(C=100.0)
        )
        assert cross_val_score(pipeline, X, labels, cv=3).mean() == 1.0

    def test_grid_search_over_an_extractor(self):
        stack, labels = stripes()
        pipeline = make_pipeline(HOG(4, cell=6), LogisticRegression(C=100.0))
        search = GridSearchCV(pipeline, {"hog__cell": [3, 6], "hog__block": [1, 2]}, cv=2)
        assert search.fit(Pictures(stack), labels).best_score_ == 1.0

    def test_color_pictures_of_any_size(self):
        rng = np.random.default_rng(0)
        pictures, labels = [], np.arange(12) % 3
        for label in labels:
            picture = 0.3 * rng.random((*rng.integers(5, 15, 2), 3))
            picture[..., label] += 0.6
            pictures.append(picture)
        pipeline = make_pipeline(ColorHistogram(), LogisticRegression(C=100.0))
        assert cross_val_score(pipeline, pictures, labels, cv=2).mean() == 1.0


class TestPixels:
    def test_rows_are_the_pictures_and_draw_gives_them_back(self):
        stack = noise(3, 5, 4, 3)
        pixels = Pixels()
        rows = pixels.fit_transform(stack)
        np.testing.assert_array_equal(rows, stack.reshape(3, -1))
        np.testing.assert_array_equal(pixels.draw(rows.T), stack)

    def test_negative_pixels_are_refused_with_a_way_out(self):
        with pytest.raises(InvalidInputError, match=r"picture 1 goes down to -0.5.*split_signs"):
            Pixels().fit([np.ones((2, 2)), np.full((2, 2), -0.5)])


def test_arrays_of_objects_are_pictures_of_several_sizes():
    pictures = [noise(20 + i, 24, seed=i) for i in range(4)]
    objects = np.empty(4, object)
    objects[:] = pictures
    np.testing.assert_array_equal(Gabor().fit_transform(objects), Gabor().fit_transform(pictures))


@pytest.mark.parametrize(
    ("given", "told"),
    [([], "the set is empty"), ("photos/", "load_pictures reads"), (None, "None")],
)
def test_what_is_no_picture_is_told_so(given, told):
    with pytest.raises(InvalidInputError, match=told):
        Gabor().fit(given)


@pytest.mark.parametrize("dtype", [np.uint8, np.uint16, np.float32])
def test_rows_are_the_same_pictures_as_a_stack_of_them(dtype):
    white = 1 if dtype == np.float32 else np.iinfo(dtype).max
    stack = (noise(4, 12, 10) * white).astype(dtype)
    rows = Gabor(image_shape=(12, 10)).fit_transform(stack.reshape(4, -1))
    np.testing.assert_array_equal(rows, Gabor().fit_transform(stack))
