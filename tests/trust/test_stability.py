"""The bootstrap tells parts of many pictures from parts of a few."""

import numpy as np
import pytest

from visnmf import ImageLayout, ImageSet, factorize, learn, load_images, part_stability
from visnmf.errors import InvalidInputError
from visnmf.samples import load_faces
from visnmf.terms import ElasticNet

SIDE = 6


@pytest.fixture(scope="module")
def pictures():
    """Three blocks that all pictures are made of, and one that a single picture is."""
    rng = np.random.default_rng(0)
    W = np.zeros((SIDE, SIDE, 4))
    for k, (i, j) in enumerate([(0, 0), (0, 3), (3, 0), (3, 3)]):
        W[i : i + 3, j : j + 3, k] = 1
    H = rng.random((4, 80)) ** 2
    H[3] = 0
    H[3, 7] = 5
    V = W.reshape(-1, 4) @ H + 0.01 * rng.random((SIDE * SIDE, 80))
    return ImageSet((V / V.max()).astype(np.float32), ImageLayout(SIDE, SIDE))


@pytest.fixture(scope="module")
def model(pictures):
    return learn(pictures, 4, max_iter=200)


@pytest.fixture(scope="module")
def found(pictures, model):
    return part_stability(pictures, model, n_boot=12)


def test_a_part_of_one_picture_is_the_least_sure(pictures, model, found):
    alone = int(np.argmax(model.W[-1]))
    assert int(np.argmin(found.stability)) == alone
    assert np.delete(found.stability, alone).min() > 0.97
    drawn = (found.cosines[:, alone] > 0.9).mean()  # a picture is drawn in 63 of 100 fits
    assert 0.3 < drawn < 0.95


def test_figures_of_a_part(found):
    low, high = found.interval(0.5)
    assert (low <= high).all()
    np.testing.assert_allclose(found.stability, found.cosines.mean(axis=0))
    text = found.summary()
    assert text.splitlines()[0].split()[0] == "part"
    assert "3 of 4 parts are found again" in text
    assert "4 parts, 12 fits" in repr(found)
    with pytest.raises(InvalidInputError, match="share must be from 0 to 1"):
        found.interval(2)


def test_processes_change_nothing(pictures, model):
    one, two = (
        part_stability(pictures, model, n_boot=3, processes=count, max_iter=10) for count in (1, 2)
    )
    np.testing.assert_array_equal(one.cosines, two.cosines)


def test_a_rank_is_learned_first(pictures):
    found = part_stability(pictures, 3, n_boot=2, max_iter=20)
    np.testing.assert_array_equal(found.W, factorize(pictures, 3, max_iter=20).W)
    assert found.part_names == ["part 1", "part 2", "part 3"]
    columns = part_stability(pictures.V, 3, n_boot=2, max_iter=20)
    np.testing.assert_array_equal(columns.cosines, found.cosines)


def test_the_seed_draws_the_pictures(pictures):
    one, same, other = (
        part_stability(pictures, 3, n_boot=2, max_iter=5, seed=seed).cosines for seed in (0, 0, 1)
    )
    np.testing.assert_array_equal(one, same)
    assert (one != other).any()


def test_fits_are_as_the_model_was_learned():
    faces = load_faces()
    lnmf = learn(faces, 3, recipe="lnmf", max_iter=5)
    with pytest.raises(InvalidInputError, match="recipe='lnmf'"):
        part_stability(faces, lnmf)
    assert part_stability(faces, lnmf, recipe="lnmf", n_boot=1, max_iter=5).cosines.shape == (1, 3)
    sparse = learn(faces, 3, terms_H=ElasticNet(l1=0.1), max_iter=5)
    with pytest.raises(InvalidInputError, match="give terms_H= again"):
        part_stability(faces, sparse)
    part_stability(faces, sparse, terms_H=ElasticNet(l1=0.1), n_boot=1)


def test_what_cannot_be_drawn_from_is_refused(tmp_path, model):
    faces = load_faces()
    np.save(tmp_path / "faces.npy", np.zeros((5, SIDE, SIDE), np.uint8))
    lazy = load_images(tmp_path / "faces.npy", lazy=True)
    with pytest.raises(InvalidInputError, match="in memory"):
        part_stability(lazy, model)
    with pytest.raises(InvalidInputError, match="drawn anew"):
        part_stability(faces, 3, observed=np.ones(faces.V.shape, bool))
    with pytest.raises(InvalidInputError, match=r"Model\.load\('m\.safetensors'\)"):
        part_stability(faces, "m.safetensors")
    with pytest.raises(InvalidInputError, match="n_boot"):
        part_stability(faces, 3, n_boot=0)
    with pytest.raises(InvalidInputError, match="pixels"):
        part_stability(faces, model)


def test_of_black_pictures_there_is_nothing_to_compare(pictures, model):
    black = pictures.replace(V=np.zeros_like(pictures.V))
    with pytest.raises(InvalidInputError, match="all pictures are black"):
        part_stability(black, model, n_boot=2)
    with pytest.raises(InvalidInputError, match="all pictures are black"):
        part_stability(black, 2, n_boot=2)
    with pytest.raises(InvalidInputError, match="all parts are zero"):
        part_stability(pictures, learn(black, 2), n_boot=2)


def test_a_generator_is_a_seed(pictures, model):
    one, same = (
        part_stability(pictures, model, n_boot=2, max_iter=5, seed=np.random.default_rng(4))
        for _ in range(2)
    )
    np.testing.assert_array_equal(one.cosines, same.cosines)
    with pytest.raises(InvalidInputError, match=r"numpy\.random\.Generator"):
        part_stability(pictures, model, n_boot=2, seed=None)


@pytest.mark.parametrize("processes", [1, 2])
def test_each_fit_is_told_and_may_be_the_last(pictures, model, processes):
    told = []
    settings = {"n_boot": 4, "max_iter": 5, "processes": processes}
    whole = part_stability(pictures, model, callback=told.append, **settings)
    assert [(now.done, now.total) for now in told] == [(1, 4), (2, 4), (3, 4), (4, 4)]
    np.testing.assert_array_equal([now.cosines for now in told], whole.cosines)
    assert told[-1].left == 0 <= told[0].seconds <= told[-1].seconds
    ended = part_stability(pictures, model, callback=lambda now: now.done == 2, **settings)
    np.testing.assert_array_equal(ended.cosines, whole.cosines[:2])


def test_one_is_one(pictures):
    found = part_stability(pictures, 1, n_boot=1, max_iter=1)
    assert "1 part, 1 fit," in repr(found)
    fit = factorize(pictures, 1, max_iter=1, warmup="none")
    assert "after 1 iteration, ended" in repr(fit)
    assert "1 part of pictures" in repr(learn(pictures, 1, max_iter=1))
