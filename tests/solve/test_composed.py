"""Runs of compositions: what they report, when they end, and what a start has to do with it."""

import itertools

import numpy as np
import pytest
from cases import LOSSES, MATRICES, RANK, TERMS, Case, divergence, objective

from visnmf import factorize
from visnmf.errors import InvalidInputError
from visnmf.solve.plan import INITS
from visnmf.terms import ElasticNet, Orthogonal, Simplex, UnitBall

V = MATRICES["dense, rows contiguous"]().V
MASK = MATRICES["masked"]().options["observed"]


@pytest.mark.parametrize("init", INITS)
@pytest.mark.parametrize("loss", ["frobenius", "kl", 1.5])
@pytest.mark.parametrize("matrix", ["dense, columns contiguous", "sparse", "masked", "entries"])
def test_every_start_serves_every_loss_and_kind_of_v(init, loss, matrix):
    given = MATRICES[matrix]()
    result = factorize(given.V, RANK, loss=loss, init=init, max_iter=60, **given.options)
    Y = result.W @ result.H
    assert result.objective == pytest.approx(
        divergence(given.values, Y, given.weights, loss), rel=1e-7
    )
    mean = (given.values * given.weights).sum() / given.weights.sum()
    flat = divergence(given.values, np.full(Y.shape, mean), given.weights, loss)
    assert result.objective < 0.7 * flat


@pytest.mark.parametrize("loss", LOSSES)
def test_a_run_ends_where_no_gradient_is_left(loss):
    result = factorize(V, RANK, loss=loss, max_iter=5000, change=0, tol=1e-4)
    assert result.reason == "kkt"
    assert result.kkt <= result.history[0].kkt or np.isnan(result.history[0].kkt)


@pytest.mark.parametrize("update", ["mu", "gradient"])
@pytest.mark.parametrize("loss", LOSSES)
def test_updates_end_in_places_as_good(loss, update):
    settings = {"loss": loss, "max_iter": 1500, "change": 0, "tol": 1e-6, "observed": MASK}
    one = factorize(V, RANK, **settings)
    other = factorize(V, RANK, update=update, **settings)
    assert other.objective == pytest.approx(one.objective, rel=0.05)


@pytest.mark.parametrize("loss", LOSSES)
def test_extrapolation_pays(loss):
    settings = {"loss": loss, "max_iter": 40, "change": 0, "tol": 0, "observed": MASK, "seed": 1}
    plain = factorize(V, RANK, init="random", extrapolate=False, **settings)
    ahead = factorize(V, RANK, init="random", **settings)
    assert ahead.objective <= plain.objective * 1.02


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
@pytest.mark.parametrize("matrix", MATRICES)
@pytest.mark.parametrize("loss", LOSSES)
def test_float_types_are_kept(dtype, matrix, loss):
    if matrix == "sparse" and loss == "is":
        pytest.skip("infinite from zeros")
    given = MATRICES[matrix]()
    result = factorize(given.V.astype(dtype), RANK, loss=loss, max_iter=20, **given.options)
    assert result.W.dtype == result.H.dtype == dtype
    true = divergence(given.values, result.W.astype(float) @ result.H, given.weights, loss)
    assert result.objective == pytest.approx(true, rel=1e-3, abs=1e-4)
    told = [record.objective for record in result.history if record.phase == "V"]
    assert (np.diff(told) <= 1e-5 * (1 + abs(told[0]))).all()


@pytest.mark.parametrize("theta", [0.3, 1.0])
@pytest.mark.parametrize("loss", ["frobenius", "kl"])
def test_smoothing_stands_between_the_factors(theta, loss):
    smooth = factorize(V, RANK, loss=loss, smoothing=theta, max_iter=400)
    plain = factorize(V, RANK, loss=loss, max_iter=400)
    true = divergence(V, smooth.W @ smooth.H, np.ones_like(V), loss)
    assert smooth.objective == pytest.approx(true, rel=1e-6)
    assert smooth.objective > plain.objective * 0.999
    if theta == 1:  # all rows of S H are alike
        np.testing.assert_allclose(smooth.H, np.broadcast_to(smooth.H[:1], smooth.H.shape))


@pytest.mark.parametrize("smoothing", [-0.1, 1.1, np.nan, "much"])
def test_smoothing_that_cannot_be(smoothing):
    with pytest.raises(InvalidInputError, match="smoothing"):
        factorize(V, RANK, smoothing=smoothing)


def test_a_stronger_penalty_leaves_less_of_what_is_penalized():
    sums = [
        factorize(V, RANK, terms_H=ElasticNet(l1), max_iter=300).H.sum() for l1 in (1e-3, 0.05, 0.5)
    ]
    assert sums[0] > sums[1] > sums[2]
    overlaps = []
    for weight in (1e-3, 0.1, 10):
        result = factorize(
            V, RANK, terms_W=[Orthogonal(weight), Simplex("part")], update="gradient", max_iter=300
        )
        overlaps.append(Orthogonal(1.0).value(result.W.T))
    assert overlaps[0] > overlaps[1] > overlaps[2]


def test_terms_on_both_factors():
    for one, other in itertools.permutations(["ElasticNet", "Graph", "UnitBall(2)"], 2):
        case = Case("masked", "kl", one, "W", "auto")
        own = TERMS[other]("H")
        given = case.input
        result = factorize(
            given.V, RANK, loss="kl", terms_W=case.terms["terms_W"], terms_H=own, **given.options
        )
        extra = 0 if isinstance(own[0], UnitBall) else own[0].value(result.H)
        whole = objective(case, result.W.T, result.H) + extra
        assert result.objective == pytest.approx(whole, rel=1e-7)


def test_the_same_seed_gives_the_same_result():
    settings = {"loss": "kl", "observed": MASK, "init": "random", "max_iter": 20, "seed": 4}
    one, other = (factorize(V, RANK, **settings) for _ in range(2))
    np.testing.assert_array_equal(one.W, other.W)
    np.testing.assert_array_equal(one.H, other.H)


def test_parts_come_in_order_unless_they_are_penalized():
    result = factorize(V, RANK, loss="kl", max_iter=50)
    energy = np.linalg.norm(result.W, axis=0) * np.linalg.norm(result.H, axis=1)
    assert (np.diff(energy) <= 1e-9).all()


def test_the_settings_tell_of_the_composition():
    result = factorize(
        V, RANK, loss="kl", terms_H=ElasticNet(0.5), observed=MASK, known_W=V[:, :1], max_iter=2
    )
    assert result.settings["loss"] == "kl"
    assert result.settings["terms_H"] == ["ElasticNet(l1=0.5, l2=0.0)"]
    assert result.settings["known_parts"] == 1
    assert result.settings["weighted"] is True


def test_a_callback_ends_a_run_of_any_composition():
    seen = []
    result = factorize(
        V, RANK, loss=1.5, callback=lambda record: seen.append(record) or len(seen) >= 3
    )
    assert sum(record.phase == "V" for record in result.history) <= 1
    assert result.reason == "callback"
    assert np.isfinite(result.objective)


@pytest.mark.parametrize("loss", ["frobenius", "kl"])
def test_the_closing_is_one_record_at_the_end(loss):
    last = factorize(V, RANK, loss=loss, max_iter=5, update="mu").history[-1]
    assert (last.phase, last.iteration) == ("closing", 1)
