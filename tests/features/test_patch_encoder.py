import pickle

import numpy as np
import pytest
from sklearn.base import clone
from sklearn.exceptions import NotFittedError
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV, cross_val_score
from sklearn.pipeline import make_pipeline
from sklearn.preprocessing import StandardScaler
from sklearn.utils.estimator_checks import parametrize_with_checks

import visnmf
from visnmf import ImageLayout, ImageSet, Pictures
from visnmf.errors import InvalidInputError
from visnmf.features import PatchEncoder, patch_code
from visnmf.features.pooling import pool_rows

SMALL = {"patch_size": 4, "grid": 2, "n_patches": 1500, "max_iter": 2}
KINDS = [
    {},
    {"contrast": "pixels"},
    {"sparsity": 0},
    {"floor": 0},
    {"pooling": "max", "root": False, "grid": (1, 3)},
    {"stride": 3, "patch_size": (3, 5)},
]
each = pytest.mark.parametrize("options", KINDS, ids=str)


def small(rank=6, **options):
    return PatchEncoder(rank, **(SMALL | options))


def noise(*shape, seed=0):
    return np.random.default_rng(seed).random(shape, np.float32)


def mixed(channels=()):
    """Pictures of four sizes, two of them alike."""
    sizes = [(12, 9), (12, 9), (20, 31), (5, 40), (8, 8)]
    return [noise(*size, *channels, seed=i) for i, size in enumerate(sizes)]


def stripes(n=24, side=12):
    """Pictures of stripes, upright and level, that begin anywhere, and what they are."""
    rng, labels = np.random.default_rng(0), np.arange(n) % 2
    stack = np.empty((n, side, side), np.float32)
    for picture, label in zip(stack, labels, strict=True):
        wave = ((np.arange(side) + rng.integers(4)) % 4 < 2) * np.ones((side, 1))
        picture[:] = 0.25 + 0.5 * (wave if label else wave.T)
    return stack + 0.1 * noise(n, side, side), labels


# A row is a picture one pixel high, and a patch one pixel: the two need not make sense
@parametrize_with_checks(
    [
        PatchEncoder(2, patch_size=1, grid=1, image_shape=(1, -1), n_patches=200, **options)
        for options in KINDS[:4]
    ]
)
def test_rows_pass_the_tests_of_scikit_learn(estimator, check):
    check(estimator)


