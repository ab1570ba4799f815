"""What online learning remembers of its batches, and the step of W that is made of it."""

import numpy as np
import pytest

from visnmf.matrices.dense import Dense
from visnmf.solve import online as module
from visnmf.solve.compose import Asked
from visnmf.solve.encode import goal_of
from visnmf.solve.online import Batch, Memory

RANK, M, N = 3, 12, 20


def batch_of(loss, seed):
    rng = np.random.default_rng(seed)
    V = rng.random((M, N)) + 0.1
    return Batch.of(Dense(V), RANK, loss, Asked(), Asked()), V, rng.random((RANK, N)) + 0.1


def sums(V, W, H, beta):
    """Return the two halves of the gradient of the beta divergence by W', from its formula."""
    Y = W.T @ H
    return H @ (V * Y ** (beta - 2)).T, H @ (Y ** (beta - 1)).T


def power(beta):
    """Return the exponent that makes multiplicative steps descend (Fevotte and Idier 2011)."""
    return 1 / (2 - beta) if beta < 1 else 1 / (beta - 1) if beta > 2 else 1


@pytest.mark.parametrize("beta", [0, 0.5, 1, 1.5, 3])
def test_with_nothing_remembered_a_step_is_the_multiplicative_one(beta):
    batch, V, H = batch_of(beta, seed=1)
    W = np.random.default_rng(0).random((RANK, M)) + 0.1
    neg, pos = sums(V, W, H, beta)
    stepped = W.copy()
    Memory.empty(W, beta).renew(stepped, batch, H, keep=0.0)
    np.testing.assert_allclose(stepped, W * (neg / pos) ** power(beta), rtol=1e-9)


@pytest.mark.parametrize("beta", [0.5, 1, 3])
def test_a_share_of_the_batches_before_is_kept(beta):
    p, keep = power(beta), 0.7
    W = np.random.default_rng(0).random((RANK, M)) + 0.1
    memory, first, second = Memory.empty(W, beta), W.copy(), np.ones_like(W)
    expected = W.copy()
    for seed in (1, 2, 3):
        batch, V, H = batch_of(beta, seed)
        neg, pos = sums(V, expected, H, beta)
        first, second = keep * first + expected ** (1 / p) * neg, keep * second + pos
        expected = (first / second) ** p
        memory.renew(W, batch, H, keep)
    np.testing.assert_allclose(W, expected, rtol=1e-9)
    np.testing.assert_allclose(memory.first, first, rtol=1e-9)
    np.testing.assert_allclose(memory.second, second, rtol=1e-9)


def test_least_squares_remembers_the_quadratic():
    W = np.random.default_rng(0).random((RANK, M))
    memory, G, B = Memory.empty(W, 2), 0.0, 0.0
    for seed in (1, 2):
        batch, V, H = batch_of("frobenius", seed)
        G, B = 0.6 * G + H @ H.T, 0.6 * B + H @ V.T
        memory.renew(W, batch, H, keep=0.6)
    np.testing.assert_allclose(memory.first, G)
    np.testing.assert_allclose(memory.second, B)
    assert memory.astype(np.dtype(np.float32)).first.dtype == np.float32


@pytest.mark.parametrize("loss", ["kl", "is"])
def test_encodings_begin_with_the_sums_of_their_images(loss, monkeypatch):
    batch, V, _ = batch_of(loss, seed=4)
    W = np.random.default_rng(5).random((RANK, M)) + 0.1
    fitted = batch.encode(W, 400)
    monkeypatch.setattr("visnmf.solve.online.fit_one", lambda *start, **how: None)
    start = batch.encode(W, 400)
    np.testing.assert_allclose((W.T @ start).sum(axis=0), V.sum(axis=0), rtol=1e-9)
    assert (start == start[0]).all()
    assert batch.cost(W, fitted) < batch.cost(W, start)


def test_encodings_are_fitted_closer_where_that_is_asked(monkeypatch):
    goals, fit = [], module.fit_least_squares

    def kept(*given, sweeps, goal):
        goals.append(goal)
        return fit(*given, sweeps=sweeps, goal=goal)

    monkeypatch.setattr(module, "fit_least_squares", kept)
    batch, _, _ = batch_of("frobenius", seed=1)
    W = np.random.default_rng(0).random((RANK, M))
    batch.encode(W, 500)
    batch.encode(W, 500, closer=True)
    usual, closer = goals
    assert usual == goal_of(np.dtype(np.float64))
    assert closer < usual
