"""The beta-divergences by their definitions: values, gradients, and what sparse V may skip."""

import numpy as np
import pytest
from cases import LOSSES, MATRICES, divergence

from visnmf.errors import InvalidInputError
from visnmf.losses.beta import Beta
from visnmf.losses.frobenius import Frobenius
from visnmf.matrices.dense import Dense
from visnmf.solve.intake import take_in
from visnmf.solve.naming import LOSSES as NAMES
from visnmf.solve.naming import make_loss

BETAS = [-1.0, 0.0, 0.5, 1.0, 1.5, 2.0, 3.0]
V = np.random.default_rng(0).random((9, 13)) + 0.1


def factors(m, n, rank=3):
    rng = np.random.default_rng(1)
    return rng.random((rank, m)) + 0.05, rng.random((rank, n)) + 0.05


def inputs():
    """Each kind of V with each loss, but for zeros that Itakura-Saito cannot take."""
    for matrix in MATRICES:
        for loss in LOSSES:
            if not (matrix == "sparse" and loss == "is"):
                yield pytest.param(MATRICES[matrix](), loss, id=f"{matrix}-{loss}")


each_input = pytest.mark.parametrize(("given", "loss"), list(inputs()))


def differences(function, F):
    gradient = np.empty_like(F)
    for place in np.ndindex(*F.shape):
        step = np.zeros_like(F)
        step[place] = 1e-5
        gradient[place] = (function(F + step) - function(F - step)) / 2e-5
    return gradient


@each_input
def test_the_value_is_the_divergence(given, loss):
    A, F = factors(*given.values.shape)
    expected = divergence(given.values, A.T @ F, given.weights, loss)
    matrix = take_in(given.V, **given.options)
    found = make_loss(loss, matrix)
    assert found.value(matrix, A, F) == pytest.approx(expected)
    assert found.turned().value(matrix.T, F, A) == pytest.approx(expected)


@each_input
def test_the_split_model_is_value_and_gradient(given, loss):
    A, F = factors(*given.values.shape)
    matrix = take_in(given.V, **given.options)
    straight = make_loss(loss, matrix)
    turned = straight.turned()
    for found, side, left, right in ((straight, matrix, A, F), (turned, matrix.T, F, A)):

        def value(G, left=left, side=side):
            Y = left.T @ G if side is matrix else (left.T @ G).T
            return divergence(given.values, Y, given.weights, loss)

        model = found.split(side, left, right)
        assert (model.neg >= 0).all()
        assert (model.pos >= 0).all()
        assert model.objective == pytest.approx(value(right))
        assert model.value(2 * right) == pytest.approx(value(2 * right))
        np.testing.assert_allclose(
            model.gradient(right), differences(value, right), rtol=1e-5, atol=1e-6
        )
        unasked = found.split(side, left, right, objective=False)
        assert np.isnan(unasked.objective)
        np.testing.assert_array_equal(unasked.gradient(right), model.gradient(right))


@pytest.mark.parametrize("matrix", MATRICES)
def test_the_quadratic_model_of_the_frobenius_loss_touches_and_lies_above(matrix):
    given = MATRICES[matrix]()
    A, F = factors(*given.values.shape)
    matrix = take_in(given.V, **given.options)
    model = Frobenius(matrix).quadratic(matrix, A, F)

    def value(G):
        return divergence(given.values, A.T @ G, given.weights, "frobenius")

    assert model.value(F) == pytest.approx(value(F))
    np.testing.assert_allclose(model.gradient(F), differences(value, F), rtol=1e-5, atol=1e-6)
    rng = np.random.default_rng(2)
    exact = not matrix.weighted or matrix.density < 0.5
    for scale in (0.1, 1, 10):
        G = scale * rng.random(F.shape)
        assert model.value(G) >= value(G) * (1 - 1e-12)
        if exact:
            assert model.value(G) == pytest.approx(value(G))


@pytest.mark.parametrize("beta", BETAS)
def test_the_split_s_degrees_hold_a_majorizing_function(beta):
    """Multiplicative steps by 1 / (highest - lowest) never raise the divergence."""
    A, F = factors(*V.shape)
    matrix = Dense(V)
    loss = make_loss(beta, matrix)
    before = loss.value(matrix, A, F)
    for _ in range(10):
        model = loss.split(matrix, A, F)
        F = F * (model.neg / model.pos) ** model.power
        after = loss.value(matrix, A, F)
        assert after <= before * (1 + 1e-12)
        before = after


