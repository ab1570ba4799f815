import numpy as np
import pytest

from visnmf.kernels import reference
from visnmf.losses.frobenius import Frobenius
from visnmf.matrices.dense import Dense

RNG = np.random.default_rng(0)
V, W, H = RNG.random((20, 31)), RNG.random((4, 20)), RNG.random((4, 31))
H[H < 0.3] = 0


def model_of_h():
    return Frobenius(Dense(V)).model(Dense(V), W, out=np.empty_like(H))


def loss(F):
    return 0.5 * np.linalg.norm(V - W.T @ F) ** 2


def test_the_model_is_the_loss():
    for F in (H, 2 * H, np.zeros_like(H)):
        assert model_of_h().at(F, reference).objective == pytest.approx(loss(F))
    assert Frobenius(Dense(V)).value(Dense(V), W, H) == pytest.approx(loss(H))


def test_the_projected_gradient_by_finite_differences():
    gradient = np.zeros_like(H)
    for place in np.ndindex(*H.shape):
        step = np.zeros_like(H)
        step[place] = 1e-5
        gradient[place] = (loss(H + step) - loss(H - step)) / 2e-5
    free = np.where(H > 0, gradient, np.minimum(gradient, 0))
    point = model_of_h().at(H, reference)
    assert point.square == pytest.approx((free**2).sum(), rel=1e-6)
    assert point.absolute == pytest.approx(np.abs(free).sum(), rel=1e-6)