class TestFeatures:
    @each
    @pytest.mark.parametrize("channels", [(), (3,), (2,)])
    def test_pictures_of_any_sizes_give_features_of_one_length(self, options, channels):
        encoder, pictures = small(**options), mixed(channels)
        features = encoder.fit_transform(pictures)
        cells = 10 if options.get("grid") else 4
        assert features.shape == (5, cells * 6)
        assert features.dtype == np.float32
        assert np.isfinite(features).all()
        assert (features >= 0).all()
        assert features.std(axis=0).max() > 0
        names = encoder.get_feature_names_out()
        assert len(set(names)) == cells * 6
        assert names[0] == "patchencoder0"
        assert encoder.channels_ == (channels or (1,))[0]
        assert encoder.basis_images().shape[-len(channels) :][:1] == (channels or (6,))
        for picture, row in zip(pictures, features, strict=True):
            np.testing.assert_allclose(encoder.transform([picture])[0], row, atol=1e-5)

    @each
    def test_features_are_feature_maps_pooled(self, options):
        encoder, pictures = small(**options), mixed()
        features = encoder.fit_transform(pictures)
        levels = options.get("grid", (2,))
        for row, maps in zip(features, encoder.feature_maps(pictures), strict=True):
            cells = pool_rows(maps[None], 0, len(maps), levels, encoder.pooling)
            expected = np.sqrt(cells) if encoder.root else cells
            np.testing.assert_allclose(row, expected.ravel(), atol=1e-5)

    def test_a_feature_map_has_a_place_at_each_stride_and_at_the_edge(self):
        picture = noise(14, 11)
        encoder = small(stride=1).fit([picture])
        dense = encoder.feature_maps([picture])[0]
        assert dense.shape == (11, 8, 6)
        wide = encoder.set_params(stride=3).feature_maps([picture])[0]
        np.testing.assert_allclose(wide, dense[np.ix_([0, 3, 6, 9, 10], [0, 3, 6, 7])], atol=1e-6)

    def test_an_encoding_is_the_optimum_for_its_patch(self):
        picture = noise(12, 12)
        encoder = small(10, sparsity=0.05).fit([picture])
        h = encoder.feature_maps([picture])[0][3, 5]
        patch = picture[3:7, 5:9].ravel() - picture[3:7, 5:9].mean()
        patch /= np.sqrt(patch @ patch + 16 * 0.03**2)
        halves = np.concatenate([np.maximum(patch, 0), np.maximum(-patch, 0)])
        gradient = (h @ encoder.components_ - halves) @ encoder.components_.T + 0.05
        assert (gradient > -0.01).all()
        assert (np.minimum(gradient, h) < 0.01).all()
        assert h.max() > 0.1

    def test_large_pictures_taken_by_strips_are_as_whole_ones(self, monkeypatch):
        pictures = [noise(40, 37), noise(30, 64, seed=1)]
        for options in KINDS:
            encoder = small(**options).fit(pictures)
            monkeypatch.setattr(patch_code, "_BLOCK", 10**6)
            whole, maps = encoder.transform(pictures), encoder.feature_maps(pictures)
            monkeypatch.setattr(patch_code, "_BLOCK", 50)
            np.testing.assert_allclose(encoder.transform(pictures), whole, atol=2e-5)
            for strips, expected in zip(encoder.feature_maps(pictures), maps, strict=True):
                np.testing.assert_allclose(strips, expected, atol=1e-5)

    def test_threads_change_nothing(self):
        pictures = [noise(90, 80, seed=i) for i in range(4)]
        results = []
        for n_jobs in (1, 2, 5):
            encoder = small(16, n_patches=5000, n_jobs=n_jobs).fit(pictures)
            results.append((encoder.components_, encoder.transform(pictures)))
        for other in results[1:]:
            for ours, expected in zip(other, results[0], strict=True):
                np.testing.assert_array_equal(ours, expected)

    def test_light_does_not_count_and_without_a_floor_neither_does_contrast(self):
        pictures = 0.4 * noise(4, 14, 14)
        for floor, others in ((0.03, [pictures + 0.5]), (0, [pictures + 0.5, 2 * pictures])):
            encoder = small(floor=floor)
            expected = encoder.fit_transform(pictures)
            assert expected.max() > 0.05
            for other in others:
                np.testing.assert_allclose(encoder.transform(other), expected, atol=2e-3)

    def test_faint_patterns_are_faint_by_the_floor(self):
        pictures = noise(4, 14, 14)
        encoder = small(floor=0.03).fit(pictures)
        strong, faint = (encoder.transform(0.5 + c * (pictures - 0.5)) for c in (1, 0.005))
        assert faint.max() < 0.3 * strong.max()

    @each
    def test_flat_pictures_have_no_contrast_and_are_no_error(self, options):
        flat = np.full((2, 9, 9), 0.7)
        if options.get("contrast") == "pixels":
            flat[:] = 0
        noisy = small(**options).fit(mixed())
        assert not noisy.transform(flat).any()
        fitted = small(**options).fit(flat)
        assert not fitted.transform(flat).any()
        assert np.isfinite(fitted.transform(mixed())).all()

    def test_more_parts_than_there_are_patches(self):
        encoder = small(40, n_patches=7).fit([noise(5, 5)])
        assert encoder.components_.shape == (40, 32)
        assert np.isfinite(encoder.transform([noise(5, 5)])).all()