@pytest.mark.parametrize("beta", BETAS)
def test_the_divergence_of_v_from_itself_is_nothing(beta):
    matrix = Dense(V)
    loss = make_loss(beta, matrix)
    assert loss.value(matrix, np.eye(len(V)), V) == pytest.approx(0, abs=1e-10)


@pytest.mark.parametrize("beta", [0.999999, 1.000001])
def test_near_one_it_is_nearly_kullback_leibler(beta):
    A, F = factors(*V.shape)
    near, limit = (divergence(V, A.T @ F, np.ones_like(V), loss) for loss in (beta, 1.0))
    assert near == pytest.approx(limit, rel=1e-4)
    found = Beta(Dense(V), beta).value(Dense(V), A, F)
    assert found == pytest.approx(limit, rel=1e-3)


@pytest.mark.parametrize("loss", ["is", -1.0, 0.0])
def test_zeros_are_refused_where_the_divergence_from_them_is_infinite(loss):
    holed = V.copy()
    holed[2, 3] = holed[4, 4] = 0
    with pytest.raises(InvalidInputError, match=r"2 zeros.*infinite.*np\.maximum"):
        make_loss(loss, Dense(holed))
    known = holed > 0
    assert np.isfinite(make_loss(loss, take_in(holed, observed=known)).const)  # not known: may be 0


def test_names_and_betas_are_the_same_losses():
    for name, beta in NAMES.items():
        assert make_loss(name, Dense(V)).name == make_loss(beta, Dense(V)).name
    assert isinstance(make_loss(2, Dense(V)), Frobenius)
    assert make_loss(1.5, Dense(V)).name == "beta=1.5"


@pytest.mark.parametrize("loss", ["gauss", np.nan, np.inf, None, [1.0]])
def test_losses_that_are_not(loss):
    with pytest.raises(InvalidInputError, match="frobenius.*kl.*beta"):
        make_loss(loss, Dense(V))


@pytest.mark.parametrize("beta", BETAS)
def test_float32_is_kept(beta):
    small = V.astype(np.float32)
    A, F = (X.astype(np.float32) for X in factors(*V.shape))
    model = make_loss(beta, Dense(small)).split(Dense(small), A, F)
    assert model.neg.dtype == model.pos.dtype == np.float32
    exact = make_loss(beta, Dense(V)).value(Dense(V), A.astype(float), F.astype(float))
    assert model.objective == pytest.approx(exact, rel=1e-4)


@pytest.mark.parametrize("beta", [-1.0, -0.5, 0.0, 0.5, 1.0, 1.5])
@pytest.mark.parametrize(("dtype", "tiny"), [(np.float32, 1e-35), (np.float64, 1e-300)])
def test_where_the_fit_is_next_to_nothing_numbers_stay_in_range(beta, dtype, tiny):
    V = np.array([[2.0, 3.0], [4.0, 5.0]], dtype)
    A, F = np.array([[1.0, tiny]], dtype), np.array([[1.0, 1.0]], dtype)
    loss = Beta(Dense(V), beta)
    with np.errstate(over="raise", invalid="raise", divide="raise"):
        model = loss.split(Dense(V), A, F)
        value = loss.value(Dense(V), A, F)
    for number in (model.neg, model.pos, model.objective, value):
        assert np.isfinite(number).all()
    assert (model.neg > model.pos).all()  # there is a way to go up


@pytest.mark.parametrize("beta", [0.0, 0.5])
def test_fits_that_are_small_but_in_range_are_not_lifted(beta):
    V, A = np.full((1, 1), 1e-8), np.full((1, 1), 1e-9)
    loss, F = Beta(Dense(V), beta), np.ones((1, 1))
    exact = divergence(V, A, np.ones((1, 1)), beta)
    assert loss.split(Dense(V), A, F).objective == pytest.approx(exact, rel=1e-6)
    small = np.full((1, 1), 1e-12, np.float32)
    loss = Beta(Dense(100 * small), beta)
    model = loss.split(Dense(100 * small), small, np.ones((1, 1), np.float32))
    assert model.neg.item() == pytest.approx(1e-10 * 1e-12 ** (beta - 2) * 1e-12, rel=1e-3)
