"""Each rule that ends a run, and what is left when one does."""

import os
import signal
import threading
import time

import numpy as np
import pytest

from visnmf import factorize
from visnmf.losses.models import Point
from visnmf.solve.stopping import Rule
from visnmf.terms import ElasticNet

RNG = np.random.default_rng(0)
V = RNG.random((60, 5)) @ RNG.random((5, 200)) + 0.1 * RNG.random((60, 200))


def true_objective(result):
    return 0.5 * np.linalg.norm(V - result.W @ result.H) ** 2


def test_max_iter():
    result = factorize(V, 5, max_iter=7, tol=0, change=0)
    assert (result.reason, result.n_iter, result.converged) == ("max_iter", 7, False)


def test_kkt():
    result = factorize(V, 5, tol=1e-3, change=0, max_iter=5000)
    assert result.reason == "kkt"
    assert result.converged
    gradient_at_zero = np.hypot(np.linalg.norm(V @ result.H.T), np.linalg.norm(result.W.T @ V))
    assert result.kkt <= 1.5e-3 * gradient_at_zero


def test_change():
    result = factorize(V, 5, tol=0, change=1e-3, max_iter=5000, warmup="none")
    assert result.reason == "change"
    objectives = np.array([r.objective for r in result.history if r.phase == "V"])
    gains = -np.diff(objectives) / objectives[1:]
    assert (gains[-3:] < 1e-3).all()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_zero_means_never(dtype):
    result = factorize(V.astype(dtype), 3, tol=0, change=0, max_iter=300)
    assert result.reason in ("max_iter", "precision")


def test_time_limit():
    began = time.perf_counter()
    result = factorize(RNG.random((300, 900)), 40, tol=0, change=0, max_iter=10**6, time_limit=0.2)
    assert result.reason == "time_limit"
    assert time.perf_counter() - began < 10


@pytest.mark.parametrize("warmup", ["none", "sample", "low rank"])
def test_callback(warmup):
    seen = []

    def stop_at_four(record):
        seen.append(record)
        return len(seen) == 4

    result = factorize(V, 5, callback=stop_at_four, warmup=warmup)
    assert result.reason == "callback"
    assert seen[:4] == result.history[:4]
    assert result.history[-1].phase == "closing"
    assert result.objective == pytest.approx(true_objective(result))


@pytest.mark.parametrize("warmup", ["none", "sample", "low rank", "both"])
def test_an_interrupted_run_gives_what_it_has(warmup):
    def interrupt(record):
        if record.iteration == 3 and record.phase != "closing":
            raise KeyboardInterrupt

    result = factorize(V, 5, callback=interrupt, warmup=warmup)
    assert result.reason == "interrupted"
    assert result.objective == pytest.approx(true_objective(result))
    start = factorize(V, 5, callback=lambda record: True, warmup=warmup)
    assert result.objective <= start.objective


@pytest.mark.parametrize("warmup", ["sample", "both"])
@pytest.mark.parametrize("at", [1, 3, 5])
def test_a_sample_that_is_interrupted_serves_all_images(warmup, at, monkeypatch):
    monkeypatch.setattr("visnmf.solve.warmup._LEAST_SAMPLE", 500)
    wide = RNG.random((40, 5)) ** 3 @ RNG.random((5, 3000)) ** 3 + 0.01 * RNG.random((40, 3000))

    def interrupt(record):
        if (record.phase, record.iteration) == ("sample", at):
            raise KeyboardInterrupt

    def stop(record):
        return (record.phase, record.iteration) == ("sample", at)

    ends = [factorize(wide, 5, warmup=warmup, callback=way) for way in (interrupt, stop)]
    assert [end.reason for end in ends] == ["interrupted", "callback"]
    assert ends[0].objective <= 1.1 * ends[1].objective


def test_no_time_at_all_gives_a_factorization_still():
    for warmup in ("none", "low rank"):
        result = factorize(V, 5, time_limit=0, warmup=warmup)
        assert result.reason == "time_limit"
        assert len(result.history) == 2  # one iteration and the closing
        assert result.objective == pytest.approx(true_objective(result))
        assert result.objective < 0.5 * np.linalg.norm(V) ** 2


def test_other_errors_of_a_callback_come_through():
    def fail(record):
        raise ZeroDivisionError("mine")

    with pytest.raises(ZeroDivisionError, match="mine"):
        factorize(V, 5, callback=fail)


def test_a_real_signal_interrupts(request):
    # A shell lets what it runs in the background ignore the signal
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    request.addfinalizer(lambda: signal.signal(signal.SIGINT, before))
    timer = threading.Timer(0.5, os.kill, (os.getpid(), signal.SIGINT))
    timer.start()
    noise = RNG.random((300, 900))
    result = factorize(noise, 40, tol=0, change=0, max_iter=10**7, warmup="none")
    timer.join()
    assert result.reason == "interrupted"
    left = 0.5 * np.linalg.norm(noise - result.W @ result.H) ** 2
    assert result.objective == pytest.approx(left)


def test_seconds_only_grow():
    seconds = [record.seconds for record in factorize(V, 5).history]
    assert (np.diff(seconds) >= 0).all()
    assert seconds[0] > 0


@pytest.mark.parametrize("absolute", [False, True])
def test_a_gradient_is_measured_by_what_there_was(absolute):
    rule = Rule(1, absolute=absolute)
    start = Point(9.0, 30.0, 9.0), Point(9.0, 10.0, 16.0)
    now = Point(5.0, 3.0, 9.0), Point(5.0, 1.0, 16.0)
    # sums of absolute values over those of the start, or the norm over that at zero
    assert rule.violation(start, now, at_zero=50.0) == pytest.approx(0.1)
    nothing = Point(0.0, 0.0, 0.0), Point(0.0, 0.0, 0.0)
    assert rule.violation(nothing, nothing, at_zero=0.0) == 0


@pytest.mark.parametrize("settings", [{}, {"loss": "kl"}, {"terms_H": ElasticNet(0.1)}], ids=str)
def test_the_last_iteration_may_be_the_one_that_gets_there(settings):
    settings = {"tol": 1e-5, "change": 0, "warmup": "none", **settings}
    whole = factorize(V, 5, max_iter=5000, **settings)
    assert whole.reason == "kkt"
    assert whole.n_iter > 1
    assert factorize(V, 5, max_iter=whole.n_iter, **settings).reason == "kkt"


@pytest.mark.parametrize(
    ("loss", "update", "count"), [("frobenius", "auto", 120), ("kl", "mu", 60)]
)
def test_a_run_that_gains_something_goes_on(loss, update, count):
    """Only where many iterations in a row gain nothing rounding has the last word."""
    settings = {"loss": loss, "update": update, "warmup": "none", "init": "random"}
    found = factorize(V, 5, max_iter=count, tol=0, change=0, **settings)
    assert (found.reason, found.n_iter) == ("max_iter", count)
