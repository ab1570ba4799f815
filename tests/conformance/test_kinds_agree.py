"""Kinds of V that hold the same entries go the same way; what is held out is never looked at."""

import tracemalloc

import numpy as np
import pytest
from cases import LOSSES, RANK
from scipy import sparse

from visnmf import factorize
from visnmf.solve.plan import INITS
from visnmf.terms import ElasticNet

M, N = 25, 40
RNG = np.random.default_rng(5)
FULL = RNG.random((M, 4)) @ RNG.random((4, N)) + 0.05
FEW = FULL * (RNG.random(FULL.shape) < 0.3)
KNOWN = RNG.random(FULL.shape) < 0.35
MANY = RNG.random(FULL.shape) < 0.8
# Starts of their own look at what is missing, or cannot
START = {"W": RNG.random((M, RANK)), "H": RNG.random((RANK, N))}


def run(V, **settings):
    quick = {"init": "random", "max_iter": 30, "change": 0.0, "tol": 0.0, "warmup": "none"}
    return factorize(V, RANK, **{**quick, **settings})


def assert_same_way(one, other):
    """Histories agree to 1e-6, and so do the results."""
    told, again = ([record.objective for record in each.history] for each in (one, other))
    assert len(told) == len(again)
    np.testing.assert_allclose(told, again, rtol=1e-6)
    scale = np.abs(one.W @ one.H).max()
    np.testing.assert_allclose(one.W @ one.H, other.W @ other.H, atol=1e-4 * scale)


@pytest.mark.parametrize("terms_H", [(), ElasticNet(0.01, 0.01)], ids=["plain", "sparse"])
@pytest.mark.parametrize("init", ["random", "nndsvda"])
@pytest.mark.parametrize("loss", LOSSES)
def test_sparse_goes_the_way_of_dense(loss, init, terms_H):
    V = FULL if loss == "is" else FEW
    settings = {"loss": loss, "init": init, "terms_H": terms_H}
    assert_same_way(run(sparse.csr_array(V), **settings), run(V, **settings))


@pytest.mark.parametrize("update", ["gradient", "bpp", "fast gradient"])
def test_sparse_goes_the_way_of_dense_by_other_updates(update):
    assert_same_way(run(sparse.csr_array(FEW), update=update), run(FEW, update=update))


def test_sparse_goes_the_way_of_dense_by_newton_steps():
    settings = {"loss": "kl", "update": "newton"}
    assert_same_way(run(sparse.csr_array(FEW), **settings), run(FEW, **settings))


@pytest.mark.parametrize("known", [KNOWN, MANY], ids=["few", "many"])
@pytest.mark.parametrize("loss", LOSSES)
def test_entries_go_the_way_of_masked(loss, known):
    stored = sparse.csc_array(np.where(known, FULL, 0))
    assert_same_way(
        run(stored, loss=loss, observed="stored", **START),
        run(FULL, loss=loss, observed=known, **START),
    )


@pytest.mark.parametrize("loss", LOSSES)
def test_weights_go_the_same_way_however_they_are_given(loss):
    weights = KNOWN * RNG.integers(1, 4, FULL.shape)
    one = run(FULL, loss=loss, weights=weights, **START)
    assert_same_way(one, run(FULL, loss=loss, weights=sparse.csr_array(weights), **START))
    assert_same_way(one, run(FULL, loss=loss, weights=10 * weights, **START))


@pytest.mark.parametrize("loss", LOSSES)
def test_a_v_that_is_known_whole_goes_the_way_of_one_without_a_mask(loss):
    whole = run(FULL, loss=loss, observed=np.ones(FULL.shape, bool), max_iter=200, **START)
    plain = run(FULL, loss=loss, max_iter=200, **START)
    if loss == "frobenius":  # other phases, the same end
        assert whole.objective == pytest.approx(plain.objective, rel=2e-2)
    else:
        assert_same_way(whole, plain)


# Held-out entries


def planted(V, known, value):
    return np.where(known, V, value)


def given_by(kind, known, value):
    """Return V with something planted where it is not known, and the options that say so."""
    if kind == "observed":
        return planted(FULL, known, value), {"observed": known}
    if kind == "sparse observed":
        return planted(FULL, known, value), {"observed": sparse.csr_array(known)}
    if kind == "weights":
        return planted(FULL, known, value), {"weights": known.astype(float)}
    if kind == "sparse V":  # what is stored elsewhere is not known either
        V = sparse.csr_array(planted(FULL, known, 0 if np.isnan(value) else value))
        return V, {"observed": sparse.csr_array(known)}
    return planted(FULL, known, value), {"missing": value}


@pytest.mark.parametrize("kind", ["observed", "sparse observed", "weights", "sparse V", "missing"])
@pytest.mark.parametrize("loss", LOSSES)
@pytest.mark.parametrize("known", [KNOWN, MANY], ids=["few known", "many known"])
def test_what_is_held_out_leaves_no_trace(loss, kind, known):
    results = []
    for value in (0.0, 1e6, np.nan, -5.0):
        V, options = given_by(kind, known, value)
        results.append(run(V, loss=loss, max_iter=8, **options))
    for other in results[1:]:
        np.testing.assert_array_equal(results[0].W, other.W)
        np.testing.assert_array_equal(results[0].H, other.H)
        assert results[0].objective == other.objective


@pytest.mark.parametrize("kind", ["observed", "sparse observed", "weights", "missing"])
@pytest.mark.parametrize("init", INITS)
@pytest.mark.parametrize("loss", ["frobenius", "kl"])
def test_what_is_held_out_leaves_no_trace_in_a_start(init, kind, loss):
    results = []
    for value in (0.0, 1e6, np.nan, -5.0):
        V, options = given_by(kind, MANY, value)
        results.append(run(V, loss=loss, init=init, max_iter=2, **options))
    for other in results[1:]:
        np.testing.assert_array_equal(results[0].W, other.W)
        np.testing.assert_array_equal(results[0].H, other.H)


@pytest.mark.parametrize("loss", LOSSES)
def test_what_is_known_does_leave_a_trace(loss):
    changed = FULL.copy()
    changed[np.nonzero(MANY)[0][0], np.nonzero(MANY)[1][0]] += 1
    one, other = (run(V, loss=loss, max_iter=3, observed=MANY) for V in (FULL, changed))
    assert (one.W != other.W).any()


# Memory


@pytest.mark.parametrize("observed", [None, "stored"])
@pytest.mark.parametrize("loss", ["frobenius", "kl"])
@pytest.mark.parametrize("init", ["random", "auto"])
def test_a_sparse_v_is_never_made_dense(loss, init, observed):
    m, n, stored = 2_000, 20_000, 40_000
    rng = np.random.default_rng(0)
    places = rng.integers(0, m, stored), rng.integers(0, n, stored)
    V = sparse.csr_array((rng.random(stored).astype(np.float32) + 0.1, places), (m, n))
    factorize(V[:50, :70], 2, loss=loss, init=init, max_iter=1, observed=observed)  # loads all
    tracemalloc.start()
    try:
        factorize(V, 5, loss=loss, init=init, max_iter=2, change=0, observed=observed)
        _, peak = tracemalloc.get_traced_memory()
    finally:
        tracemalloc.stop()
    assert peak < m * n * 4 / 4, f"{peak / 1e6:.0f} MB"
