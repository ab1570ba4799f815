import pickle
import threading
import warnings

import numpy as np
import pytest
import scipy.sparse as sp
from sklearn.base import clone
from sklearn.feature_extraction.text import TfidfTransformer
from sklearn.linear_model import LogisticRegression
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import check_estimator

from visnmf import NMF, ImageLayout, ImageSet, Pictures, factorize
from visnmf.errors import InvalidInputError
from visnmf.features import VisualWords
from visnmf.features.keypoints import describe, gray_bytes
from visnmf.features.vocabulary import nearest_words


def gratings(angle, count, rng):
    """Stripes of one direction, of chance size, shift and noise: nothing is aligned."""
    pictures = []
    for _ in range(count):
        h, w = rng.integers(30, 60, size=2)
        y, x = np.mgrid[:h, :w]
        wave = np.sin((x * np.cos(angle) + y * np.sin(angle)) * 0.9 + rng.uniform(0, 7))
        noisy = 0.5 + 0.4 * wave + rng.normal(0, 0.02, (h, w))
        pictures.append(np.clip(noisy, 0, 1).astype(np.float32))
    return pictures


def grating_set(count, seed):
    rng = np.random.default_rng(seed)
    angles = (0.0, np.pi / 3, 2 * np.pi / 3)
    pictures = [p for angle in angles for p in gratings(angle, count, rng)]
    return Pictures(pictures, labels=np.repeat([0, 1, 2], count))


TRAIN, TEST = grating_set(6, 0), grating_set(4, 1)


@pytest.fixture(scope="module")
def words():
    return VisualWords(30, random_state=0).fit(TRAIN)


class TestDescriptors:
    GRAY = gray_bytes(np.random.default_rng(0).random((90, 80, 1), np.float32), 0, 1)

    @pytest.mark.parametrize(("detector", "width"), [("dense", 128), ("sift", 128), ("orb", 256)])
    def test_shapes_and_the_limit(self, detector, width):
        windows, values = describe(self.GRAY, detector, 20)
        assert 10 < len(windows) <= 20
        assert windows.shape == (len(windows), 4)
        assert values.shape == (len(windows), width)
        assert windows.dtype == values.dtype == np.float32

    @pytest.mark.parametrize("detector", ["dense", "sift"])
    def test_root_sift_has_length_one(self, detector):
        values = describe(self.GRAY, detector, 100)[1]
        np.testing.assert_allclose(np.square(values).sum(axis=1), 1, rtol=1e-5)

    def test_squared_distance_of_orb_is_hammings(self):
        import cv2

        values = describe(self.GRAY, "orb", 100)[1]
        assert set(np.unique(values)) == {0.0, 1.0}
        a, b = (np.packbits(v.astype(bool)) for v in values[:2])
        assert np.square(values[0] - values[1]).sum() == cv2.norm(a, b, cv2.NORM_HAMMING)

    def test_the_grid_stays_inside_and_sees_several_scales(self):
        windows = describe(self.GRAY, "dense", 2000)[0]
        low, high = (windows[:, :2] + sign * windows[:, 2:3] / 2 + 0.5 for sign in (-1, 1))
        assert (low > -0.6).all()
        assert (high < np.array([80, 90]) + 0.6).all()
        np.testing.assert_allclose(np.unique(windows[:, 2].round(-1)), [10, 20, 30])
        assert windows[:, 2].min() == 8

    def test_dense_words_move_with_the_picture(self):
        """The same descriptor is found where a picture was shifted to."""
        windows, values = describe(self.GRAY, "dense", 5000)
        moved, others = describe(self.GRAY[4:, 8:], "dense", 5000)
        fine = {tuple(w[:2]): v for w, v in zip(windows, values, strict=True) if w[2] == 16}
        pairs = [
            (v, fine[tuple(m[:2] + [8, 4])])
            for m, v in zip(moved, others, strict=True)
            if m[2] == 16 and 20 < m[0] < 50 and 20 < m[1] < 60
        ]
        assert len(pairs) > 10
        for before, after in pairs:
            assert np.square(before - after).sum() < 0.02

    def test_flat_pictures_have_none(self):
        for detector in ("dense", "sift", "orb"):
            for shape in ((60, 60), (1, 1), (3, 200)):
                assert len(describe(np.full(shape, 90, np.uint8), detector, 50)[0]) == 0

    def test_the_nearest_word_is_the_nearest(self):
        rng = np.random.default_rng(0)
        values, vocabulary = rng.random((50, 8), np.float32), rng.random((7, 8), np.float32)
        apart = np.square(values[:, None] - vocabulary).sum(axis=2)
        found, distances = nearest_words(values, vocabulary)
        np.testing.assert_array_equal(found, apart.argmin(axis=1))
        np.testing.assert_allclose(distances, apart.min(axis=1), rtol=1e-4)


