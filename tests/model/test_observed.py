"""Model.encode, reconstruct and reconstruction_error of pictures that are hidden in part."""

import numpy as np
import pytest
from scipy.optimize import nnls

import visnmf
from visnmf import ImageLayout, ImageSet, Model
from visnmf.errors import InvalidInputError
from visnmf.model import columns
from visnmf.model.observed import known_columns

RNG = np.random.default_rng(0)


def make(channels=1, mask=None, rank=4, n=9):
    """Return a model of pictures 6 x 5, pictures that it explains, and their encodings."""
    layout = ImageLayout(6, 5, channels, mask=mask, dtype="uint8", high=255)
    model = Model(RNG.random((layout.m, rank)) ** 2, layout)
    H = np.float32(RNG.random((rank, n)))
    return model, ImageSet(model.W @ H, layout), H


def square(n=None):
    """Return masks with a square hidden, elsewhere in each picture."""
    seen = np.ones((n or 1, 6, 5), bool)
    for picture in seen:
        top, left = RNG.integers(4), RNG.integers(3)
        picture[top : top + 3, left : left + 3] = False
    return seen if n else seen[0]


@pytest.mark.parametrize("channels", [1, 3])
@pytest.mark.parametrize("masked", [False, True])
def test_what_the_parts_explain_comes_back_from_what_is_seen(channels, masked):
    kept = np.ones((6, 5), bool)
    kept[0, :2] = not masked
    model, images, H = make(channels, kept)
    seen = square(len(images))
    # What hides is bright, so that it would matter
    spoiled = np.where(seen[..., None] if channels == 3 else seen, images.to_images(), 1)
    np.testing.assert_allclose(model.encode(spoiled, observed=seen), H, atol=1e-3)
    np.testing.assert_allclose(model.reconstruct(spoiled, observed=seen).V, images.V, atol=2e-3)
    assert model.reconstruction_error(spoiled, observed=seen).max() < 1e-3
    assert model.reconstruction_error(spoiled).min() > 0.01


def test_it_is_the_least_squares_of_the_known_pixels():
    model, _, _ = make()
    pictures, seen = RNG.random((9, 6, 5)), square(9)
    H = model.encode(pictures, observed=seen)
    errors = model.reconstruction_error(pictures, observed=seen)
    for picture, known, h, error in zip(pictures, seen, H.T, errors, strict=True):
        rows, v = known.ravel(), picture[known]
        exact = nnls(model.W[rows].astype(float), v)[1]
        assert np.linalg.norm(v - model.W[rows] @ h) <= exact * (1 + 1e-4)
        assert error == pytest.approx(exact / np.linalg.norm(v), rel=1e-4)


def test_all_forms_of_a_mask_mean_the_same():
    model, images, _ = make()
    seen = square()
    each = np.repeat(seen[None], len(images), axis=0)
    drawn = ImageSet(images.layout.to_columns(each.astype(np.float32)), images.layout)
    want = model.encode(images, observed=each)
    for form in (seen, seen.tolist(), images.layout.to_columns(each), drawn, drawn[:1]):
        np.testing.assert_array_equal(model.encode(images, observed=form), want)
    for pictures in (images.V, images.to_images()):
        np.testing.assert_array_equal(model.encode(pictures, observed=each), want)


def test_masks_of_colors():
    model, images, H = make(channels=3)
    by_channel = np.ones((len(images), 6, 5, 3), bool)
    by_channel[:, :, :, 1] = False  # green is lost
    spoiled = np.where(by_channel, images.to_images(), np.nan)
    found = model.encode(images.layout.to_columns(spoiled), observed=by_channel)
    np.testing.assert_allclose(found, H, atol=1e-3)
    np.testing.assert_array_equal(model.encode(spoiled, observed=by_channel[0]), found)


def test_everything_known_is_the_plain_encoding():
    model, images, _ = make()
    everything = np.ones((6, 5), bool)
    np.testing.assert_array_equal(model.encode(images, observed=everything), model.encode(images))


def test_blocks_take_their_own_masks(monkeypatch):
    model, images, H = make(n=200)
    seen = square(200)
    monkeypatch.setattr(columns, "_BLOCK_VALUES", 1)  # 64 pictures at a time
    spoiled = np.where(seen, images.to_images(), 1)
    np.testing.assert_allclose(model.encode(spoiled, observed=seen), H, atol=2e-3)


def test_models_of_other_losses_look_at_known_pixels_alone():
    rng = np.random.default_rng(1)
    layout = ImageLayout(6, 5)
    told = {"settings": {"loss": "kullback-leibler"}}
    model = Model(rng.random((30, 3)) ** 2, layout, provenance=told)
    H = rng.random((3, 7)) + 0.2
    V = model.W @ H
    seen = layout.to_columns(square(7))
    found = model.encode(np.where(seen, V, 9), observed=seen)
    np.testing.assert_allclose(found, H, rtol=0.02)


def test_terms_go_with_masks():
    from visnmf.terms import ElasticNet

    model, images, _ = make()
    seen = square(len(images))
    plain = model.encode(images, observed=seen)
    held = model.encode(images, observed=seen, terms_H=ElasticNet(l2=5.0))
    assert np.linalg.norm(held) < 0.9 * np.linalg.norm(plain)


@pytest.mark.parametrize(
    ("observed", "message"),
    [
        (np.ones((6, 5)), "must hold booleans.*float64"),
        (np.full((6, 5), 255, np.uint8), "picture > 127"),
        (np.ones((5, 6), bool), r"shape \(5, 6\).*one mask \(6, 5\)"),
        (np.ones((8, 6, 5), bool), r"one each \(9, 6, 5\)"),
        (np.ones((30, 8), bool), r"columns \(30, 9\)"),
        (np.zeros((6, 5), bool), "nothing of any picture"),
        (np.zeros((30, 9), bool), "nothing of picture 0 and 8 more"),
        (np.arange(9)[:, None, None] * np.ones((6, 5)) != 4, "nothing of picture 4; True"),
        ([[True, False], [True]], "no array of booleans"),
    ],
)
def test_masks_that_do_not_fit_are_refused(observed, message):
    model, images, _ = make()
    for method in (model.encode, model.reconstruct, model.reconstruction_error):
        with pytest.raises(InvalidInputError, match=message):
            method(images, observed=observed)


def test_a_mask_of_all_pictures_takes_no_room_for_each():
    known = known_columns(np.ones((6, 5), bool), 10**9, ImageLayout(6, 5))
    assert known.shape == (30, 10**9)


def test_a_face_behind_a_bar_is_told_from_the_rest():
    """Filled in nearer to the truth than what plain encoding makes of the bar."""
    faces = visnmf.samples.load_faces()
    model = visnmf.learn(faces[:80], 15, max_iter=60, kernels="numpy")
    seen = np.ones(faces.layout.shape, bool)
    seen[6:12] = False
    rest = faces[80:].to_images()
    black = np.where(seen, rest, 0)
    hidden = ~seen
    left_out, taken = (
        np.square(model.reconstruct(black, observed=known).to_images() - rest)[:, hidden].mean()
        for known in (seen, None)
    )
    assert left_out < 0.5 * taken
