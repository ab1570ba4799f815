"""Ctrl-C while a fit runs: once ends it in good order, twice at once."""

import os
import signal
import sys
import threading

import numpy as np
import pytest

from visnmf import factorize
from visnmf.matrices.source import ArraySource
from visnmf.solve.kept_file import read_kept

pytestmark = pytest.mark.skipif(sys.platform == "win32", reason="needs POSIX signals")

RNG = np.random.default_rng(0)
V = RNG.random((40, 5)) ** 3 @ RNG.random((5, 600)) ** 3 + 0.01 * RNG.random((40, 600))
LONG = {"tol": 0, "change": 0, "max_iter": 24, "kernels": "numpy"}


class Pressed(ArraySource):
    """Columns of V; Ctrl-C is pressed while some block of them is read."""

    def __init__(self, array, at):
        super().__init__(array, "V")
        self.reads, self.at = 0, at

    def read(self, first, last):
        self.reads += 1
        if self.reads == self.at:
            os.kill(os.getpid(), signal.SIGINT)
        return super().read(first, last)


def press_at(phase, *iterations):
    def callback(record):
        if record.phase == phase and record.iteration in iterations:
            os.kill(os.getpid(), signal.SIGINT)

    return callback


@pytest.fixture(autouse=True)
def _the_handler_is_put_back():
    there = signal.getsignal(signal.SIGINT)
    assert there is signal.default_int_handler
    yield
    assert signal.getsignal(signal.SIGINT) is there


@pytest.mark.parametrize("kind", [np.asarray, lambda V: ArraySource(V, "V")])
def test_once_ends_the_iteration_writes_and_returns(kind, tmp_path):
    path, matrix = tmp_path / "c", kind(V)
    whole = factorize(matrix, 5, **LONG)
    result = factorize(matrix, 5, callback=press_at("V", 11), checkpoint=path, **LONG)
    assert (result.reason, result.n_iter) == ("interrupted", 11)
    assert np.linalg.norm(V - result.W @ result.H) ** 2 / 2 == pytest.approx(result.objective)
    assert read_kept(path)[1]["reason"] == "interrupted"
    again = factorize(matrix, 5, checkpoint=path, resume=True, **LONG)
    assert (again.reason, again.n_iter) == ("max_iter", 24)
    np.testing.assert_array_equal(again.W, whole.W)
    np.testing.assert_array_equal(again.H, whole.H)


def test_a_pass_over_v_is_left_at_once(tmp_path, monkeypatch):
    monkeypatch.setattr("visnmf.matrices.chunked.width_of", lambda source: 64)  # ten blocks
    monkeypatch.setattr("visnmf.solve.larger._LEAST_SAMPLE", 100)
    counting = Pressed(V, None)
    seen = {}
    whole = factorize(
        counting,
        5,
        callback=lambda r: seen.update({(r.phase, r.iteration): counting.reads}),
        **LONG,
    )
    pressed, path = Pressed(V, seen["V", 7] + 6), tmp_path / "c"
    result = factorize(pressed, 5, checkpoint=path, **LONG)
    assert (result.reason, result.n_iter) == ("interrupted", 7)
    assert pressed.reads < seen["V", 8] + 3  # and those that were read ahead
    assert result.objective == whole.history[-19].objective  # at iteration 7, of 24 and a closing
    assert np.isnan(result.kkt)
    assert np.linalg.norm(V - result.W @ result.H) ** 2 / 2 == pytest.approx(result.objective)
    again = factorize(ArraySource(V, "V"), 5, checkpoint=path, resume=True, **LONG)
    np.testing.assert_array_equal(again.H, whole.H)


@pytest.mark.parametrize("kind", [np.asarray, lambda V: ArraySource(V, "V")])
def test_before_the_first_iteration_on_v_nothing_is_lost(kind, tmp_path):
    path, phase = tmp_path / "c", "low rank" if kind is np.asarray else "sample"
    settings = {**LONG, "warmup": "low rank"}
    whole = factorize(kind(V), 5, **settings)
    if phase == "sample":
        assert whole.history[0].phase == phase
    result = factorize(kind(V), 5, callback=press_at(phase, 2), checkpoint=path, **settings)
    assert (result.reason, result.n_iter) == ("interrupted", 0)
    assert result.objective < 0.5 * np.linalg.norm(V) ** 2
    again = factorize(kind(V), 5, checkpoint=path, resume=True, **settings)
    assert again.n_iter == 24
    assert [record.phase for record in again.history[:2]] == [phase, phase]


def test_twice_stops_at_once_and_the_checkpoint_is_whole(tmp_path):
    path = tmp_path / "c"

    def callback(record):
        if record.phase == "V" and record.iteration == 5:
            os.kill(os.getpid(), signal.SIGINT)
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        factorize(V, 5, callback=callback, checkpoint=path, every=0, **LONG)
    assert read_kept(path)[1]["numbers"]["iteration"] == 4


def test_while_closing_the_run_ends_as_it_would_have():
    whole = factorize(V, 5, **LONG)
    result = factorize(V, 5, callback=press_at("closing", 1), **LONG)
    assert result.reason == "interrupted"
    np.testing.assert_array_equal(result.H, whole.H)


def test_fits_within_fits_end_together():
    inner = []

    def callback(record):
        if record.iteration == 3:
            inner.append(factorize(V, 2, callback=press_at("V", 2), **LONG))

    outer = factorize(V, 5, warmup="none", callback=callback, **LONG)
    assert [inner[0].reason, outer.reason] == ["interrupted"] * 2
    assert (inner[0].n_iter, outer.n_iter) == (2, 3)


def test_another_handler_is_left_alone():
    pressed = []
    ours = signal.signal(signal.SIGINT, lambda *_: pressed.append(1))
    try:
        assert factorize(V, 5, callback=press_at("V", 3), **LONG).reason == "max_iter"
    finally:
        signal.signal(signal.SIGINT, ours)
    assert pressed == [1]


def test_other_threads_set_no_handler():
    seen = []
    run = threading.Thread(
        target=lambda: factorize(
            V, 5, callback=lambda _: seen.append(signal.getsignal(signal.SIGINT)), **LONG
        )
    )
    run.start()
    run.join()
    assert set(seen) == {signal.default_int_handler}
