"""What a run says of itself where rounding or haste could make it say something else."""

import numpy as np
import pytest

from visnmf import factorize
from visnmf.kernels import reference
from visnmf.losses.frobenius import Frobenius
from visnmf.matrices.dense import Dense
from visnmf.solve.iterate import Pair, Problem
from visnmf.solve.stopping import Trace
from visnmf.solve.warmup import choose_stand_ins, warm_up
from visnmf.updates.hals import Hals

RNG = np.random.default_rng(0)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_objective_of_an_exact_fit_is_that_of_the_residuals(dtype):
    W, H = np.maximum(RNG.standard_normal((30, 3)), 0), np.maximum(RNG.standard_normal((3, 50)), 0)
    V = (W @ H).astype(dtype)
    result = factorize(V, 3, max_iter=2000, tol=0, change=0)
    residual = V.astype(float) - result.W.astype(float) @ result.H.astype(float)
    true = 0.5 * np.linalg.norm(residual) ** 2
    size = 0.5 * np.linalg.norm(V.astype(float)) ** 2
    # const - <B, F> + 1/2 <G, F F'> is off by eps * size, the residuals by eps^2 * size
    assert abs(result.objective - true) <= 1e-2 * np.finfo(dtype).eps * size


def test_no_iteration_begins_after_the_time_limit():
    V = RNG.random((300, 900))
    limit = 0.2
    result = factorize(
        V, 40, tol=0, change=0, max_iter=10**6, time_limit=limit, kernels="numpy", warmup="none"
    )
    seconds = [record.seconds for record in result.history if record.phase == "V"]
    assert result.reason == "time_limit"
    assert all(second <= limit for second in seconds[:-1])
    assert seconds[-1] > limit


@pytest.mark.parametrize("tall", [False, True])
def test_a_sample_tells_the_gradient_at_the_start_of_the_whole(tall, monkeypatch):
    monkeypatch.setattr("visnmf.solve.warmup._LEAST_SAMPLE", 1000)
    V, W, H = RNG.random((20, 4000)), RNG.random((3, 20)), RNG.random((3, 4000))
    update = Hals(reference)
    loss = Frobenius(Dense(V))
    model = loss.model(Dense(V), W, out=np.empty_like(H))
    stepped = H.copy()
    update.step(stepped, model)
    other = loss.model(Dense(V.T), stepped, out=np.empty_like(W))
    true = model.at(H, reference), other.at(W, reference)

    matrix = Dense(V.T if tall else V)
    pair = Pair(H.copy(), W.copy()) if tall else Pair(W.copy(), H.copy())
    warm_up(
        Problem(matrix, loss, update, reference), pair,
        choose_stand_ins(matrix.shape, 3, "sample"), lowered=None, trace=Trace(),
        rng=np.random.default_rng(1), extrapolation=False, cold=False, max_iter=40,
    )  # fmt: skip
    told = pair.start[::-1] if tall else pair.start
    for point, expected in zip(told, true, strict=True):
        assert point.absolute == pytest.approx(expected.absolute, rel=0.15)
        assert point.square == pytest.approx(expected.square, rel=0.3)
