import numpy as np
import pytest

from visnmf.kernels import reference
from visnmf.losses.frobenius import Frobenius
from visnmf.matrices.dense import Dense
from visnmf.updates.hals import Hals


@pytest.mark.parametrize("sweeps", [1, 8])
def test_a_step_lowers_the_loss_and_stays_non_negative(sweeps):
    rng = np.random.default_rng(0)
    V, W, H = rng.random((20, 130)), rng.random((5, 20)), rng.random((5, 130))
    model = Frobenius(Dense(V)).model(Dense(V), W, out=np.empty_like(H))
    before = model.at(H, reference).objective
    Hals(reference, sweeps).step(H, model)
    after = model.at(H, reference).objective
    assert after < before
    assert (H >= 0).all()
    Hals(reference, sweeps).step(H, model)
    assert model.at(H, reference).objective <= after


def test_more_sweeps_go_further():
    rng = np.random.default_rng(0)
    V, W, H = rng.random((20, 130)), rng.random((5, 20)), rng.random((5, 130))
    model = Frobenius(Dense(V)).model(Dense(V), W, out=np.empty_like(H))
    ends = []
    for sweeps in (1, 4, 16):
        F = H.copy()
        Hals(reference, sweeps, ratio=0.0).step(F, model)
        ends.append(model.at(F, reference).objective)
    assert ends[0] > ends[1] > ends[2]
