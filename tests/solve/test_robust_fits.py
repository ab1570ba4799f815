"""What robust losses are for: parts as they are, though pictures are spoiled."""

import pickle

import numpy as np
import pytest

from visnmf import ImageSet, Model, encode, factorize, factorize_compressed, factorize_online, learn
from visnmf.errors import InvalidInputError, UnalignedWarning
from visnmf.images.layout import ImageLayout
from visnmf.matrices.dense import Dense
from visnmf.measure.matching import match_parts
from visnmf.samples import make_swimmer
from visnmf.solve.naming import delta_of, make_loss

SIDE, IMAGES = 16, 300
ROBUST = ("huber", "l1", "l21")


def planted():
    """Return nine blobs, and pictures of them under a little noise."""
    rng = np.random.default_rng(0)
    y, x = np.mgrid[:SIDE, :SIDE]
    at = [(i, j) for i in (3, 8, 12) for j in (3, 8, 12)]
    W = np.array([np.exp(-((y - i) ** 2 + (x - j) ** 2) / 6).ravel() for i, j in at]).T
    H = rng.gamma(1.0, 1.0, (9, IMAGES)) * (rng.random((9, IMAGES)) < 0.5)
    V = W @ H
    return W, np.clip(V / V.max() + 0.01 * rng.standard_normal(V.shape), 0, None)


