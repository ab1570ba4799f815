"""Projected gradient steps: on quadratics, split gradients and any set."""

from dataclasses import dataclass

import numpy as np
import pytest
from scipy.optimize import nnls

from visnmf.kernels import reference
from visnmf.losses.beta import Beta
from visnmf.losses.models import Quadratic, projected
from visnmf.matrices.dense import Dense
from visnmf.updates.gradient import ProjectedGradient, _search


@dataclass(frozen=True)
class AtMost:
    """Entries of at most `limit`."""

    limit: float
    couples = "entry"

    def project(self, F):
        np.clip(F, 0, self.limit, out=F)


@dataclass(frozen=True)
class OneHot:
    """One entry of each column at most is not zero: not convex."""

    couples = "image"

    def project(self, F):
        np.maximum(F, 0, out=F)
        F[F < F.max(axis=0)] = 0


def quadratic(kind, dtype=np.float64, rank=5, q=40):
    rng = np.random.default_rng(3)
    A = rng.random((rank, 30))
    F = np.maximum(rng.standard_normal((rank, q)), 0)
    G, B, d, convex = A @ A.T, A @ rng.random((30, q)), None, True
    if kind == "columns":
        d = rng.random(q) * 20
    if kind == "stacked":
        seen = (rng.random((30, q)) < 0.6).astype(float)
        G = np.einsum("ki,li,ij->klj", A, A, seen)
    if kind == "not convex":
        G, convex = G + 30 * (1 - np.eye(rank)), False
    d = None if d is None else d.astype(dtype)
    return F.astype(dtype), Quadratic(G.astype(dtype), B.astype(dtype), 0.0, d, convex)


KINDS = ["plain", "columns", "stacked", "not convex"]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("kind", KINDS)
def test_every_step_lowers_a_quadratic(kind, dtype):
    F, model = quadratic(kind, dtype)
    values = [model.value(F)]
    for _ in range(5):
        ProjectedGradient().step(F, model)
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
    for _ in range(200):
        ProjectedGradient().step(F, model)
    assert np.linalg.norm(projected(F, model.gradient(F))) < 1e-8 * first


def test_the_end_is_non_negative_least_squares():
    rng = np.random.default_rng(0)
    A, V, F = rng.random((4, 20)), rng.random((20, 6)), rng.random((4, 6))
    model = Quadratic(A @ A.T, A @ V, 0.0)
    for _ in range(300):
        ProjectedGradient().step(F, model)
    exact = np.array([nnls(A.T, v)[0] for v in V.T]).T
    np.testing.assert_allclose(F, exact, atol=1e-8)


def test_a_step_stops_at_a_tenth_of_the_projected_gradient():
    F, model = quadratic("plain")
    loose, tight = F.copy(), F.copy()
    ProjectedGradient(inner=500, ratio=0.1).step(loose, model)
    ProjectedGradient(inner=500, ratio=1e-4).step(tight, model)
    assert model.value(tight) < model.value(loose) < model.value(F)


def test_effort_is_a_share_of_the_iterations():
    F, model = quadratic("plain")
    short, one = F.copy(), F.copy()
    ProjectedGradient(inner=20, ratio=0.0).step(short, model, effort=0.05)
    ProjectedGradient(inner=1, ratio=0.0).step(one, model)
    np.testing.assert_array_equal(short, one)


def test_a_length_that_suffices_is_searched_for():
    """The first length, 1 / |G|, is a hundredth of what the flat direction bears."""
    model = Quadratic(np.diag([1.0, 100.0]), np.array([[1.0], [0.0]]), 0.0)
    F = np.zeros((2, 1))
    ProjectedGradient(inner=1).step(F, model)
    assert F[0, 0] > 0.5


@pytest.mark.parametrize("kind", KINDS)
def test_a_convex_set_is_held(kind):
    F, model = quadratic(kind)
    box = AtMost(0.15)
    box.project(F)
    for _ in range(300):
        before = model.value(F)
        ProjectedGradient().step(F, model, constraint=box)
        assert model.value(F) <= before + 1e-12 * abs(before)
        assert F.min() >= 0
        assert F.max() <= 0.15
    slope = projected(F, model.gradient(F))
    free = np.where(F < 0.15, slope, np.maximum(slope, 0))
    assert np.abs(free).max() < 1e-7 * np.abs(model.B).max()
    assert (F == 0.15).any()


@pytest.mark.parametrize("kind", KINDS)
def test_a_set_that_is_not_convex_is_held_and_the_value_falls(kind):
    F, model = quadratic(kind)
    OneHot().project(F)
    start = model.value(F)
    for _ in range(20):
        before = model.value(F)
        ProjectedGradient().step(F, model, constraint=OneHot())
        assert model.value(F) <= before + 1e-12 * abs(before)
        assert ((F > 0).sum(axis=0) <= 1).all()
    assert model.value(F) < start


