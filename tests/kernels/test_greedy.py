"""Greedy descent: the compiled one equals the reference, and both reach the optimum."""

import importlib.util

import numpy as np
import pytest
from scipy.optimize import nnls

from visnmf.kernels import greedy

KERNELS = ["greedy"] + ["compiled_greedy"] * (importlib.util.find_spec("numba") is not None)


@pytest.fixture(params=KERNELS)
def descend(request):
    return importlib.import_module(f"visnmf.kernels.{request.param}").descend


def problem(n, m, rank, seed=0, dtype=np.float64):
    rng = np.random.default_rng(seed)
    W = rng.random((m, rank)) ** 4
    W /= np.linalg.norm(W, axis=0)
    X = rng.random((n, m))
    G = W.T @ W
    np.fill_diagonal(G, 1)
    return X, W, (X @ W).astype(dtype), np.ascontiguousarray(G, dtype)


def test_it_reaches_the_non_negative_least_squares_solution(descend):
    X, W, B, G = problem(40, 30, 12)
    H = np.empty_like(B)
    descend(B, G, H, 5000, 1e-12)
    for x, h in zip(X, H, strict=True):
        exact, _ = nnls(W, x)
        assert np.allclose(h, exact, atol=1e-8)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_penalized_solution_meets_its_conditions(descend, dtype):
    _, _, B, G = problem(60, 20, 50, dtype=dtype)
    B -= dtype(0.4)
    given, H = B.copy(), np.full_like(B, np.nan)
    descend(B, G, H, 2000, 1e-4)
    gradient = given - H @ G
    assert np.allclose(gradient, B, atol=1e-3 if dtype == np.float32 else 1e-10)
    assert H.min() >= 0
    far = np.abs(np.maximum(gradient, -H)).max(axis=1)
    assert (far <= 1.1e-4 * np.maximum(given.max(axis=1), 0) + 1e-5).all()
    assert (H == 0).mean() > 0.5


def test_no_step_raises_the_objective(descend):
    _, _, B, G = problem(1, 15, 30)
    values = []
    for limit in range(25):
        H = np.empty_like(B)
        descend(B.copy(), G, H, limit, 0.0)
        values.append(float(H[0] @ G @ H[0] / 2 - B[0] @ H[0]))
    assert values[0] == 0
    assert (np.diff(values) <= 1e-12).all()
    assert values[-1] < values[1]


def test_rows_without_a_gain_stay_zero(descend):
    _, _, B, G = problem(5, 15, 8)
    B[2] = -1
    B[4] = 0
    H = np.empty_like(B)
    descend(B, G, H, 100, 1e-3)
    assert not H[[2, 4]].any()
    assert H[0].any()


@pytest.mark.skipif(len(KERNELS) < 2, reason="numba is not installed")
@pytest.mark.parametrize("shape", [(1, 5, 1), (70, 9, 3), (200, 72, 128), (3, 100, 257)])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_compiled_equals_reference(shape, dtype):
    compiled = importlib.import_module("visnmf.kernels.compiled_greedy")
    _, _, B, G = problem(*shape, dtype=dtype)
    B -= dtype(0.1)
    ours, theirs = np.empty_like(B), np.empty_like(B)
    steps = greedy.descend(B.copy(), G, ours, 15, 1e-3)
    assert compiled.descend(B.copy(), G, theirs, 15, 1e-3) == pytest.approx(steps, rel=0.02)
    # Near ties may be broken otherwise by rounding; the values then are alike all the same
    value = [np.einsum("nk,nk->n", F @ G / 2 - B, F) for F in (ours, theirs)]
    assert np.allclose(*value, rtol=1e-2, atol=1e-4)
    assert np.mean(np.isclose(ours, theirs, atol=1e-4)) > 0.97
