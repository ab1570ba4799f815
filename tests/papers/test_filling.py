"""What is not known is filled in: hidden pixels of faces, ratings that nobody gave."""

import numpy as np
import pytest
from scipy.sparse import csr_array

from visnmf import factorize
from visnmf.terms import ElasticNet


def quarter(real_data):
    X = np.load(real_data("orl_faces.npz"))["images"].astype(np.float32) / 255
    return X.reshape(400, 28, 4, 23, 4).mean(axis=(2, 4)).reshape(400, -1).T


def scattered(shape, rng):
    return rng.random((shape[0] * shape[1], 400)) > 1 / 3


def blocks(shape, rng):
    """Hide a rectangle of a third of each picture, as something before the face does.

    Each pixel is seen in 60 pictures at least, so that there is a mean face.
    """
    known = np.ones((400, *shape), bool)
    height, width = round(shape[0] * 0.68), round(shape[1] * 0.48)
    for picture in known:
        top, left = rng.integers(shape[0] - height + 1), rng.integers(shape[1] - width + 1)
        picture[top : top + height, left : left + width] = False
    return known.reshape(400, -1).T


def gain(V, known, **settings):
    """Return by how many decibels W H is nearer to what is hidden than the mean face."""
    seen = np.where(known, V, np.nan)
    result = factorize(seen, missing=np.nan, **settings)
    filled = np.clip(result.W @ result.H, 0, 1)
    mean = np.nanmean(seen, axis=1, keepdims=True)
    return 10 * np.log10(((mean - V)[~known] ** 2).mean() / ((filled - V)[~known] ** 2).mean())


@pytest.mark.parametrize(("hide", "l2"), [(scattered, 0.1), (blocks, 1.0)])
def test_hidden_pixels_3_decibels_better_than_the_mean_face(real_data, hide, l2):
    # What is hidden in one piece is told by the rest of the face only, which takes more L2
    known, even = hide((28, 23), np.random.default_rng(0)), ElasticNet(l2=l2)
    assert gain(quarter(real_data), known, rank=40, terms_W=even, terms_H=even) >= 3


@pytest.mark.slow
@pytest.mark.parametrize(("hide", "l2", "least"), [(scattered, 0.4, 3), (blocks, 4.0, 2.5)])
def test_whole_faces_better_than_the_mean_face(real_data, hide, l2, least):
    # Four times the length of a part: four times the L2
    X = np.load(real_data("orl_faces.npz"))["images"].reshape(400, -1).astype(np.float32) / 255
    known, even = hide((112, 92), np.random.default_rng(0)), ElasticNet(l2=l2)
    assert gain(X.T, known, rank=40, terms_W=even, terms_H=even, max_iter=60) >= least


def planted(rank, noise, seed):
    """Ratings of MovieLens-100k's size and spread: the true ones, and where and what was rated."""
    rng = np.random.default_rng(seed)
    users, items, count = 943, 1682, 100_000
    taste = rng.gamma(1, 1, (users, rank)) @ rng.gamma(1, 1, (rank, items))
    biases = rng.normal(1.5, 0.4, (users, 1)) + rng.normal(1.2, 0.5, items)
    true = biases + 0.3 * taste / taste.std()
    at = np.unravel_index(rng.choice(users * items, count, replace=False), true.shape)
    return true, at, np.maximum(true[at] + noise * rng.standard_normal(count), 1e-3)


@pytest.mark.parametrize("rank", [5, 10])
@pytest.mark.parametrize("seed", [0, 1])
def test_planted_ratings_within_five_percent_of_their_noise(rank, seed):
    """With a column of each factor for the biases, long enough for L2 to leave them alone.

    There is a limit: (943 + 1682) rank numbers are learned from 90,000 ratings, so that
    without shrinkage the error would be 7 and 14 percent above the noise.
    """
    noise, even = 0.9, ElasticNet(l2=10)
    true, (users, items), ratings = planted(rank, noise, seed)
    held_out = np.random.default_rng(seed + 10).random(len(ratings)) < 0.1
    seen = csr_array((ratings[~held_out], (users[~held_out], items[~held_out])), shape=true.shape)
    result = factorize(
        seen,
        rank + 2,
        observed="stored",
        known_W=np.full((943, 1), 4.0),
        known_H=np.full((1, 1682), 4.0),
        terms_W=even,
        terms_H=even,
        change=1e-6,
    )
    predicted = np.einsum("ik,ki->i", result.W[users], result.H[:, items])
    error = np.sqrt(np.mean((predicted - ratings)[held_out] ** 2))
    assert error <= 1.05 * noise
