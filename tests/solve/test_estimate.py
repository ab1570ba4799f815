"""What a factorization will take: counts that add up, figures that hold, nonsense refused."""

from types import SimpleNamespace

import numpy as np
import pytest
from scipy import sparse

import visnmf
from visnmf.errors import InvalidInputError
from visnmf.solve import calibrate
from visnmf.solve.cost import (
    Rates,
    Size,
    iteration,
    iterations_expected,
    on_low_rank,
    share_of_low_rank,
)
from visnmf.solve.estimate import _on_threads
from visnmf.solve.result import Record
from visnmf.solve.warmup import choose_stand_ins

SHAPE = (60, 200)


@pytest.fixture(scope="module")
def V():
    return np.random.default_rng(0).random(SHAPE, np.float32)


def told(V, rank=5, **settings):
    return visnmf.estimate(V, rank, kernels="numpy", n_jobs=1, **settings)


def test_time_is_made_of_its_stages(V):
    found = told(V, max_iter=30)
    assert found.warm_iter == 0
    assert found.n_iter <= 30
    known = found.seconds_of_start + found.n_iter * found.seconds_per_iteration
    assert known < found.seconds <= found.seconds_at_most
    more = found.seconds_at_most - found.seconds
    steps = (30 - found.n_iter) * found.seconds_per_iteration
    assert more == pytest.approx(steps, rel=1e-6, abs=1e-9)


def test_counted_alone_it_is_the_same_every_time_and_grows_with_the_problem():
    small, same, wide, high = (
        told(shape, rank, calibrate=False)
        for shape, rank in (((60, 200), 5), ((60, 200), 5), ((60, 2000), 5), ((60, 200), 20))
    )
    assert small == same
    for larger in (wide, high):
        assert larger.seconds_per_iteration > small.seconds_per_iteration
        assert larger.bytes_beside_V > small.bytes_beside_V


def test_a_matrix_and_its_shape_are_told_alike(V):
    of_V, of_shape = told(V, calibrate=False), told(SHAPE, calibrate=False)
    assert of_V == of_shape
    assert of_V.bytes_of_V == V.nbytes


def test_a_copy_that_factorize_makes_is_counted(V):
    whole = (255 * V).astype(np.uint8)
    beside = [told(each, calibrate=False).bytes_beside_V for each in (whole, V)]
    assert beside[0] - beside[1] == V.nbytes


def test_sparse_costs_by_what_is_stored():
    places = sparse.random_array((300, 400), density=0.02, rng=np.random.default_rng(0))
    found = told(places.astype(np.float32), calibrate=False)
    unseen = told((300, 400), density=0.02, calibrate=False)
    dense = told((300, 400), calibrate=False)
    assert found.seconds_per_iteration == pytest.approx(unseen.seconds_per_iteration)
    assert found.bytes_of_V < 0.1 * dense.bytes_of_V
    assert found.seconds_per_iteration < dense.seconds_per_iteration


@pytest.mark.parametrize(
    "settings",
    [
        {"loss": "kl"},
        {"loss": "is"},
        {"update": "mu"},
        {"observed": 0.7},
        {"density": 0.1},
        {"density": 0.1, "loss": "kl"},
        {"dtype": np.float64},
        {"warmup": "both"},
    ],
    ids=str,
)
def test_every_kind_of_run_is_measured(settings):
    found = told(SHAPE, **settings)
    assert found.calibrated
    assert 0 < found.seconds_per_iteration < found.seconds < 60
    assert found.bytes_beside_V > 0


def test_stand_ins_are_those_that_will_run():
    found = told((784, 60_000), 40, calibrate=False)
    chosen = choose_stand_ins((784, 60_000), 40, "auto", 4.0)
    assert found.stand_ins.startswith(f"a sample of {chosen.sample:,}")
    assert ("of rank" in found.stand_ins) == (chosen.rank > 0)
    assert told((784, 60_000), 40, calibrate=False, warmup="none").stand_ins == ""


