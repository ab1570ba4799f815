"""The curvature of a beta-divergence: its diagonal against second differences, and its scaling."""

import numpy as np
import pytest

from visnmf.losses.curvature import curvature_of
from visnmf.matrices.dense import Dense
from visnmf.solve.naming import make_loss

BETAS = [-0.5, 0.0, 0.5, 1.0, 1.5, 3.0]


def exact(m=9, n=13, rank=3):
    """Return V = A'F, where the weights y^(beta - 2) are the second derivatives."""
    rng = np.random.default_rng(1)
    A, F = rng.random((rank, m)) + 0.1, rng.random((rank, n)) + 0.1
    return A.T @ F, A, F


@pytest.mark.parametrize("order", ["F", "C"])
@pytest.mark.parametrize("beta", BETAS)
def test_the_diagonal_is_the_second_derivative_where_the_fit_is_exact(beta, order):
    V, A, F = exact()
    matrix = Dense(np.array(V, order=order))
    loss = make_loss(beta, matrix)
    found = curvature_of(matrix, A, F, beta).diagonal
    step = 1e-4
    for place in [(0, 0), (1, 5), (2, 12)]:
        around = []
        for sign in (-1, 0, 1):
            moved = F.copy()
            moved[place] += sign * step
            around.append(loss.value(matrix, A, moved))
        second = (around[0] - 2 * around[1] + around[2]) / step**2
        assert found[place] == pytest.approx(second, rel=1e-3)


@pytest.mark.parametrize("beta", BETAS)
def test_scaled_it_has_that_diagonal_and_is_exact_for_weights_of_rank_one(beta):
    rng = np.random.default_rng(2)
    A, F = (
        rng.random((1, 9)) + 0.1,
        rng.random((1, 13)) + 0.1,
    )  # so y, and its powers, have rank one
    held = rng.random((3, 9)) + 0.1
    weights = (A.T @ F) ** (beta - 2)
    known = curvature_of(Dense(A.T @ F), A, F, beta)
    whole = type(known)(held**2 @ weights, known.rows)
    G, scale = whole.scaled(held, 2.0)
    for j in (0, 7):
        expected = 2 * (held * weights[:, j]) @ held.T
        np.testing.assert_allclose(np.outer(scale[:, j], scale[:, j]) * G, expected, rtol=1e-9)


def test_a_part_that_is_empty_does_no_harm():
    V, A, F = exact()
    A[1] = 0
    G, scale = curvature_of(Dense(V), A, F, 1.0).scaled(A, 1.0)
    assert np.isfinite(G).all()
    assert np.isfinite(scale).all()
    assert (scale > 0).all()


@pytest.mark.parametrize("beta", [-1.0, 0.0, 0.5])
def test_next_to_a_fit_of_nothing_the_curvature_stays_in_range(beta):
    V = np.full((2, 3), 1.0, np.float32)
    A, F = np.array([[1.0, 1e-36]], np.float32), np.ones((1, 3), np.float32)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        found = curvature_of(Dense(V), A, F, beta)
    for numbers in vars(found).values():
        assert np.isfinite(numbers).all()
