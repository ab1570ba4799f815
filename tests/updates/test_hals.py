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


class Counting:
    """Rows that are held to nothing but F >= 0, and how often they were."""

    couples, convex, total, exact = "part", True, None, False

    def __init__(self):
        self.count = 0

    def project(self, F):
        self.count += 1
        np.maximum(F, 0, out=F)


@pytest.mark.parametrize("ratio", [0.5, 0.1, 0.01])
def test_sweeps_end_where_they_move_little_beside_the_first(ratio):
    rng = np.random.default_rng(0)
    V, W, H = rng.random((20, 130)), rng.random((5, 20)), rng.random((5, 130))
    model = Frobenius(Dense(V)).model(Dense(V), W, out=np.empty_like(H))
    moves, F = [], H.copy()
    while len(moves) < 2 or moves[-1] > ratio * moves[0]:
        before = F.copy()
        Hals(reference, 1).step(F, model, constraint=Counting())
        moves.append(np.linalg.norm(F - before))
    held, found = Counting(), H.copy()
    Hals(reference, 1000, ratio).step(found, model, constraint=held)
    assert held.count == 5 * len(moves)
    np.testing.assert_allclose(found, F)
