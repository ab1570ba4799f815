"""Ctrl-C at any moment of a run: what was reached so far comes back."""

import numpy as np
import pytest

import visnmf
from visnmf import factorize

RNG = np.random.default_rng(0)
WIDE = RNG.random((40, 5)) ** 3 @ RNG.random((5, 3000)) ** 3 + 0.01 * RNG.random((40, 3000))


def interrupt_at(phase, iteration):
    def callback(record):
        if (record.phase, record.iteration) == (phase, iteration):
            raise KeyboardInterrupt

    return callback


def interrupted(V, **settings):
    """Return what is left; an interrupt that comes through would end the whole test run."""
    try:
        return factorize(V, 5, **settings)
    except KeyboardInterrupt:
        pytest.fail("the run is lost")


@pytest.mark.parametrize("warmup", ["sample", "both"])
@pytest.mark.parametrize("at", [1, 2, 5])
def test_a_sample_of_rows_serves_all_rows(warmup, at, monkeypatch):
    monkeypatch.setattr("visnmf.solve.warmup._LEAST_SAMPLE", 500)
    tall = np.ascontiguousarray(WIDE.T)
    result = interrupted(tall, warmup=warmup, callback=interrupt_at("sample", at))
    stopped = factorize(
        tall,
        5,
        warmup=warmup,
        callback=lambda record: (record.phase, record.iteration) == ("sample", at),
    )
    assert (result.reason, stopped.reason) == ("interrupted", "callback")
    assert result.objective <= 1.1 * stopped.objective


def test_in_the_closing_nothing_is_lost():
    whole = factorize(WIDE, 5, max_iter=5)
    result = interrupted(WIDE, max_iter=5, callback=interrupt_at("closing", 1))
    assert result.reason == "interrupted"
    assert result.objective == pytest.approx(whole.objective, rel=1e-9)


def test_while_encodings_are_fitted_at_the_end_nothing_is_lost(monkeypatch):
    from visnmf.solve import exact as run

    close, calls = run.close, []

    def interrupted_once(*arguments):
        calls.append(arguments)
        if len(calls) == 1:
            raise KeyboardInterrupt
        return close(*arguments)

    monkeypatch.setattr(run, "close", interrupted_once)
    assert interrupted(WIDE, max_iter=5).reason == "interrupted"


@pytest.mark.parametrize("iteration", [1, 9, 10, 11, 20])
@pytest.mark.parametrize("extrapolate", [True, False])
def test_on_v_it_is_as_good_as_stopping_there(iteration, extrapolate):
    settings = {"warmup": "none", "extrapolate": extrapolate, "tol": 0, "change": 0}
    ends = [
        interrupted(WIDE, callback=callback, **settings)
        for callback in (
            interrupt_at("V", iteration),
            lambda record: record.iteration == iteration,
        )
    ]
    assert [end.reason for end in ends] == ["interrupted", "callback"]
    assert [end.n_iter for end in ends] == [iteration] * 2
    np.testing.assert_array_equal(ends[0].W, ends[1].W)
    np.testing.assert_array_equal(ends[0].H, ends[1].H)


SURVEYS = {
    "ranks.chain": lambda V: visnmf.choose_rank(V, (2, 6), criterion="elbow"),
    "ranks.ard": lambda V: visnmf.choose_rank(V, (2, 6), criterion="ard"),
    "ranks.relevance": lambda V: visnmf.choose_rank(V, (2, 6), criterion="ard"),
    "solve.restarts": lambda V: visnmf.choose_rank(V, (2, 6), criterion="stability"),
    "trust.stability": lambda V: visnmf.part_stability(V, 3, n_boot=3),
}


@pytest.mark.parametrize("place", SURVEYS)
def test_work_of_many_fits_ends_with_the_one_that_is_interrupted(place, monkeypatch):
    def cut_short(V, rank, **settings):
        found = factorize(V, rank, callback=interrupt_at("V", 1), **settings)
        assert found.reason == "interrupted"
        return found

    monkeypatch.setattr(f"visnmf.{place}.factorize", cut_short)
    try:
        SURVEYS[place](WIDE[:, :60])
    except KeyboardInterrupt:
        return
    pytest.fail("a fit that was cut short was taken for a whole one, and the others went on")
