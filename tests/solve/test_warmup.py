"""Which stand-ins run where, and that they lead to the same end."""

import numpy as np
import pytest

from visnmf import factorize
from visnmf.kernels import reference
from visnmf.losses.frobenius import Frobenius
from visnmf.matrices.dense import Dense
from visnmf.solve.iterate import Pair, Problem, iterate
from visnmf.solve.stopping import Rule, Trace
from visnmf.solve.warmup import choose_stand_ins, warm_up
from visnmf.starts.random import random_start
from visnmf.starts.scaling import scale_to_fit
from visnmf.updates.hals import Hals


def test_small_problems_have_none():
    assert choose_stand_ins((625, 100), 49, "auto")[:2] == (0, 0)


def test_the_longer_side_is_sampled_where_it_is_long():
    assert choose_stand_ins((784, 60_000), 40, "auto").sample == 4000
    assert choose_stand_ins((60_000, 784), 40, "auto").sample == 4000
    assert choose_stand_ins((784, 10_000), 40, "auto").sample == 0


def test_low_rank_is_taken_where_it_is_cheap():
    assert choose_stand_ins((10_304, 400), 40, "auto").rank == 100
    assert choose_stand_ins((10_304, 60), 40, "auto").rank == 0  # 60 x 60 has no low rank to gain


def test_dear_sweeps_leave_low_rank_out():
    assert choose_stand_ins((361, 2429), 49, "auto", sweep_cost=1.0).rank == 123
    assert choose_stand_ins((361, 2429), 49, "auto", sweep_cost=4.0).rank == 0


def test_a_share_is_what_an_iteration_costs():
    plan = choose_stand_ins((1000, 100_000), 20, "both")
    lowered, sweeps = 2 * 50 * 5000, 4 * 20 * 5000  # multiply-adds a part, on the sample
    whole = 2 * 1000 * 100_000 + 4 * 20 * 101_000
    assert plan.share == pytest.approx((lowered + sweeps) / whole)
    part = (2 * 50 * 2000 + 4 * 20 * 2000) / (2 * 1000 * 100_000 + 4 * 20 * 101_000)
    assert (plan.part, plan.part_share) == (1000, pytest.approx(part))
    assert choose_stand_ins((1000, 100_000), 20, "none") == (0, 0, 1.0, 0, 1.0)


def test_a_part_is_taken_where_it_holds_enough_columns():
    assert choose_stand_ins((361, 2429), 49, "auto").part == 607
    assert choose_stand_ins((361, 2429), 100, "both").part == 0  # six columns for each part
    assert choose_stand_ins((361, 2429), 49, "low rank").part == 0


@pytest.mark.parametrize("shape", [(60, 4000), (4000, 60)])
def test_a_sample_tells_how_far_the_start_of_all_was(shape, monkeypatch):
    monkeypatch.setattr("visnmf.solve.warmup._LEAST_SAMPLE", 1000)
    starts = []
    for warmup in ("none", "sample"):
        rng = np.random.default_rng(0)
        matrix = Dense(rng.random(shape))
        W, H = random_start(matrix, 4, rng)
        scale_to_fit(matrix, W, H)
        pair = Pair(W, H)
        problem = Problem(matrix, Frobenius(matrix), Hals(reference), reference)
        if warmup == "none":
            iterate(
                problem, pair, phase="V", rule=Rule(2), trace=Trace(),
                extrapolation=None, cold=True,
            )  # fmt: skip
        else:
            plan = choose_stand_ins(shape, 4, "sample")
            assert plan.sample == 1000
            warm_up(
                problem, pair, plan, lowered=None, trace=Trace(), rng=rng,
                extrapolation=False, cold=True, max_iter=40,
            )  # fmt: skip
        starts.append(pair.start)
    for whole, sample in zip(*starts, strict=True):  # of H and of W
        assert sample.absolute == pytest.approx(whole.absolute, rel=0.3)
        assert sample.square == pytest.approx(whole.square, rel=0.6)


@pytest.mark.parametrize("shape", [(300, 5000), (5000, 300)])
@pytest.mark.parametrize("warmup", ["sample", "low rank", "both"])
def test_all_ways_end_alike(shape, warmup):
    rng = np.random.default_rng(0)
    V = (rng.random((shape[0], 8)) @ rng.random((8, shape[1]))).astype(np.float32)
    V += 0.2 * rng.random(shape, np.float32)
    plain, warm = (factorize(V, 8, warmup=way, max_iter=120) for way in ("none", warmup))
    phases = {record.phase for record in warm.history}
    expected = {"sample": {"sample"}, "low rank": {"low rank"}, "both": {"part", "low rank"}}
    assert phases == {*expected[warmup], "V", "closing"}
    assert warm.objective == pytest.approx(plain.objective, rel=0.05)
    assert warm.n_iter < 120


def test_a_run_is_gone_on_with_where_it_was():
    rng = np.random.default_rng(0)
    V = rng.random((900, 6)) @ rng.random((6, 1000)) + 0.2 * rng.random((900, 1000))
    first = factorize(V, 6, max_iter=40, tol=0, change=0)
    assert {record.phase for record in first.history} == {"part", "low rank", "V", "closing"}
    more = factorize(V, 6, W=first.W, H=first.H, max_iter=5)
    assert {record.phase for record in more.history} == {"V", "closing"}
    assert more.objective <= first.objective * (1 + 1e-9)
    afresh = factorize(V, 6, W=rng.random((900, 6)), H=rng.random((6, 1000)), max_iter=5)
    assert "low rank" in {record.phase for record in afresh.history}
