import numpy as np
import pytest
from matplotlib.figure import Figure

from visnmf import NMF, Pictures, factorize, plots
from visnmf.errors import InvalidInputError
from visnmf.features import VisualWords

RNG = np.random.default_rng(0)


def stripes(across, count):
    """Pictures of sizes of their own, of stripes down or across."""
    pictures = []
    for k in range(count):
        line = 0.5 + 0.4 * np.sin(np.arange(40 + 3 * k) * 0.8 + RNG.uniform(0, 6))
        picture = np.tile(line, (30, 1)) + RNG.normal(0, 0.02, (30, len(line)))
        pictures.append(np.clip(picture.T if across else picture, 0, 1))
    return pictures


PICTURES = Pictures(stripes(False, 5) + stripes(True, 5), labels=["down"] * 5 + ["across"] * 5)


@pytest.fixture(scope="module")
def words():
    return VisualWords(20, random_state=0).fit(PICTURES)


def drawn(figure):
    assert isinstance(figure, Figure)
    assert figure._repr_png_().startswith(b"\x89PNG")
    return np.asarray(figure.axes[0].images[0].get_array())


def texts(figure):
    return [text.get_text() for text in figure.axes[0].texts]


class TestVisualWords:
    def test_a_row_a_word_of_squares_that_are_its_own(self, words):
        figure = plots.visual_words(words, PICTURES, which=[3, 7], max_examples=4)
        sheet = drawn(figure)
        assert texts(figure) == ["word 3", "word 7"]
        assert sheet.shape == (2 * 46 + 4, 4 * 46 + 3 * 4, 3)
        patch = words.examples(PICTURES, 7, count=4, size=46)[0][1]
        unit = (patch - patch.min()) / np.ptp(patch)
        shown = sheet[50:96, 50:96, 0]
        np.testing.assert_allclose(shown, 255 * unit, atol=0.51)

    def test_the_strongest_by_default(self, words):
        totals = words.transform(PICTURES).sum(axis=0)
        figure = plots.visual_words(words, PICTURES, max_words=3)
        drawn(figure)
        assert texts(figure) == [f"word {w}" for w in np.argsort(-totals)[:3]]

    def test_what_cannot_be_shown(self, words):
        with pytest.raises(InvalidInputError, match="none of these words"):
            plots.visual_words(words, [np.zeros((30, 30))])
        with pytest.raises(InvalidInputError, match="max_words must be"):
            plots.visual_words(words, PICTURES, max_words=0)


class TestTopics:
    def test_pictures_stand_beside_their_topic(self, words):
        V = words.transform(PICTURES)
        model = NMF(2, random_state=0).fit(V)
        H = model.transform(V).T
        figure = plots.topics(model, words, PICTURES, max_images=3, max_words=6)
        sheet = drawn(figure)
        order = np.argsort(-(H * np.linalg.norm(model.components_.T, axis=0)[:, None]).sum(axis=1))
        assert texts(figure)[:2] == [f"topic {k + 1}" for k in order]
        assert sheet.shape == (2 * 96 + 12, 3 * 50 - 4 + 24 + 3 * 100 - 4, 3)
        for row, k in enumerate(order):
            tile = sheet[row * 108 : row * 108 + 96, 170 : 170 + 96].astype(float).mean(axis=2)
            middle = tile[30:66, 30:66]
            down = np.abs(np.diff(middle, axis=1)).mean() > np.abs(np.diff(middle, axis=0)).mean()
            assert PICTURES.labels[H[k].argmax()] == ("down" if down else "across")

    def test_w_h_and_names_as_given(self, words):
        run = factorize(words.transform(PICTURES).T, 3, seed=0)
        H = np.zeros((3, 10))
        H[1, 4] = 1
        figure = plots.topics(run, words, PICTURES, H=H, names=["a", "$b$", "c"], max_topics=1)
        drawn(figure)
        assert texts(figure)[0] == "$b$"
        again = plots.topics(run.W, words, PICTURES, max_topics=2)
        drawn(again)

    def test_a_color_picture_stays_so(self):
        color = RNG.random((4, 40, 30, 3)).astype(np.float32) * [1, 0.2, 0.2]
        words = VisualWords(6, random_state=0).fit(color)
        sheet = drawn(plots.topics(np.eye(6, 2), words, color, max_images=1))
        tile = sheet[:96, -96:].astype(int)
        assert tile[20:70, 30:60, 0].mean() > 2 * tile[20:70, 30:60, 1].mean()

    def test_shapes_that_do_not_fit(self, words):
        with pytest.raises(InvalidInputError, match="do not fit 20 words"):
            plots.topics(np.ones((19, 2)), words, PICTURES)
        with pytest.raises(InvalidInputError, match="H has shape"):
            plots.topics(np.ones((20, 2)), words, PICTURES, H=np.ones((2, 9)))
        with pytest.raises(InvalidInputError, match="names for 2 topics"):
            plots.topics(np.ones((20, 2)), words, PICTURES, names=["one"])


def test_what_is_no_vocabulary_is_told_so(words):
    for wrong in (PICTURES, VisualWords(20)):
        with pytest.raises(InvalidInputError, match="must be a fitted VisualWords"):
            plots.topics(np.ones((20, 2)), wrong, words)
        with pytest.raises(InvalidInputError, match="must be a fitted VisualWords"):
            plots.visual_words(wrong, PICTURES)
