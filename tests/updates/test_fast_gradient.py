"""Nesterov's steps on a quadratic."""

import numpy as np
import pytest
from scipy.optimize import nnls

from visnmf.losses.models import Quadratic, projected
from visnmf.updates.fast_gradient import FastGradient, _largest_curvature
from visnmf.updates.gradient import ProjectedGradient


class ColumnsSumToOne:
    """Columns on the simplex, by sorting (Duchi et al. 2008)."""

    couples = "image"

    def project(self, F):
        falling = -np.sort(-F, axis=0)
        excess = np.cumsum(falling, axis=0) - 1
        counts = np.arange(1, len(F) + 1)[:, None]
        last = (falling * counts > excess).sum(axis=0) - 1
        F -= (excess[last, np.arange(F.shape[1])] / (last + 1)).astype(F.dtype)
        np.maximum(F, 0, out=F)


def quadratic(kind, dtype=np.float64, rank=6, q=40):
    rng = np.random.default_rng(5)
    A = rng.random((rank, 30))
    F = np.maximum(rng.standard_normal((rank, q)), 0).astype(dtype)
    G, B, d = A @ A.T, A @ rng.random((30, q)), None
    if kind == "columns":
        d = (rng.random(q) * 20).astype(dtype)
    if kind == "stacked":
        seen = (rng.random((30, q)) < 0.6).astype(float)
        G = np.einsum("ki,li,ij->klj", A, A, seen)
    return F, Quadratic(G.astype(dtype), B.astype(dtype), 0.0, d)


KINDS = ["plain", "columns", "stacked"]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", KINDS)
def test_no_step_raises_the_value(kind, dtype):
    F, model = quadratic(kind, dtype)
    values = [model.value(F)]
    for _ in range(30):
        FastGradient(inner=7).step(F, model)
        values.append(model.value(F))
    noise = 20 * np.finfo(dtype).eps * abs(values[0])
    assert (np.diff(values) <= noise).all()
    assert values[1] < values[0] - noise
    assert (F >= 0).all()
    assert F.dtype == dtype


@pytest.mark.parametrize("kind", KINDS)
def test_steps_end_where_the_projected_gradient_is_zero(kind):
    F, model = quadratic(kind)
    first = np.linalg.norm(projected(F, model.gradient(F)))
    for _ in range(60):
        FastGradient().step(F, model)
    assert np.linalg.norm(projected(F, model.gradient(F))) < 1e-8 * first


def test_the_end_is_non_negative_least_squares():
    rng = np.random.default_rng(0)
    A, V, F = rng.random((4, 20)), rng.random((20, 6)), rng.random((4, 6))
    FastGradient(inner=3000, ratio=1e-12).step(F, Quadratic(A @ A.T, A @ V, 0.0))
    exact = np.array([nnls(A.T, v)[0] for v in V.T]).T
    np.testing.assert_allclose(F, exact, atol=1e-8)


@pytest.mark.parametrize("kind", KINDS)
def test_the_curvature_is_no_less_than_the_largest_eigenvalue(kind):
    _, model = quadratic(kind)
    columns = model.B.shape[1]
    largest = max(
        np.linalg.eigvalsh(model.G if model.G.ndim == 2 else model.G[:, :, j])[-1]
        + (0 if model.d is None else model.d[j])
        for j in range(columns)
    )
    assert largest <= _largest_curvature(model) < 1.5 * largest


def test_momentum_beats_plain_steps_of_the_same_length():
    """Where the problem is badly conditioned, as many plain steps get less far."""
    rng = np.random.default_rng(2)
    A = rng.random((8, 30)) + 3
    V = rng.random((30, 20))
    model = Quadratic(A @ A.T, A @ V, 0.0)
    fast, plain = np.ones((8, 20)), np.ones((8, 20))
    FastGradient(inner=200, ratio=0.0).step(fast, model)
    for _ in range(200):
        plain = np.maximum(plain - model.gradient(plain) / _largest_curvature(model), 0)
    best = np.array([nnls(A.T, v)[0] for v in V.T]).T
    least = model.value(best)
    assert model.value(fast) - least < 0.1 * (model.value(plain) - least)


def test_restarts_keep_momentum_from_overshooting():
    """On a strongly convex problem the error falls to rounding; without restarts it swings."""
    model = Quadratic(np.diag([1.0, 1e-3]), np.array([[1.0], [1e-3]]), 0.0)
    F = np.array([[5.0], [5.0]])
    FastGradient(inner=600, ratio=0.0).step(F, model)
    assert np.abs(F - 1).max() < 1e-9


def test_a_constraint_is_held_and_its_optimum_found():
    F, model = quadratic("plain")
    simplex = ColumnsSumToOne()
    simplex.project(F)
    other = F.copy()
    for _ in range(40):
        before = model.value(F)
        FastGradient().step(F, model, constraint=simplex)
        assert model.value(F) <= before + 1e-12 * abs(before)
        np.testing.assert_allclose(F.sum(axis=0), 1, rtol=1e-12)
        assert (F >= 0).all()
    for _ in range(400):
        ProjectedGradient().step(other, model, constraint=simplex)
    np.testing.assert_allclose(F, other, atol=1e-7)


def test_a_value_that_rose_gives_way_to_a_plain_step(monkeypatch):
    F, model = quadratic("plain")
    start = F.copy()
    monkeypatch.setattr("visnmf.updates.fast_gradient._rise", lambda *_: 1.0)
    FastGradient().step(F, model)
    expected = start.copy()
    ProjectedGradient(inner=1).step(expected, model)
    np.testing.assert_array_equal(F, expected)


def test_an_optimum_stays():
    F, model = quadratic("plain")
    for _ in range(60):
        FastGradient().step(F, model)
    before = F.copy()
    FastGradient().step(F, model)
    np.testing.assert_allclose(F, before, atol=1e-9)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_an_empty_model_leaves_the_factor(dtype):
    F = np.ones((3, 4), dtype)
    FastGradient().step(F, Quadratic(np.zeros((3, 3), dtype), np.zeros((3, 4), dtype), 0.0))
    np.testing.assert_array_equal(F, 1)