class TestParts:
    @pytest.mark.parametrize("sparsity", [0.05, 0])
    def test_planted_patterns_are_found(self, sparsity):
        rng = np.random.default_rng(2)
        # Signed squares that do not overlap, each of which rises in one half and falls in the other
        atoms = np.zeros((4, 6, 6))
        atoms[0, :3, :2], atoms[0, :3, 2:4] = 1, -1
        atoms[1, :3, 4:5], atoms[1, :3, 5:] = -1, 1
        atoms[2, 3:4, :3], atoms[2, 4:5, :3] = 1, -1
        atoms[3, 4:5, 3:], atoms[3, 5:, 3:] = -1, 1
        amounts = rng.uniform(0.2, 1, (900, 4)) * (rng.random((900, 4)) < 0.4)
        pictures = 0.5 + 0.3 * np.einsum("nk,kyx->nyx", amounts, atoms)
        encoder = PatchEncoder(4, patch_size=6, sparsity=sparsity, n_patches=3000, max_iter=8)
        shown = encoder.fit(pictures).basis_images()
        likeness = np.einsum("kyx,jyx->kj", shown, atoms) / np.linalg.norm(atoms, axis=(1, 2))
        np.testing.assert_allclose(likeness.max(axis=0), 1, atol=0.02)
        assert encoder.reconstruction_err_ < 0.35

    def test_parts_are_of_unit_length_and_the_strongest_comes_first(self):
        pictures = mixed()
        encoder = small(8).fit(pictures)
        assert encoder.components_.dtype == np.float32
        assert encoder.components_.min() >= 0
        np.testing.assert_allclose(np.linalg.norm(encoder.components_, axis=1), 1, atol=1e-5)
        energy = sum(np.square(maps).sum(axis=(0, 1)) for maps in encoder.feature_maps(pictures))
        assert energy[0] > energy[-1]

    def test_more_passes_explain_more(self):
        pictures = [noise(60, 60, seed=i) for i in range(3)]
        errors = [small(24, max_iter=k).fit(pictures).reconstruction_err_ for k in (1, 3, 9)]
        assert errors[0] > errors[1] > errors[2]

    def test_the_seed_decides(self):
        fits = [small(random_state=seed).fit(mixed()).components_ for seed in (0, 0, 1)]
        np.testing.assert_array_equal(fits[0], fits[1])
        assert not np.allclose(fits[0], fits[2])
        small(random_state=np.random.RandomState(0)).fit(mixed())

    def test_halves_are_shown_as_their_difference(self):
        encoder = small(3, patch_size=2).fit([noise(9, 9)])
        encoder.components_ = np.eye(3, 8, 3, dtype=np.float32)
        shown = encoder.basis_images().reshape(3, 4)
        np.testing.assert_array_equal(shown, [[0, 0, 0, 1], [-1, 0, 0, 0], [0, -1, 0, 0]])


