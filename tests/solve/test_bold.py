"""Scaled Newton steps before multiplicative ones: monotone, ending well, left where they fail."""

from dataclasses import replace

import numpy as np
import pytest

import visnmf
from visnmf.kernels import reference
from visnmf.kernels.threads import threads
from visnmf.matrices.dense import Dense
from visnmf.solve.alternate import Composition, alternate
from visnmf.solve.bold import bold_steps
from visnmf.solve.compose import Asked, compose_side
from visnmf.solve.composed import admit
from visnmf.solve.iterate import Pair
from visnmf.solve.naming import make_loss
from visnmf.solve.stopping import Rule, Trace

BETAS = [-0.5, 0.0, 0.5, 1.0, 1.5, 3.0]


def problem_of(V, rank, beta, *, bold=True):
    matrix = Dense(V)
    loss = make_loss(beta, matrix)
    sides = [
        compose_side(
            factor, Asked(), Asked(), hold=True, loss=loss, matrix=matrix, shape=(rank, q),
            free=None, update="mu", kernels=reference,
        )
        for factor, q in zip("WH", V.shape, strict=True)
    ]  # fmt: skip
    return Composition(matrix, loss, *sides, reference, bold=bold)


def go(V, rank, beta, rule, *, bold=True, extrapolate=True, seed=0):
    problem = problem_of(V, rank, beta, bold=bold)
    rng = np.random.default_rng(seed)
    pair = Pair(*(rng.random((rank, q)).astype(V.dtype) + V.dtype.type(0.1) for q in V.shape))
    admit(problem, pair)
    trace = Trace(np.inf, None)
    extrapolation = problem.extrapolation() if extrapolate else None
    alternate(problem, pair, phase="V", rule=rule, trace=trace, extrapolation=extrapolation)
    return problem, pair, trace.history


def mixture(m=30, n=40, rank=4, kind=np.float64, seed=3):
    rng = np.random.default_rng(seed)
    V = rng.random((m, rank)) @ rng.random((rank, n)) + 0.2
    return (V * rng.gamma(20, 1 / 20, (m, n))).astype(kind)


@pytest.mark.parametrize("kind", [np.float32, np.float64])
@pytest.mark.parametrize("extrapolate", [True, False])
@pytest.mark.parametrize("beta", BETAS)
def test_what_is_told_falls_and_is_that_of_the_pair(beta, extrapolate, kind):
    rule = Rule(40, tol=0, change=0)
    problem, pair, history = go(mixture(kind=kind), 4, beta, rule, extrapolate=extrapolate)
    told = [record.objective for record in history]
    assert (np.diff(told) <= 0).all()
    close = 1e-9 if kind == np.float64 else 1e-3
    assert problem.objective(pair) == pytest.approx(told[-1], rel=close)
    assert (pair.W > 0).all()
    assert (pair.H > 0).all()


@pytest.mark.parametrize("beta", [0.0, 0.5, 1.0, 1.5])
def test_it_takes_fewer_iterations_than_multiplicative_steps(beta):
    V = mixture()
    *_, quick = go(V, 4, beta, Rule(40, tol=0, change=0))
    *_, slow = go(V, 4, beta, Rule(120, tol=0, change=0), bold=False)
    assert quick[-1].objective <= slow[-1].objective * 1.01


@pytest.mark.parametrize("beta", [0.0, 1.0, 1.5])
def test_it_ends_at_a_kkt_point(beta):
    problem, pair, history = go(mixture(), 3, beta, Rule(3000, tol=1e-3, change=0))
    assert history[-1].kkt < 1
    of_H, of_W, size = problem.measure(pair, problem.model_H(pair))
    assert np.sqrt(of_H.square + of_W.square) <= 2e-3 * size


def test_as_good_an_end_as_that_of_scikit_learn():
    decomposition = pytest.importorskip("sklearn.decomposition")
    V = mixture()
    model = decomposition.NMF(
        4, solver="mu", beta_loss="kullback-leibler", tol=0, max_iter=400, init="nndsvda"
    )
    codes = model.fit_transform(V.T)
    theirs = make_loss("kl", Dense(V)).value(Dense(V), model.components_, codes.T)
    *_, history = go(V, 4, 1.0, Rule(150, tol=0, change=0))
    assert history[-1].objective <= theirs * 1.02


def test_steps_that_rise_again_and_again_are_left():
    bold = bold_steps(
        make_loss("kl", Dense(mixture())), Dense(mixture()), reference, extrapolate=True
    )
    damping = bold.damping
    bold.note(False, True)
    assert not bold.left
    bold.note(False, False)
    assert bold.damping > damping
    bold.note(False, False)
    assert bold.left


def test_where_they_do_not_suit():
    V = mixture()
    holed = np.where(np.random.default_rng(0).random(V.shape) < 0.3, 0, V)
    for matrix, loss in ((Dense(holed), "kl"), (Dense(V), "frobenius")):
        assert bold_steps(make_loss(loss, matrix), matrix, reference, extrapolate=True) is None
    problem = problem_of(V, 3, 1.0)
    assert problem.bold_steps(True) is not None
    assert replace(problem, bold=False).bold_steps(True) is None
    assert replace(problem, mixing=np.eye(3)).bold_steps(True) is None


def test_threads_do_not_change_a_bit():
    V = mixture(600, 900, 12, np.float32)
    found = []
    for count in (1, 2):
        with threads(count):
            _, pair, _ = go(V, 12, 1.0, Rule(8, tol=0, change=0))
        found.append(pair)
    np.testing.assert_array_equal(found[0].W, found[1].W)
    np.testing.assert_array_equal(found[0].H, found[1].H)


@pytest.mark.parametrize("loss", ["kl", "is", 0.5])
def test_constant_images_and_a_rank_beyond_the_sides(loss):
    V = np.full((6, 8), 0.5, np.float32)
    for rank in (1, 9):
        result = visnmf.factorize(V, rank, loss=loss, max_iter=30)
        assert np.isfinite(result.objective)
        np.testing.assert_allclose(result.W @ result.H, V, rtol=1e-2)


def test_steps_that_hardly_move_give_way_before_the_run_ends():
    for seed in (1, 2, 3):
        rng = np.random.default_rng(seed)
        V = np.where(rng.random((60, 80)) < 0.03, 1e-12, rng.random((60, 80)) + 0.1)
        settings = {"loss": "is", "tol": 0, "max_iter": 300, "kernels": "numpy"}
        auto, plain = (visnmf.factorize(V, 8, update=way, **settings) for way in ("auto", "mu"))
        assert auto.objective <= 1.06 * plain.objective  # they end in places of their own
