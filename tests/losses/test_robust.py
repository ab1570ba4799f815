"""Huber, L1 and L2,1: bounds that touch, and what becomes of them at the ends."""

import numpy as np
import pytest
from cases import MATRICES, divergence

from visnmf.errors import InvalidInputError
from visnmf.losses.frobenius import Frobenius
from visnmf.losses.huber import huber
from visnmf.matrices.dense import Dense
from visnmf.solve.intake import take_in
from visnmf.solve.naming import delta_of, make_loss, named

RNG = np.random.default_rng(4)
QUADRATIC = ("huber:0.05", "l21")


def factors(m, n, rank=3):
    return RNG.random((rank, m)), RNG.random((rank, n))


def test_huber_is_squares_then_lines():
    r = np.array([-3.0, -0.5, 0.0, 0.5, 1.0, 3.0])
    np.testing.assert_allclose(huber(r, 1.0), [2.5, 0.125, 0, 0.125, 0.5, 2.5])
    step = 1e-6
    slope = (huber(r + step, 1.0) - huber(r - step, 1.0)) / (2 * step)
    np.testing.assert_allclose(slope, np.clip(r, -1, 1), atol=1e-6)


@pytest.mark.parametrize("name", MATRICES)
@pytest.mark.parametrize("loss", QUADRATIC)
@pytest.mark.parametrize("uniform", [False, True])
def test_the_quadratic_is_above_the_loss_and_touches_it(name, loss, uniform):
    given = MATRICES[name]()
    A, F = factors(*given.values.shape)
    matrix = take_in(given.V, **given.options)
    straight = make_loss(loss, matrix)
    for found, side, left, right in (
        (straight, matrix, A, F),
        (straight.turned(), matrix.T, F, A),
    ):

        def value(G, left=left, side=side):
            Y = left.T @ G if side is matrix else (left.T @ G).T
            return divergence(given.values, Y, given.weights, loss)

        model = found.quadratic(side, left, right, uniform=uniform)
        assert model.built == pytest.approx(value(right))
        assert model.value(right) == pytest.approx(value(right))
        gradient = np.empty_like(right)
        for place in np.ndindex(*right.shape):
            step = np.zeros_like(right)
            step[place] = 1e-5
            gradient[place] = (value(right + step) - value(right - step)) / 2e-5
        np.testing.assert_allclose(model.gradient(right), gradient, rtol=1e-4, atol=1e-6)
        for size in (0.01, 0.1, 1.0):
            other = np.abs(right + size * RNG.standard_normal(right.shape))
            assert model.value(other) >= value(other) * (1 - 1e-9)


def test_a_large_delta_is_the_squared_loss():
    A, F = factors(10, 15)
    matrix = Dense(RNG.random((10, 15)))
    squared, robust = Frobenius(matrix), make_loss("huber:1e6", matrix)
    assert robust.value(matrix, A, F) == pytest.approx(squared.value(matrix, A, F))
    one, other = (loss.quadratic(matrix, A, F) for loss in (squared, robust))
    np.testing.assert_allclose(one.B, other.B)
    np.testing.assert_allclose(one.G, other.G)


def test_an_image_counts_by_the_length_of_its_residual():
    V = np.zeros((4, 2))
    V[:, 0], V[0, 1] = 3.0, 10.0
    A, F = np.zeros((1, 4)), np.zeros((1, 2))
    assert make_loss("l21", Dense(V)).value(Dense(V), A, F) == pytest.approx(6 + 10)


@pytest.mark.parametrize("loss", ["huber:0.1", "l1", "l21"])
def test_a_v_of_zeros_has_a_loss(loss):
    V = Dense(np.zeros((3, 4)))
    found = make_loss(loss, V)
    assert np.isfinite(found.value(V, np.zeros((1, 3)), np.zeros((1, 4))))
    assert np.isfinite(found.split(V, np.ones((1, 3)), np.ones((1, 4))).neg).all()


def test_names():
    assert named("Huber:0.1") == "huber:0.1"
    assert delta_of("huber:0.25") == 0.25
    assert delta_of("huber") is None
    assert named("KL") == 1.0


@pytest.mark.parametrize(
    ("loss", "message"),
    [
        ("huber:", "must be a number above 0"),
        ("huber:-1", "must be a number above 0"),
        ("huber:nan", "must be a number above 0"),
        ("huber:inf", "must be a number above 0"),
        ("l1:3", "takes no number"),
        ("hubber", "did you mean 'huber'"),
        ("huber", "needs its delta"),
    ],
)
def test_a_name_that_cannot_be_used_is_refused(loss, message):
    with pytest.raises(InvalidInputError, match=message):
        make_loss(loss, Dense(np.ones((2, 2))))
