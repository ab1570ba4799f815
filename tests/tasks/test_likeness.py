import numpy as np
import pytest

import visnmf
from visnmf.errors import InvalidInputError
from visnmf.tasks import Likeness

RNG = np.random.default_rng(0)


def made(rank=5, n=20, m=30):
    W, H = RNG.random((m, rank)), RNG.random((rank, n))
    return W, H


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def test_it_is_the_mean_of_three_cosines():
    """Computed in pixels, with W itself, not from W'W."""
    W, H = made()
    pictures = (W @ H).T
    roots = unit(np.sqrt(H.T * np.linalg.norm(W, axis=0)))
    n = H.shape[1]
    looks = [pictures, unit(pictures), roots]
    cosines = [unit(look - look.sum(axis=0) / (n + 1)) for look in looks]
    wanted = sum(look @ look.T for look in cosines) / 3
    vectors = Likeness(H.T, W.T @ W).vectors(H.T)
    np.testing.assert_allclose(vectors @ vectors.T, wanted, atol=1e-6)


def test_features_that_are_no_encodings_are_compared_as_they_are():
    rows = RNG.standard_normal((9, 5))
    away = unit(rows - rows.sum(axis=0) / 10)
    vectors = Likeness(rows).vectors(rows)
    np.testing.assert_allclose(vectors, away, atol=1e-6)


def test_scales_of_parts_do_not_matter():
    W, H = made()
    scale = np.array([0.1, 1, 7, 30, 0.5])
    plain = Likeness(H.T, W.T @ W).vectors(H.T)
    V = W * scale
    scaled = Likeness((H / scale[:, None]).T, V.T @ V).vectors((H / scale[:, None]).T)
    np.testing.assert_allclose(plain @ plain.T, scaled @ scaled.T, atol=1e-6)


def test_a_part_in_two_is_nearly_the_part():
    """What overlaps is told by W'W: identity for it would call these pictures unlike."""
    W = np.array([[1.0, 1, 0], [1, 1, 0], [0, 0, 1]])
    H = np.array([[1.0, 0, 0], [0, 1, 0], [0, 0, 1]])
    vectors = Likeness(H.T, W.T @ W).vectors(H.T)
    similar = vectors @ vectors.T
    assert similar[0, 1] > 0.4
    assert similar[0, 1] > similar[0, 2] + 0.5


def test_vectors_have_length_one_and_a_set_of_one_works():
    _, H = made()
    np.testing.assert_allclose(np.linalg.norm(Likeness(H.T).vectors(H.T), axis=1), 1, atol=1e-6)
    one = Likeness(H.T[:1])
    assert one.vectors(H.T[:1]) @ one.vectors(H.T[:1]).T == pytest.approx(1)


def test_blank_pictures_and_signed_features():
    rows = np.vstack([np.zeros(4), RNG.standard_normal((5, 4))])
    vectors = Likeness(rows).vectors(rows)
    assert np.isfinite(vectors).all()
    assert not Likeness(np.zeros((3, 4))).vectors(np.zeros((2, 4))).any()


@pytest.mark.parametrize(
    ("rows", "gram", "what"),
    [
        (np.ones(3), None, "one a row"),
        (np.ones((0, 3)), None, "one a row"),
        (np.full((2, 3), np.nan), None, "NaN"),
        (np.ones((2, 3)), np.eye(2), "gram has shape"),
    ],
)
def test_bad_input_is_refused(rows, gram, what):
    with pytest.raises(InvalidInputError, match=what):
        Likeness(rows, gram)


def test_other_features_are_refused():
    with pytest.raises(InvalidInputError, match="3 features a picture, these have 2"):
        Likeness(np.ones((2, 3))).vectors(np.ones((1, 2)))


def precision(rows, labels):
    """Mean average precision by cosine, leave one out."""
    cosines = unit(rows) @ unit(rows).T
    np.fill_diagonal(cosines, -np.inf)
    order = np.argsort(-cosines, axis=1, kind="stable")[:, :-1]
    right = labels[order] == labels[:, None]
    at = right.cumsum(axis=1) / np.arange(1, right.shape[1] + 1)
    return ((at * right).sum(axis=1) / right.sum(axis=1)).mean()


def test_faces_are_found_better_than_by_pixels_and_pca(real_data):
    """Issue 12: mean average precision on ORL, PCA centered or not, at the same rank."""
    data = np.load(real_data("orl_faces.npz"))
    images = visnmf.load_images(data["images"], size=(56, 46), labels=data["subject"])
    model = visnmf.learn(images, 40)
    index = visnmf.tasks.SimilarIndex.of(model, images)
    X = images.V.T.astype(np.float64)
    ours = precision(index.vectors, images.labels)
    assert ours > 0.73
    for rows in (X, X - X.mean(axis=0)):
        U, s, _ = np.linalg.svd(rows, full_matrices=False)
        assert ours > precision(rows, images.labels)
        assert ours > precision(U[:, :40] * s[:40], images.labels)