class TestInputs:
    @each
    def test_all_kinds_of_pictures_are_taken_alike(self, options):
        stack = noise(3, 12, 9)
        expected = small(**options).fit_transform(stack)
        images = ImageSet(ImageLayout(12, 9).to_columns(stack), ImageLayout(12, 9))
        for kind in (images, Pictures(stack), list(stack), stack[..., None], stack.astype(float)):
            np.testing.assert_array_equal(small(**options).fit_transform(kind), expected)
        rows = small(image_shape=(12, -1), **options).fit_transform(stack.reshape(3, -1))
        np.testing.assert_array_equal(rows, expected)

    def test_too_small_pictures_are_named(self):
        pictures = Pictures([noise(9, 9), noise(3, 9), noise(8, 2)], ["big", "low", "thin"])
        told = r"2 picture.* low \(3 x 9\), thin \(8 x 2\).* smaller patch_size"
        with pytest.raises(InvalidInputError, match=told):
            small().fit(pictures)
        fitted = small().fit(pictures[:1])
        with pytest.raises(InvalidInputError, match=told):
            fitted.transform(pictures)
        with pytest.raises(InvalidInputError, match="and 4 more"):
            fitted.feature_maps(noise(7, 2, 2))

    def test_channels_are_those_of_the_fit(self):
        with pytest.raises(InvalidInputError, match="3 channel"):
            small().fit(mixed()).transform(mixed((3,)))

    def test_negative_pixels_need_contrast(self):
        pictures = noise(3, 9, 9) - 0.5
        assert np.isfinite(small().fit_transform(pictures)).all()
        with pytest.raises(InvalidInputError, match='Negative.*contrast="onoff"'):
            small(contrast="pixels").fit(pictures)

    def test_what_is_not_fitted_says_so(self):
        for use in ("transform", "feature_maps"):
            with pytest.raises(NotFittedError, match="not fitted"):
                getattr(small(), use)(mixed())
        with pytest.raises(NotFittedError, match="not fitted"):
            small().basis_images()

    @pytest.mark.parametrize(
        ("options", "told"),
        [
            ({"patch_size": (4, 5, 6)}, "patch_size must be"),
            ({"patch_size": (4, 0)}, "patch_size must be"),
            ({"patch_size": 0}, "'patch_size' parameter"),
            ({"grid": (1, 0)}, "grid must be"),
            ({"grid": []}, "grid must be"),
            ({"grid": 2.0}, "'grid' parameter"),
            ({"pooling": "sum"}, "'pooling' parameter"),
            ({"contrast": "sobel"}, "'contrast' parameter"),
            ({"sparsity": -0.1}, "'sparsity' parameter"),
            ({"floor": float("nan")}, "'floor' parameter"),
            ({"stride": 0}, "'stride' parameter"),
            ({"n_patches": 0}, "'n_patches' parameter"),
        ],
        ids=str,
    )
    def test_parameters_that_make_no_sense_are_refused(self, options, told):
        with pytest.raises(ValueError, match=told):
            small(**options).fit(mixed())


class TestInScikitLearn:
    def test_copies_and_pickles_do_the_same(self):
        pictures = mixed((3,))
        fitted = small().fit(pictures)
        expected = fitted.transform(pictures)
        assert clone(fitted).get_params() == small().get_params()
        for other in (clone(fitted).fit(pictures), pickle.loads(pickle.dumps(fitted))):
            np.testing.assert_array_equal(other.transform(pictures), expected)

    @pytest.mark.parametrize("kind", ["ImageSet", "Pictures", "list", "array"])
    def test_pipelines_and_searches_take_every_kind(self, kind):
        stack, labels = stripes()
        layout = ImageLayout(12, 12)
        X = {
            "ImageSet": ImageSet(layout.to_columns(stack), layout),
            "Pictures": Pictures(stack),
            "list": list(stack),
            "array": stack,
        }[kind]
        pipeline = make_pipeline(small(), StandardScaler(), LogisticRegression())
        assert pipeline.fit(X, labels).score(X, labels) == 1.0
        assert (pipeline.predict(X) == labels).all()
        assert cross_val_score(pipeline, X, labels, cv=3).mean() == 1.0
        search = GridSearchCV(pipeline, {"patchencoder__n_components": [3, 6]}, cv=2)
        assert search.fit(X, labels).best_score_ == 1.0

    def test_pictures_of_any_sizes_are_told_apart(self):
        rng = np.random.default_rng(0)
        stack, labels = stripes(side=24)
        pictures = []
        for picture in stack:
            h, w = rng.integers(8, 25, 2)
            pictures.append(picture[:h, :w])
        pipeline = make_pipeline(small(), LogisticRegression(C=100.0))
        assert cross_val_score(pipeline, pictures, labels, cv=3).mean() == 1.0


def test_a_cost_that_nothing_is_worth_is_told():
    pictures = [np.random.default_rng(0).random((20, 20))]
    with pytest.warns(visnmf.errors.ConvergenceWarning, match="sparsity=5"):
        encoder = visnmf.PatchEncoder(4, sparsity=5, n_patches=300).fit(pictures)
    assert not encoder.transform(pictures).any()