class TestCounts:
    def test_every_square_is_one_count(self):
        counts = VisualWords(30, weighting="counts", random_state=0).fit_transform(TRAIN)
        assert isinstance(counts, sp.csr_array)
        assert counts.dtype == np.float32
        each = [len(describe(gray_bytes(p, 0, 1), "dense", 2000)[0]) for p in TRAIN.pictures]
        np.testing.assert_array_equal(counts.sum(axis=1), each)

    def test_weightings(self):
        counts, frequency, tfidf = (
            VisualWords(30, weighting=weighting, random_state=0).fit_transform(TRAIN).toarray()
            for weighting in ("counts", "frequency", "tfidf")
        )
        np.testing.assert_allclose(frequency, counts / counts.sum(axis=1)[:, None], rtol=1e-5)
        expected = TfidfTransformer().fit_transform(counts).toarray()
        np.testing.assert_allclose(tfidf, expected, rtol=1e-5)

    def test_words_of_new_pictures_are_weighted_as_those_of_the_fit(self, words):
        one = words.transform(TEST[:1])
        np.testing.assert_allclose(one.toarray(), words.transform(TEST)[:1].toarray(), atol=1e-6)

    def test_a_picture_without_any_has_an_empty_row(self, words):
        odd = [np.zeros((50, 50)), np.ones((1, 1)), np.full((2, 30), 0.3), TEST[0]]
        rows = words.transform(odd)
        assert rows.shape == (4, 30)
        assert np.diff(rows.indptr)[:3].tolist() == [0, 0, 0]
        assert rows.indptr[-1] > 0

    @pytest.mark.parametrize("detector", ["dense", "sift", "orb"])
    def test_a_set_without_any_is_told(self, detector):
        with pytest.raises(InvalidInputError, match="no keypoint was found in any of the 3"):
            VisualWords(5, detector=detector).fit([np.full((40, 40), 0.2)] * 3)

    def test_few_descriptors_make_few_words(self):
        words = VisualWords(500, random_state=0).fit([np.eye(8)])
        assert 1 <= len(words.vocabulary_) < 20
        assert len(words.get_feature_names_out()) == len(words.vocabulary_)

    def test_values_beyond_one_are_no_trouble(self):
        bright = [255 * p for p in TRAIN]
        words = VisualWords(30, random_state=0).fit(bright)
        assert words.value_range_ == (0.0, max(p.max() for p in bright))
        assert words.transform(bright).nnz > 0


class TestTopics:
    def test_topics_tell_gratings_apart_that_pixels_do_not(self, words):
        """Shifted stripes of other sizes have no pixel in common; words and their topics have."""
        model = make_pipeline(words, NMF(3, random_state=0)).fit(TRAIN)
        strongest = model.transform(TEST).argmax(axis=1)
        for label in range(3):
            assert len(set(strongest[TEST.labels == label])) == 1
        assert len(set(strongest)) == 3

    @pytest.mark.parametrize("detector", ["sift", "orb"])
    def test_detected_words_go_through_a_pipeline(self, detector):
        """Disks and rings are told apart by what is found on them."""
        rng = np.random.default_rng(0)
        y, x = np.mgrid[:80, :90]
        pictures = []
        for k in range(12):
            picture = np.zeros((80, 90))
            for _ in range(6):
                apart = np.hypot(y - rng.integers(15, 65), x - rng.integers(15, 75))
                picture = np.maximum(picture, (apart < 8) & ((apart > 4) if k % 2 else True))
            pictures.append(picture)
        labels = np.arange(12) % 2
        model = make_pipeline(
            VisualWords(20, detector=detector, random_state=0),
            LogisticRegression(C=100),
        )
        assert model.fit(pictures[:8], labels[:8]).score(pictures[8:], labels[8:]) >= 0.75

    def test_factorize_takes_the_words_as_v(self, words):
        run = factorize(words.transform(TRAIN).T, 3, loss="kl", seed=0)
        assert run.W.shape == (30, 3)
        assert run.H.shape == (3, len(TRAIN))


