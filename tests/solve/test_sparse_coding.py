"""Non-negative sparse coding: optimal encodings, and parts that improve from pass to pass."""

import numpy as np
import pytest
from sklearn.decomposition import NMF, MiniBatchDictionaryLearning

from visnmf import threads
from visnmf.solve.sparse_coding import (
    GOAL,
    _improved,
    gram_of_units,
    sparse_encode,
    sparse_parts,
)


def unit(rows):
    return rows / np.linalg.norm(rows, axis=1, keepdims=True)


def planted(n=600, length=40, rank=15, used=3, seed=0, dtype=np.float64):
    """Rows that are made of few parts each, the parts, and how much of each is in a row."""
    rng = np.random.default_rng(seed)
    W = unit(rng.random((rank, length)) * (rng.random((rank, length)) < 0.3))
    H = np.zeros((n, rank))
    for row in H:
        row[rng.choice(rank, used, replace=False)] = rng.uniform(0.5, 1, used)
    X = H @ W
    lengths = np.linalg.norm(X, axis=1, keepdims=True)
    return (X / lengths).astype(dtype), np.ascontiguousarray(W.T, dtype), H / lengths


def objective(X, W, H, cost):
    return 0.5 * np.square(X - H @ W.T).sum() + cost * H.sum()


class TestEncode:
    @pytest.mark.parametrize("cost", [0.02, 0.1, 0.3])
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_encodings_meet_their_conditions(self, cost, dtype):
        X, W, _ = planted(dtype=dtype)
        noisy = (X + 0.02 * np.random.default_rng(1).random(X.shape)).astype(dtype)
        H = sparse_encode(noisy, W, gram_of_units(W), cost, limit=2000, goal=1e-5)
        assert H.dtype == dtype
        assert H.min() >= 0
        gradient = (H @ W.T - noisy) @ W + cost
        assert gradient.min() > -1e-4, "nothing is worth adding"
        assert np.minimum(gradient, H).max() < 1e-4, "nothing is worth taking away"
        assert 0.3 < (H == 0).mean() < 1

    def test_the_goal_is_a_share_of_the_first_step(self):
        X, W, _ = planted()
        H = sparse_encode(X, W, gram_of_units(W), 0.05, limit=2000)
        gradient = (H @ W.T - X) @ W + 0.05
        moves = np.abs(np.maximum(-gradient, -H)).max(axis=1)
        assert (moves <= GOAL * (X @ W - 0.05).max(axis=1) + 1e-12).all()
        assert moves.max() > 0

    def test_each_row_may_have_its_own_cost(self):
        X, W, _ = planted(90)
        G, costs = gram_of_units(W), np.repeat([0.05, 0.2, 10], 30)[:, None]
        H = sparse_encode(X, W, G, costs)
        for cost in (0.05, 0.2, 10):
            rows = costs[:, 0] == cost
            np.testing.assert_allclose(H[rows], sparse_encode(X[rows], W, G, cost), atol=1e-12)
        assert not H[60:].any()

    def test_the_objective_is_that_of_scikit_learn_or_less(self):
        X, W, _ = planted(300)
        cost, length = 0.1, X.shape[1]
        H = sparse_encode(X, W, gram_of_units(W), cost, limit=2000, goal=1e-6)
        peer = NMF(W.shape[1], init="custom", alpha_W=cost / length, l1_ratio=1, alpha_H=0)
        peer.set_params(max_iter=1000, tol=1e-8)
        peer.components_, peer.n_components_, peer.n_features_in_ = W.T.copy(), W.shape[1], length
        peer._n_components = W.shape[1]
        theirs = peer.transform(X)
        ours, reference = (objective(X, W, F, cost) for F in (H, theirs))
        assert ours == pytest.approx(reference, rel=1e-4)
        quick = objective(X, W, sparse_encode(X, W, gram_of_units(W), cost), cost)
        assert quick < 1.002 * reference, "the goal of the default costs next to nothing"

    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_threads_change_nothing(self, dtype):
        X, W, _ = planted(9000, dtype=dtype)
        G = gram_of_units(W)
        results = []
        for n_jobs in (1, 2, 7):
            with threads(n_jobs):
                results.append(sparse_encode(X, W, G, 0.1))
        for other in results[1:]:
            np.testing.assert_array_equal(other, results[0])

    def test_no_rows_and_parts_of_zeros_are_no_matter(self):
        X, W, _ = planted(20)
        W[:, 3] = 0
        G = gram_of_units(W)
        H = sparse_encode(X, W, G, 0.1)
        assert not H[:, 3].any()
        assert H.any()
        assert sparse_encode(X[:0], W, G, 0.1).shape == (0, W.shape[1])