def occluded(V):
    """Hide a square of one picture in ten."""
    rng, spoiled = np.random.default_rng(1), V.copy()
    pictures = spoiled.reshape(SIDE, SIDE, IMAGES)
    for j in rng.choice(IMAGES, IMAGES // 10, replace=False):
        y, x = rng.integers(0, SIDE - 6, 2)
        pictures[y : y + 6, x : x + 6, j] = 1.0
    return spoiled


def salted(V):
    """Set one pixel in twenty to white."""
    return np.where(np.random.default_rng(2).random(V.shape) < 0.05, 1.0, V)


def off(V, W, loss, **settings):
    """Return by how much the worst part misses, as 1 - cosine, and the run."""
    found = factorize(V, 9, loss=loss, max_iter=150, **settings)
    return 1 - match_parts(found.W, W).cosine.min(), found


@pytest.mark.parametrize(
    ("spoil", "loss"),
    [(occluded, "huber"), (occluded, "l1"), (occluded, "l21"), (salted, "huber"), (salted, "l1")],
)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_parts_are_found_in_spoiled_pictures(spoil, loss, dtype):
    W, V = planted()
    spoiled = spoil(V).astype(dtype)
    squared, _ = off(spoiled, W, "frobenius")
    robust, found = off(spoiled, W, loss)
    assert squared > 0.1, "the squared loss is misled"
    assert robust < 0.02
    told = np.array([record.objective for record in found.history if record.phase == "V"])
    assert (np.diff(told) <= 1e-6 * told[0]).all()


@pytest.mark.parametrize("loss", ROBUST)
def test_nothing_is_lost_where_nothing_is_spoiled(loss):
    W, V = planted()
    assert off(V, W, loss)[0] < 2e-3


def test_delta_is_of_the_noise_and_not_of_what_hides_it():
    _, V = planted()
    clean, spoiled = (
        delta_of(factorize(X, 9, loss="huber", max_iter=1).settings["loss"])
        for X in (V, occluded(V))
    )
    assert 0.5 * 1.345 * 0.01 < clean < 1.345 * 0.01  # noise below zero is cut off
    assert spoiled < 3 * clean


def test_delta_is_of_the_noise_where_a_fit_is_slow_to_come_near():
    rng = np.random.default_rng(0)
    V = rng.random((30, 4)) @ rng.random((4, 50)) + 0.01 * rng.random((30, 50))
    delta = delta_of(factorize(V, 4, loss="huber", max_iter=1).settings["loss"])
    assert delta < 3 * 1.345 * 0.01 / np.sqrt(12)


def test_delta_is_the_same_for_all_seeds_and_units():
    _, V = planted()
    tell = [
        factorize(V, 9, loss="huber", max_iter=1, seed=seed).settings["loss"] for seed in (0, 1)
    ]
    assert tell[0] == tell[1]
    scaled = factorize(255 * V, 9, loss="huber", max_iter=1).settings["loss"]
    assert delta_of(scaled) == pytest.approx(255 * delta_of(tell[0]), rel=1e-2)


@pytest.mark.parametrize("V", [np.zeros((6, 8)), np.ones((6, 8)), np.eye(6)])
@pytest.mark.parametrize("loss", ROBUST)
def test_exact_fits_end_well(V, loss):
    found = factorize(V, 2, loss=loss, max_iter=20)
    assert np.isfinite(found.W).all()
    assert np.isfinite(found.H).all()
    assert np.isfinite(found.objective)


def test_with_a_large_delta_it_ends_as_the_squared_loss():
    V = make_swimmer().V[:, ::4].astype(np.float64) + 0.1
    settings = {"max_iter": 500, "change": 0, "tol": 1e-6, "warmup": "none"}
    squared = factorize(V, 8, **settings)
    start = {"W": squared.W, "H": squared.H}
    again = factorize(V, 8, loss="huber:1e3", **settings, **start)
    assert again.objective == pytest.approx(squared.objective, rel=1e-5)


@pytest.mark.parametrize("loss", ["huber:0.03", "l21"])
def test_the_end_is_stationary(loss):
    _, V = planted()
    settings = {"change": 0, "tol": 0, "loss": loss, "init": "random"}
    first, last = (factorize(V[:, :60], 4, max_iter=k, **settings) for k in (3, 600))
    assert last.kkt < 0.05 * first.kkt


def test_a_model_encodes_by_the_loss_that_it_was_learned_with(tmp_path):
    _, V = planted()
    layout = ImageLayout(SIDE, SIDE)
    spoiled = ImageSet(salted(V).astype(np.float32), layout)
    with pytest.warns(UnalignedWarning):
        model = learn(spoiled, 9, loss="huber", max_iter=100)
    assert str(model.loss).startswith("huber:")
    model.save(tmp_path / "m.safetensors")
    again = Model.load(tmp_path / "m.safetensors")
    robust = again.encode(spoiled)
    squared = encode(spoiled, again.W)
    clean = V.astype(np.float32)

    def error(H):
        return np.linalg.norm(clean - again.W @ H)

    assert error(robust) < 0.3 * error(squared), "what spoils a picture is left out"


def test_what_cannot_be_done_is_refused():
    V = np.random.default_rng(0).random((6, 20))
    with pytest.raises(InvalidInputError, match="needs its delta"):
        encode(V, V[:, :2], loss="huber")
    for method in (factorize_online, factorize_compressed):
        with pytest.raises(InvalidInputError, match=r"use\s+visnmf\.factorize"):
            method(V, 2, loss="huber")


@pytest.mark.parametrize("loss", ["huber", "l21"])
def test_a_run_that_is_resumed_goes_the_same_way(tmp_path, loss):
    V = occluded(planted()[1])[:, :100]
    settings = {"loss": loss, "change": 0, "tol": 0}
    whole = factorize(V, 4, max_iter=30, **settings)
    path = tmp_path / "run.ckpt"
    factorize(V, 4, max_iter=15, checkpoint=path, every=0, **settings)
    again = factorize(V, 4, max_iter=30, checkpoint=path, resume=True, **settings)
    assert again.settings["loss"] == whole.settings["loss"]
    assert again.objective == pytest.approx(whole.objective, rel=1e-6)


@pytest.mark.parametrize("loss", ["huber:0.1", "l1", "l21"])
def test_losses_go_to_other_processes(loss):
    V = planted()[1]
    matrix = Dense(V)
    rng = np.random.default_rng(0)
    A, F = rng.random((2, len(V))), rng.random((2, IMAGES))
    made = make_loss(loss, matrix)
    again = pickle.loads(pickle.dumps(made))
    assert again.value(matrix, A, F) == made.value(matrix, A, F)


def test_a_black_ground_tells_nothing_of_delta():
    V = make_swimmer().V
    found = factorize(V, 16, loss="huber")
    assert delta_of(found.settings["loss"]) > 0.02
    by_squares = factorize(V, 16)
    assert np.linalg.norm(V - found.W @ found.H) <= np.linalg.norm(V - by_squares.W @ by_squares.H)
