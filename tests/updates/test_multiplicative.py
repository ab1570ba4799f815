"""One multiplicative step is the published one, and sums that are asked for are kept."""

import numpy as np
import pytest

from visnmf.matrices.dense import Dense
from visnmf.solve.naming import make_loss
from visnmf.terms import Simplex, UnitBall
from visnmf.updates.multiplicative import Multiplicative, _fall, _rise, scale_into

RANK, M, N = 3, 14, 10
RNG = np.random.default_rng(0)
V, A, F = RNG.random((M, N)) + 0.2, RNG.random((RANK, M)) + 0.1, RNG.random((RANK, N)) + 0.1
Y = A.T @ F
R = V - Y


def by_weights(D):
    """Return the step of weighted least squares (Kong, Ding & Huang 2011, equation 8)."""
    return F * (A @ (D * V)) / (A @ (D * Y))


def by_beta(beta, power):
    """Return the step of a beta divergence (Fevotte & Idier 2011, equation 4.1)."""
    return F * ((A @ (V * Y ** (beta - 2))) / (A @ Y ** (beta - 1))) ** power


EPS = make_loss("l1", Dense(V)).eps
PUBLISHED = {
    "frobenius": by_weights(np.ones_like(V)),
    "kl": by_beta(1, 1),
    "is": by_beta(0, 0.5),
    0.5: by_beta(0.5, 2 / 3),
    1.5: by_beta(1.5, 1),
    3: by_beta(3, 0.5),
    "huber:0.3": by_weights(np.minimum(1, 0.3 / np.abs(R))),
    "l1": by_weights(1 / np.maximum(np.abs(R), EPS)),
    "l21": by_weights(np.broadcast_to(1 / np.linalg.norm(R, axis=0), R.shape)),
}


@pytest.mark.parametrize("loss", PUBLISHED)
def test_a_step_is_the_published_one(loss):
    found, stepped = make_loss(loss, Dense(V)), F.copy()
    model = found.split(Dense(V), A, F)
    assert model.objective == pytest.approx(found.value(Dense(V), A, F))
    Multiplicative().step(stepped, model)
    np.testing.assert_allclose(stepped, PUBLISHED[loss], rtol=1e-7)
    assert found.value(Dense(V), A, stepped) < model.objective


@pytest.mark.parametrize("loss", PUBLISHED)
def test_the_two_halves_are_the_gradient(loss):
    found = make_loss(loss, Dense(V))
    model = found.split(Dense(V), A, F)
    slope = np.empty_like(F)
    for place in np.ndindex(*F.shape):
        step = np.zeros_like(F)
        step[place] = 1e-5
        ahead, behind = (found.value(Dense(V), A, F + sign * step) for sign in (1, -1))
        slope[place] = (ahead - behind) / 2e-5
    np.testing.assert_allclose(model.gradient(F), slope, rtol=1e-4, atol=1e-5)


CONSTRAINTS = {
    "ball 1": (UnitBall(1), lambda G: G.sum(axis=1)),
    "ball 2": (UnitBall(2), lambda G: (G**2).sum(axis=1)),
    "parts": (Simplex("part"), lambda G: G.sum(axis=1)),
    "images": (Simplex("image"), lambda G: G.sum(axis=0)),
}


@pytest.mark.parametrize("size", [0.01, 1.0, 100.0])
@pytest.mark.parametrize("name", CONSTRAINTS)
@pytest.mark.parametrize("loss", PUBLISHED)
def test_sums_are_kept_and_the_loss_falls(loss, name, size):
    """From a factor that is where it should be; the parts are too short, right or too long."""
    constraint, sums = CONSTRAINTS[name]
    scaled = size * A
    begun = F.copy()
    scale_into(begun, constraint)
    np.testing.assert_allclose(np.minimum(sums(begun), 1), sums(begun), rtol=1e-9)
    found = make_loss(loss, Dense(V))
    stepped = begun.copy()
    Multiplicative().step(stepped, found.split(Dense(V), scaled, begun), constraint=constraint)
    told = sums(stepped)
    if constraint.exact:
        np.testing.assert_allclose(told, 1, rtol=1e-9)
    else:
        assert (told <= 1 + 1e-9).all()
    before = found.value(Dense(V), scaled, begun)
    assert found.value(Dense(V), scaled, stepped) <= before * (1 + 1e-12)


def test_a_factor_that_is_short_enough_is_not_scaled():
    short, long = np.full((1, 4), 0.1), np.full((1, 4), 1.0)
    both = np.concatenate([short, long])
    scale_into(both, UnitBall(1))
    np.testing.assert_allclose(both, np.concatenate([short, long / 4]))
    scale_into(both, Simplex("part"))
    np.testing.assert_allclose(both.sum(axis=1), 1)


def test_what_nothing_known_depends_on_stays():
    """A pixel that no part holds tells nothing of it: 0 over 0."""
    dark, values = A.copy(), V.copy()
    dark[1] = 0
    stepped = F.copy()
    loss = make_loss("kl", Dense(values))
    Multiplicative().step(stepped, loss.split(Dense(values), dark, F))
    np.testing.assert_allclose(stepped[1], F[1], rtol=1e-12)
    assert not np.isclose(stepped[[0, 2]], F[[0, 2]], rtol=1e-3).all()


@pytest.mark.parametrize("power", [0.5, 1.0])
def test_multipliers_bring_sums_to_their_total(power):
    neg, pos = RNG.random((2, RANK, N)) + 0.1
    small, large = 0.01 * F, 100 * F
    nu = _rise(small, neg, pos, power, 1.0, 1)
    assert (nu > 0).all()
    np.testing.assert_allclose((small * ((neg + nu) / pos) ** power).sum(axis=1), 1, rtol=1e-9)
    for degree in (1, 2):
        weight = large ** (degree - 1)
        mu = _fall(large, neg, pos, weight, power, 1.0, degree, 1)
        assert (mu > 0).all()
        fallen = (large * (neg / (pos + mu * weight)) ** power) ** degree
        np.testing.assert_allclose(fallen.sum(axis=1), 1, rtol=1e-9)
