"""Many fits of one V: in processes or in turn, the same results in the same order."""

from types import SimpleNamespace

import numpy as np
import pytest

import visnmf
from visnmf.solve import restarts
from visnmf.solve.restarts import fit_many

V = np.random.default_rng(0).random((30, 40))
FITS = [{"rank": 2 + seed % 2, "seed": seed} for seed in range(4)]
SETTINGS = {"init": "random", "max_iter": 20}


def alone(fit):
    return visnmf.factorize(V, **fit, **SETTINGS)


def test_fits_are_those_of_factorize_in_order():
    runs = fit_many(V, FITS, n_jobs=1, **SETTINGS)
    for fit, run in zip(FITS, runs, strict=True):
        assert np.array_equal(run.W, alone(fit).W)


def test_processes_give_what_turns_give(monkeypatch):
    monkeypatch.setattr(restarts, "_STARTING", 0.0)
    monkeypatch.setattr(restarts, "available", lambda: 2)
    places = []
    runs = fit_many(V, FITS, done=lambda place, run: places.append(place), **SETTINGS)
    assert places == [0, 1, 2, 3]
    for fit, run in zip(FITS, runs, strict=True):
        assert np.array_equal(run.W, alone(fit).W)
        assert np.array_equal(run.H, alone(fit).H)


@pytest.mark.parametrize(
    ("seconds", "starting", "handed"),
    [
        ((2, 2, 2, 2), 5.9, 3),
        ((2, 2, 2, 2), 6.1, 0),  # after the first 6 s are left, after the second 4
        ((1, 7, 1, 1), 7.9, 2),  # 3, then 8
        ((1, 7, 1, 1), 8.1, 0),
    ],
)
def test_processes_are_started_where_what_is_left_would_take_longer(
    monkeypatch, seconds, starting, handed
):
    now, sent = [5.0], []

    def fit(V, fit, settings):
        now[0] += seconds[FITS.index(fit)]
        return fit

    def carried_out(calls, team):
        fits = [arguments[1] for _, arguments, _ in calls]
        sent.append((fits, team))
        yield from fits

    monkeypatch.setattr(restarts, "time", SimpleNamespace(monotonic=lambda: now[0]))
    monkeypatch.setattr(restarts, "_STARTING", starting)
    monkeypatch.setattr(restarts, "available", lambda: 2)
    monkeypatch.setattr(restarts, "_fit", fit)
    monkeypatch.setattr(restarts, "carried_out", carried_out)
    assert fit_many(V, FITS) == FITS
    assert sent == ([(FITS[-handed:], 2)] if handed else [])


def test_a_true_answer_leaves_out_the_rest():
    runs = fit_many(V, FITS, done=lambda place, run: place == 1, **SETTINGS)
    assert len(runs) == 2


def test_a_mapped_array_is_not_read_in_blocks(tmp_path):
    np.save(tmp_path / "V.npy", V)
    mapped = np.load(tmp_path / "V.npy", mmap_mode="r")
    (run,) = fit_many(mapped, FITS[:1], **SETTINGS)
    assert np.array_equal(run.W, alone(FITS[0]).W)