@pytest.mark.parametrize("beta", [0.5, 1.0, 1.5, 3.0])
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_every_step_lowers_a_divergence(beta, dtype):
    rng = np.random.default_rng(1)
    V = (rng.random((20, 30)) + 0.1).astype(dtype)
    A, F = (rng.random((4, q)).astype(dtype) for q in (20, 30))
    loss = Beta(Dense(V), beta)
    values = []
    for _ in range(150):
        model = loss.split(Dense(V), A, F)
        values.append(model.at(F).objective)
        ProjectedGradient().step(F, model)
    noise = 100 * np.finfo(dtype).eps * values[0]
    assert (np.diff(values) <= noise).all()
    assert (F >= 0).all()
    assert F.dtype == dtype
    if not 1 <= beta <= 2:
        return  # not convex in F: there are other places to end
    # Long multiplicative updates are the judge
    best = rng.random(F.shape).astype(dtype)
    for _ in range(3000):
        model = loss.split(Dense(V), A, best, objective=False)
        best *= (model.neg / model.pos) ** dtype(model.power)
    least = loss.value(Dense(V), A, best)
    assert values[-1] - least < 1e-3 * (values[0] - least)


def test_a_split_model_that_was_not_asked_for_its_value_serves():
    rng = np.random.default_rng(1)
    V, A, F = rng.random((20, 30)), rng.random((4, 20)), rng.random((4, 30))
    loss = Beta(Dense(V), 1.0)
    before = loss.value(Dense(V), A, F)
    ProjectedGradient().step(F, loss.split(Dense(V), A, F, objective=False))
    assert loss.value(Dense(V), A, F) < before


def test_a_divergence_under_a_constraint():
    rng = np.random.default_rng(1)
    V, A, F = rng.random((20, 30)), rng.random((4, 20)), rng.random((4, 30))
    box = AtMost(0.3)
    box.project(F)
    loss = Beta(Dense(V), 1.0)
    values = []
    for _ in range(30):
        model = loss.split(Dense(V), A, F)
        values.append(model.objective)
        ProjectedGradient().step(F, model, constraint=box)
        assert F.max() <= 0.3
        assert F.min() >= 0
    assert (np.diff(values) <= 1e-12 * values[0]).all()
    assert values[-1] < values[0]


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_empty_parts_and_zeros_are_no_trouble(dtype):
    F = np.ones((3, 4), dtype)
    model = Quadratic(np.zeros((3, 3), dtype), np.zeros((3, 4), dtype), 0.0)
    ProjectedGradient().step(F, model)
    np.testing.assert_array_equal(F, 1)
    model = Quadratic(np.diag([1, 0, 1]).astype(dtype), np.zeros((3, 4), dtype), 0.0)
    ProjectedGradient().step(F, model)
    assert np.isfinite(F).all()
    assert model.at(F, reference).objective < 4


def test_tiny_and_huge_scales_step_alike():
    F, model = quadratic("plain", np.float32)
    plain = F.copy()
    ProjectedGradient().step(plain, model)
    for scale in (np.float32(1e-12), np.float32(1e12)):
        scaled = F.copy()
        ProjectedGradient().step(scaled, Quadratic(model.G * scale, model.B * scale, 0.0))
        np.testing.assert_allclose(scaled, plain, rtol=1e-3, atol=1e-4)


def test_a_step_has_to_lower_the_model_by_a_share_of_what_its_slope_says(monkeypatch):
    """Lin 2007, equation 17, with sigma 0.01."""
    rules = []

    def search(F, gradient, alpha, constraint, suffices):
        rules.append(suffices)
        return alpha, None

    monkeypatch.setattr("visnmf.updates.gradient._search", search)
    model = Quadratic(np.eye(1), np.ones((1, 1)), 0.0)
    ProjectedGradient().step(np.zeros((1, 1)), model)
    (suffices,) = rules
    for square, enough in ((0.98, True), (1.0, False), (1.01, False)):
        D = np.full((1, 1), np.sqrt(2 * square))  # the model grows by the square above the slope
        assert suffices(D, D, -1.0) == enough


@pytest.mark.parametrize("start", [0.01, 1.0, 1000.0])
def test_the_longest_step_that_suffices_is_found_from_either_side(start):
    """By tenths, as Lin 2007 does: of 1 and 10 only 1 is short enough here."""
    F, gradient = np.full((1, 1), 1e6), np.ones((1, 1))
    alpha, found = _search(F, gradient, start, None, lambda reached, D, slope: -D.item() <= 5)
    assert alpha == pytest.approx(1)
    assert found.item() == pytest.approx(1e6 - 1)


def test_a_step_that_reaches_the_bound_is_not_made_longer():
    F, gradient = np.full((1, 1), 3.0), np.ones((1, 1))
    alpha, found = _search(F, gradient, 1.0, None, lambda reached, D, slope: True)
    assert found.item() == 0
    assert alpha == pytest.approx(10)
    alpha, found = _search(F, -0 * gradient, 1.0, None, lambda reached, D, slope: True)
    assert found is None


def test_lengths_do_not_grow_for_ever():
    F, gradient, tried = np.full((1, 1), 1.0), np.full((1, 1), 1e-30), []

    def suffices(reached, D, slope):
        tried.append(-D.item() / 1e-30)
        return True

    start = 1e-2 / 1e-30 / 1e12  # far from where F would reach zero
    alpha, found = _search(F, gradient, start, None, suffices)
    assert len(tried) < 15
    assert found is not None
    assert (F - alpha * gradient).item() == pytest.approx(found.item(), rel=1e-12)
    assert alpha == pytest.approx(start * 10 ** (len(tried) - 2))
