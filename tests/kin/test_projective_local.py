import numpy as np
import pytest

from visnmf import factorize
from visnmf.kin import local as local_module
from visnmf.kin import local_nmf, projective_nmf
from visnmf.measure import hoyer_sparseness, part_overlap
from visnmf.samples import make_swimmer, make_swimmer_parts

RNG = np.random.default_rng(0)
BLOCKS = np.kron(np.eye(4), np.ones((5, 1)))  # four parts that share no pixel
V = BLOCKS @ RNG.random((4, 60))


@pytest.fixture(scope="module")
def faces(real_data):
    images = np.load(real_data("cbcl_faces.npz"))["images"][:800]
    return (images.reshape(len(images), -1).T / 255).astype(np.float32)


@pytest.mark.parametrize("orthogonal", [False, True])
def test_projective_finds_disjoint_parts(orthogonal):
    result = projective_nmf(V, 4, orthogonal=orthogonal)
    np.testing.assert_allclose(result.H, result.W.T @ V)
    np.testing.assert_allclose(result.W.T @ result.W, np.eye(4), atol=1e-2)
    assert np.linalg.norm(result.residual(V)) < 1e-2 * np.linalg.norm(V)
    assert sorted(result.W.argmax(axis=0) // 5) == [0, 1, 2, 3]


@pytest.mark.parametrize("orthogonal", [False, True])
def test_an_iteration_of_projective_is_the_published_rule(orthogonal):
    before, after = (projective_nmf(V, 3, orthogonal=orthogonal, max_iter=k, tol=0) for k in (4, 5))
    W, S = before.W, V @ V.T
    if orthogonal:
        W = W * (S @ W) / (W @ (W.T @ S @ W))
    else:
        W = W * (2 * S @ W) / (W @ (W.T @ S @ W) + S @ W @ (W.T @ W))
    np.testing.assert_allclose(after.W, W / np.linalg.norm(W, 2), atol=1e-12)


def test_an_iteration_of_local_is_the_published_rule(monkeypatch):
    monkeypatch.setattr(local_module, "_BLOCK", 7 * len(V))  # blocks that do not divide n
    before, after = (local_nmf(V, 3, max_iter=k, tol=0) for k in (4, 5))
    W, H = before.W, before.H
    H = np.sqrt(H * (W.T @ (V / (W @ H))))
    W = W * ((V / (W @ H)) @ H.T) / H.sum(axis=1)
    W = W / W.sum(axis=0)
    np.testing.assert_allclose(after.H, H, atol=1e-12)
    np.testing.assert_allclose(after.W, W, atol=1e-12)
    fitted = W @ H
    divergence = np.sum(V * np.log(V / fitted) - V + fitted)
    np.testing.assert_allclose(after.objective, divergence)


@pytest.mark.parametrize("learn", [local_nmf, projective_nmf])
def test_parts_of_faces_are_local(faces, learn):
    plain = factorize(faces, 25).W
    parts = learn(faces, 25, max_iter=150).W
    assert hoyer_sparseness(parts).mean() > hoyer_sparseness(plain).mean() + 0.1
    assert part_overlap(parts) < 0.5 * part_overlap(plain)


def test_the_orthogonal_rule_keeps_the_largest_singular_value_at_one(faces):
    W = projective_nmf(faces, 10, orthogonal=True, max_iter=20).W
    np.testing.assert_allclose(np.linalg.norm(W, 2), 1, rtol=1e-5)


@pytest.mark.parametrize(
    "learn",
    [local_nmf, projective_nmf, lambda V, rank, **o: projective_nmf(V, rank, orthogonal=True, **o)],
)
def test_the_limbs_of_the_swimmer_come_apart(learn):
    W = learn(make_swimmer(), 17, max_iter=150, tol=0).W
    true = make_swimmer_parts().V
    cosines = (true / np.linalg.norm(true, axis=0)).T @ (W / np.linalg.norm(W, axis=0))
    assert sorted(cosines.argmax(axis=1)) == list(range(17))
    assert cosines.max(axis=1).min() > 0.9