class TestParts:
    @pytest.mark.parametrize("dtype", [np.float32, np.float64])
    def test_planted_parts_are_found(self, dtype):
        X, truth, _ = planted(8000, dtype=dtype)
        W = sparse_parts(X, 15, 0.05, passes=10, rng=np.random.default_rng(0))
        assert W.dtype == dtype
        np.testing.assert_allclose(np.linalg.norm(W, axis=0), 1, atol=1e-5)
        assert W.min() >= 0
        best = (truth.T @ W).max(axis=1)
        assert (best > 0.97).sum() >= 13, np.sort(best)

    def test_the_objective_falls_from_pass_to_pass(self):
        X, _, _ = planted(3000, rank=30, used=4)
        values = []
        for passes in (1, 2, 4, 8, 16):
            W = sparse_parts(X, 20, 0.1, passes=passes, rng=np.random.default_rng(0))
            H = sparse_encode(X, W, gram_of_units(W), 0.1, limit=1000, goal=1e-5)
            values.append(objective(X, W, H, 0.1))
        assert (np.diff(values) < 0).all(), values

    def test_the_objective_is_about_that_of_scikit_learn(self):
        X, _, _ = planted(2000, rank=30, used=4)
        rank, cost = 20, 0.1
        peer = MiniBatchDictionaryLearning(
            rank, alpha=cost, fit_algorithm="cd", positive_code=True, positive_dict=True,
            batch_size=256, max_iter=10, random_state=0,
        ).fit(X)  # fmt: skip
        theirs = np.ascontiguousarray(unit(peer.components_).T)
        ours = sparse_parts(X, rank, cost, passes=10, rng=np.random.default_rng(0))
        values = [
            objective(X, W, sparse_encode(X, W, gram_of_units(W), cost, goal=1e-5), cost)
            for W in (ours, theirs)
        ]
        assert values[0] < 1.02 * values[1], values

    def test_the_seed_decides_and_threads_do_not(self):
        X, _, _ = planted(9000, dtype=np.float32)
        results = []
        for seed, n_jobs in ((0, 1), (0, 2), (1, 1)):
            with threads(n_jobs):
                rng = np.random.default_rng(seed)
                results.append(sparse_parts(X, 8, 0.1, passes=1, rng=rng))
        np.testing.assert_array_equal(results[0], results[1])
        assert not np.allclose(results[0], results[2])

    def test_more_parts_than_rows(self):
        X, _, _ = planted(5)
        W = sparse_parts(X, 12, 0.1, passes=2, rng=np.random.default_rng(0))
        assert W.shape == (40, 12)
        np.testing.assert_allclose(np.linalg.norm(W, axis=0), 1)
        H = sparse_encode(X, W, gram_of_units(W), 0.1)
        assert np.linalg.norm(X - H @ W.T) < 0.3 * np.linalg.norm(X)


@pytest.mark.parametrize("scale", [1e-3, 1.0, 1e3])
def test_parts_are_improved_alike_at_any_scale(scale):
    rng = np.random.default_rng(0)
    batch, W = rng.random((40, 12)), rng.random((12, 3))
    W /= np.linalg.norm(W, axis=0)
    H = rng.random((40, 3))
    one, other = (
        _improved(W, size**2 * H.T @ H, size**2 * batch.T @ H, size * batch, rng)
        for size in (1.0, scale)
    )
    np.testing.assert_allclose(one, other, rtol=1e-9)
    np.testing.assert_allclose(np.linalg.norm(one, axis=0), 1)
    assert np.linalg.norm(batch.T - one @ H.T) < np.linalg.norm(batch.T - W @ H.T)


def test_a_part_in_no_row_begins_anew_as_a_row():
    rng = np.random.default_rng(0)
    batch, W = rng.random((5, 12)), rng.random((12, 2))
    pairs, pulls = np.diag([1.0, 0.0]), np.zeros((12, 2))
    found = _improved(W, pairs, pulls, batch, rng)
    alike = (batch / np.linalg.norm(batch, axis=1, keepdims=True)) @ found[:, 1]
    assert alike.max() == pytest.approx(1)
