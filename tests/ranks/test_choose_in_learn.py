"""The rank chosen where a model or an estimator is fitted: told, and kept."""

import sys

import numpy as np
import pytest
from scipy import sparse
from sklearn.base import clone

import visnmf
from visnmf.errors import InvalidInputError


@pytest.fixture(scope="module")
def pictures():
    rng = np.random.default_rng(0)
    parts = np.stack([np.kron(np.eye(4)[k].reshape(2, 2), np.ones((4, 4))) for k in range(4)])
    codes = rng.exponential(1, (90, 4)) * (rng.random((90, 4)) < 0.6)
    stack = np.tensordot(codes, parts, 1) + 0.02 * np.abs(rng.standard_normal((90, 8, 8)))
    return visnmf.load_images(stack / stack.max())


def test_learn_chooses_and_the_file_keeps_why(pictures, tmp_path):
    model = visnmf.learn(pictures, "choose")
    assert 4 <= model.rank <= 5
    told = model.provenance["rank_choice"]
    assert told["rank"] == model.rank
    assert told["criterion"] == "heldout"
    model.save(tmp_path / "m.safetensors")
    again = visnmf.Model.load(tmp_path / "m.safetensors")
    assert again.provenance["rank_choice"] == told


def test_learn_takes_a_choice_made_before_and_a_recipe(pictures):
    choice = visnmf.choose_rank(pictures, (2, 8), criterion="stability", restarts=4)
    model = visnmf.learn(pictures, choice, recipe="lnmf")
    assert model.rank == choice.rank == 4
    assert model.provenance["rank_choice"]["criterion"] == "stability"


def test_other_words_are_no_rank(pictures):
    with pytest.raises(InvalidInputError, match="'choose'"):
        visnmf.learn(pictures, "auto")


def test_pixels_that_are_not_known_are_neither_looked_at_nor_hidden(pictures):
    known = np.random.default_rng(1).random(pictures.V.shape) < 0.7
    junk = np.where(known, pictures.V, np.random.default_rng(2).random(known.shape) * 9)
    model = visnmf.learn(pictures.replace(V=junk.astype(np.float32)), "choose", observed=known)
    assert 4 <= model.rank <= 5
    by_value = pictures.replace(V=np.where(known, pictures.V, np.float32(np.nan)))
    same = visnmf.learn(by_value, "choose", missing=np.nan)
    assert same.provenance["rank_choice"] == model.provenance["rank_choice"]
    np.testing.assert_array_equal(same.W, model.W)


def test_weights_are_no_part_of_the_choice(pictures):
    with pytest.raises(InvalidInputError, match="weights="):
        visnmf.learn(pictures, "choose", weights=pictures.V + 0.5)


def test_the_estimator_chooses_for_a_sparse_X_as_for_its_array(pictures):
    X = np.where(pictures.V.T > 0.2, pictures.V.T, 0)
    dense, scarce = (
        visnmf.NMF("choose", random_state=0, max_iter=20).fit(each)
        for each in (X, sparse.csr_array(X))
    )
    assert scarce.n_components_ == dense.n_components_
    table = (each.rank_choice_.table["error"] for each in (scarce, dense))
    np.testing.assert_array_equal(*table)


def test_the_estimator_chooses_and_auto_keeps_its_meaning(pictures):
    X = pictures.V.T
    model = visnmf.NMF("choose", random_state=0).fit(X)
    assert 4 <= model.n_components_ <= 5
    assert model.rank_choice_.rank == model.n_components_ == len(model.components_)
    assert model.transform(X).shape == (90, model.n_components_)
    assert clone(model).n_components == "choose"
    same = visnmf.NMF("choose", random_state=0).fit(X)
    assert np.array_equal(same.components_, model.components_)
    auto = visnmf.NMF("auto", init="random", max_iter=5).fit(X[:, :10])
    assert auto.n_components_ == 10
    assert not hasattr(auto, "rank_choice_")


def test_the_estimator_refuses_what_says_two_things(pictures):
    X = pictures.V.T
    W, H = np.ones((90, 3), X.dtype), np.ones((3, 64), X.dtype)
    with pytest.raises(InvalidInputError, match="auto"):
        visnmf.NMF("choose", init="custom").fit_transform(X, W=W, H=H)


def test_the_seed_of_learn_is_the_one_of_the_choice(pictures):
    rng = np.random.default_rng
    model = visnmf.learn(pictures, "choose", seed=rng(3))
    choice = visnmf.choose_rank(pictures, seed=rng(3))
    assert model.provenance["rank_choice"] == choice.facts()
    with pytest.raises(InvalidInputError, match="seed must be"):
        visnmf.learn(pictures, "choose", seed="x")


def test_what_no_rank_can_do_is_said_before_the_survey(monkeypatch):
    def survey(*arguments, **options):
        raise AssertionError("the rank was chosen")

    monkeypatch.setattr(sys.modules["visnmf.model.learn"], "choose_rank", survey)
    pictures = visnmf.samples.make_swimmer()
    with pytest.raises(InvalidInputError, match="did you mean 'lnmf'"):
        visnmf.learn(pictures, "choose", recipe="lmnf")
    with pytest.raises(InvalidInputError, match="made for a rank of 5.*recipe='lnmf'"):
        visnmf.learn(pictures, "choose", recipe=visnmf.recipes.lnmf(5))
    for options in ({"max_iters": 5}, {"recipe": "lnmf", "max_iters": 5}):
        with pytest.raises(TypeError, match="max_iters"):
            visnmf.learn(pictures, "choose", **options)
    with pytest.raises(AssertionError, match="was chosen"):
        visnmf.learn(pictures, "choose", recipe="lnmf", max_iter=5)