def test_the_share_of_a_low_rank_iteration_is_that_of_the_counts():
    size = Size.dense(361, 2429, 49)
    sums = size.rank**2 * (size.m + size.n) + size.rank**2 * size.m  # Gram matrices, a look at W
    low, whole = (
        sum(iteration(each, sweeps=4)[:2]) - sums for each in (on_low_rank(size, 123), size)
    )
    share = share_of_low_rank((361, 2429), 49, 123, size.work, sweeps=4)
    assert share == pytest.approx(low / whole)


def test_more_parts_take_more_iterations_and_never_more_than_allowed():
    counts = [
        sum(iterations_expected(Size.dense(400, 2000, rank), "quadratic", 1000, 40))
        for rank in (5, 20, 80)
    ]
    assert counts == sorted(counts)
    assert iterations_expected(Size.dense(400, 2000, 80), "split", 7, 0) == (0, 7)


def test_the_table_tells_what_matters(V):
    text = str(told(V, calibrate=False))
    for part in ("60 x 200", "rank", "numpy, on 1 thread", "not measured", "beside V"):
        assert part in text


@pytest.mark.parametrize(
    ("V", "settings", "message"),
    [
        ((60, 0), {}, "at least 1"),
        ((60, 2.5), {}, "whole number"),
        ((60, 200), {"rank": 0}, "rank"),
        ((60, 200), {"loss": "absolute"}, "loss='absolute' is not known"),
        ((60, 200), {"update": "fast"}, "update='fast' is not known"),
        ((60, 200), {"density": 0}, "density"),
        ((60, 200), {"observed": 1.5}, "observed"),
        ((60, 200), {"density": 0.1, "observed": 0.5}, "dense V"),
        ((60, 200), {"dtype": np.uint8}, "float32 or float64"),
        ((60, 200), {"max_iter": 0}, "max_iter"),
        (-np.ones((3, 4)), {}, "negative"),
    ],
)
def test_nonsense_is_refused(V, settings, message):
    with pytest.raises(InvalidInputError, match=message):
        told(V, **settings, calibrate=False)


def test_threads_make_products_and_sweeps_faster_and_one_makes_nothing_so():
    rates = Rates()
    assert _on_threads(rates, 1) == rates
    four = _on_threads(rates, 4)
    assert rates.product / four.product == rates.sweep / four.sweep == pytest.approx(1 + 0.85 * 3)
    assert (four.move, four.call, four.row) == (rates.move, rates.call, rates.row)


@pytest.mark.parametrize("lowered", [True, False])
def test_seconds_are_told_apart_by_phase(lowered, monkeypatch):
    """A start of 3 s, steps of 1 s on a stand-in and of 5 s on V, an end of 7 s."""
    phases = ["low rank"] * 3 * lowered + ["V"] * 3 + ["closing"]
    steps = [1.0] * 3 * lowered + [5.0] * 3 + [7.0]
    times = 3 + np.cumsum(steps)
    records = [Record(p, 1, t, 0.0, 0.0) for p, t in zip(phases, times, strict=True)]

    def run(matrix, plan, trace, *rest):
        trace.history.extend(records)
        return SimpleNamespace(reason="max_iter")

    monkeypatch.setattr(calibrate, "run", run)
    start, warm, step, end = calibrate._seconds_of(None, None)
    assert (start, step, end) == (3, 5, 7)
    assert warm == 1 if lowered else np.isnan(warm)


@pytest.mark.parametrize(
    ("measured", "counted", "factor"),
    [(6, 2, 3), (1, 1000, 1 / 50), (1000, 1, 50), (np.nan, 1, 1), (1, 0, 1), (np.inf, 1, 1)],
)
def test_what_a_clock_tells_is_believed_within_bounds(measured, counted, factor):
    assert calibrate._ratio(measured, counted) == pytest.approx(factor)