class TestInput:
    def test_all_kinds_of_pictures_give_the_same(self):
        stack = np.random.default_rng(0).random((5, 20, 24)).astype(np.float32)
        layout = ImageLayout(20, 24)
        images = ImageSet(layout.to_columns(stack), layout)
        given = [stack, list(stack), Pictures(stack), images]
        first, *others = (VisualWords(8, random_state=0).fit_transform(X).toarray() for X in given)
        rows = VisualWords(8, random_state=0, image_shape=(20, 24))
        others.append(rows.fit_transform(stack.reshape(5, -1)).toarray())
        for other in others:
            np.testing.assert_array_equal(first, other)

    def test_color_is_seen_as_gray(self, words):
        color = [np.repeat(p[:, :, None], 3, axis=2) for p in TRAIN]
        same = VisualWords(30, random_state=0).fit_transform(color)
        assert abs(same - words.transform(TRAIN)).max() < 0.05
        with pytest.raises(InvalidInputError, match="channel"):
            words.transform(color)

    @pytest.mark.parametrize(
        ("options", "message"),
        [
            ({"detector": "surf"}, "detector must be one of"),
            ({"weighting": "bm25"}, "weighting must be one of"),
            ({"n_words": 0}, "n_words must be"),
            ({"max_keypoints": 2}, "max_keypoints must be"),
            ({"max_descriptors": 1.5}, "max_descriptors must be"),
        ],
    )
    def test_bad_options(self, options, message):
        with pytest.raises(InvalidInputError, match=message):
            VisualWords(**options).fit(TRAIN)

    @pytest.mark.filterwarnings("ignore")
    def test_scikit_learn_agrees(self):
        check_estimator(VisualWords(10, image_shape=(1, -1)))


class TestState:
    def test_a_seed_gives_the_same_words_also_in_threads(self, words):
        found = [None, None]

        def learn(k):
            found[k] = VisualWords(30, random_state=0).fit_transform(TRAIN)

        threads = [threading.Thread(target=learn, args=(k,)) for k in range(2)]
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join()
        for rows in found:
            np.testing.assert_array_equal(rows.toarray(), words.transform(TRAIN).toarray())

    def test_cloned_and_pickled(self, words):
        again = pickle.loads(pickle.dumps(words))
        np.testing.assert_array_equal(
            again.transform(TEST).toarray(), words.transform(TEST).toarray()
        )
        assert not hasattr(clone(words), "vocabulary_")
        assert clone(words).get_params() == words.get_params()

    def test_the_sample_keeps_to_its_limit(self, monkeypatch):
        from visnmf.features import words as module

        seen = []
        taken = module.sample_descriptors
        monkeypatch.setattr(
            module, "sample_descriptors", lambda *a: seen.append(taken(*a)) or seen[-1]
        )
        with warnings.catch_warnings():
            warnings.simplefilter("error")
            VisualWords(5, max_descriptors=40, random_state=0).fit(TRAIN)
        assert seen[0].shape == (40, 128)


class TestExamples:
    def test_they_are_cut_where_the_word_is(self, words):
        """Put back through the detector, most examples of stripes are that word again."""
        counts = words.transform(TRAIN).sum(axis=0)
        common = np.argsort(-counts)[:3]
        for word, patches in zip(common, words.examples(TRAIN, common, count=5), strict=True):
            assert patches.shape == (5, 32, 32)
            again = words.transform(patches)
            assert again[:, [word]].sum() > 0

    def test_a_turned_blob_is_turned_back(self):
        """SIFT finds a bar whichever way it lies; its examples all lie alike."""
        rng = np.random.default_rng(0)
        y, x = np.mgrid[:64, :64] - 31.5
        pictures = []
        for turn in (0.3, 1.4, 2.5, 4.0):
            along, across = x * np.cos(turn) + y * np.sin(turn), y * np.cos(turn) - x * np.sin(turn)
            bar = np.exp(-((along / 12) ** 2) - (across / 5) ** 2) * (1 + np.tanh(along / 6))
            pictures.append(np.clip(0.4 * bar + rng.normal(0, 0.002, bar.shape), 0, 1))
        words = VisualWords(1, detector="sift", max_keypoints=5, random_state=0).fit(pictures)
        (patches,) = words.examples(pictures, [0], count=4)
        assert len(patches) == 4
        flat = patches.reshape(4, -1)
        assert np.corrcoef(flat).min() > 0.9

    def test_from_different_pictures_first(self, words):
        word = int(np.diff(words.transform(TRAIN).tocsc().indptr).argmax())
        (patches,) = words.examples(TRAIN, word, count=4)
        sources = Pictures([TRAIN[0]] * 2, ["a", "b"])
        (twice,) = words.examples(sources, word, count=2)
        np.testing.assert_array_equal(twice[0], twice[1])
        assert len(np.unique(patches.reshape(4, -1), axis=0)) == 4

    def test_what_is_not_there_gives_none(self, words):
        (patches,) = words.examples([np.zeros((20, 20))], 3)
        assert patches.shape == (0, 32, 32)
        with pytest.raises(InvalidInputError, match="words must be numbers from 0 to 29"):
            words.examples(TRAIN, 30)


def test_words_alike_do_not_depend_on_what_is_beside_a_picture():
    rng = np.random.default_rng(0)
    rows = 3 * rng.uniform(size=(20, 3))  # so small that many words are the same but for rounding
    words = VisualWords(image_shape=(-1, 1), weighting="counts", random_state=1).fit(rows)
    alone = [words.transform(row[None]).toarray()[0] for row in rows]
    np.testing.assert_array_equal(words.transform(rows).toarray(), alone)
