"""The elbow, relevance, and what all criteria have in common."""

import csv

import numpy as np
import pytest

import visnmf
from visnmf.errors import InvalidInputError
from visnmf.plots import rank_curves
from visnmf.ranks.elbow import bends
from visnmf.ranks.relevance import Prior, noise_variance, prune
from visnmf.ranks.survey import CRITERIA


def planted(rank, seed=0, m=120, n=150, noise=0.05):
    rng = np.random.default_rng(seed)
    W, H = (rng.random(shape) ** 3 for shape in ((m, rank), (rank, n)))
    H *= rng.random(H.shape) < 0.5
    return W @ H + noise * rng.random((m, n))


@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize("rank", [3, 7])
def test_each_finds_a_planted_rank(criterion, rank):
    choice = visnmf.choose_rank(planted(rank), (2, 16), criterion=criterion)
    assert abs(choice.rank - rank) <= 1, choice
    assert choice.interval[0] <= choice.rank <= choice.interval[1]
    assert f"{choice.rank} parts" in choice.reason
    assert list(choice.ranks) == sorted(choice.ranks)
    assert all(len(column) == len(choice.ranks) for column in choice.table.values())
    assert f"{choice.rank:4d}" in choice.summary()
    assert criterion in repr(choice)


@pytest.mark.parametrize("noise", [0, 0.001])
@pytest.mark.parametrize("rank", [3, 7])
def test_relevance_finds_a_rank_where_there_is_hardly_any_noise(rank, noise):
    choice = visnmf.choose_rank(planted(rank, noise=noise), (2, 16), criterion="ard")
    assert abs(choice.rank - rank) <= 1, choice.summary()


@pytest.mark.parametrize("criterion", CRITERIA)
@pytest.mark.parametrize("scale", [1e-37, 1e30])
def test_the_scale_of_pictures_does_not_matter(criterion, scale):
    V = planted(3, m=40, n=50).astype(np.float32)
    ranks = [
        visnmf.choose_rank(values, (2, 8), criterion=criterion, restarts=3).rank
        for values in (V, V * np.float32(scale))
    ]
    assert ranks[0] == ranks[1]


@pytest.mark.parametrize("scale", [1.0, 1.5471623, 0.01])
def test_no_rank_is_judged_by_a_poor_minimum(scale):
    # The noise has a mean, which is a fourth part; where another pair was merged it is missed
    choice = visnmf.choose_rank(planted(3) / scale, (2, 16), criterion="ard")
    cost = dict(zip(choice.ranks.tolist(), choice.table["cost"], strict=True))
    assert cost[4] < cost[5] < cost[6]


def boxes_in_few_pictures(seed):
    """Four boxes in as many pictures as the highest rank, noise at 20 dB."""
    rng = np.random.default_rng(seed)
    W = np.zeros((16, 16, 4))
    for k in range(4):
        high, wide = rng.integers(3, 7, 2)
        top, left = rng.integers(0, 16 - high), rng.integers(0, 16 - wide)
        W[top : top + high, left : left + wide, k] = 1
    V = W.reshape(-1, 4) @ (rng.exponential(1, (4, 40)) * (rng.random((4, 40)) < 0.4))
    return np.maximum(V + 0.1 * np.sqrt(np.square(V).mean()) * rng.standard_normal(V.shape), 0)


@pytest.mark.parametrize("seed", [0, 1, 4])
def test_relevance_goes_on_where_costs_rise_and_fall_again(seed):
    choice = visnmf.choose_rank(boxes_in_few_pictures(seed), (2, 40), criterion="ard")
    assert choice.rank == 4
    assert choice.ranks[0] < 4  # the first of them that is needed has been missed


def test_no_jump_costs_more_than_to_leave_out_the_least_part():
    V = boxes_in_few_pictures(0)
    run = visnmf.factorize(V, 40)
    prior = Prior("l1", 2.0, noise_variance(V, 40), 5.0, np.sqrt(12 * V.mean() / 40))
    states = list(prune(V, run.W, run.H, prior, least=25))
    for state, after in zip(states, states[1:], strict=False):
        misfit = np.square(V - state.W[:, :-1] @ state.H[:-1]).sum() / 2 / prior.phi
        cost = misfit + prior.weight(V.shape) * np.log1p(state.relevance[:-1]).sum()
        assert after.cost <= cost * (1 + 1e-12)


@pytest.mark.parametrize("V", [np.ones((1, 1)), np.repeat(np.arange(30.0)[:, None], 20, axis=1)])
def test_parts_that_cost_and_say_nothing_go(V):
    assert visnmf.choose_rank(V, (1, 12), criterion="ard").rank == 1


@pytest.mark.parametrize("criterion", ["stability", "elbow", "ard"])
def test_swimmer_has_sixteen_or_seventeen_parts(criterion):
    swimmer = visnmf.samples.make_swimmer()
    ranks = [8, 12, 14, 15, 16, 17, 18, 20] if criterion == "stability" else (2, 24)
    choice = visnmf.choose_rank(swimmer, ranks, criterion=criterion)
    assert choice.rank in (16, 17)


@pytest.mark.parametrize("criterion", CRITERIA)
def test_a_callback_is_told_and_may_end_it(criterion):
    told = []

    def enough(tried):
        told.append(tried)
        return len(told) == 2

    choice = visnmf.choose_rank(planted(3), (2, 9), criterion=criterion, callback=enough)
    assert len(choice.ranks) == len(told) == 2
    assert {tried.rank for tried in told} == set(choice.ranks)
    assert told[0].done == 1 < told[0].total
    assert told[0].left > 0


@pytest.mark.parametrize("criterion", CRITERIA)
def test_the_table_is_written_and_the_figure_drawn(criterion, tmp_path):
    choice = visnmf.choose_rank(planted(3), [2, 3, 4], criterion=criterion, restarts=3)
    choice.save_csv(tmp_path / "t.csv")
    rows = list(csv.DictReader((tmp_path / "t.csv").open()))
    assert [int(row["rank"]) for row in rows] == list(choice.ranks)
    for name, column in choice.table.items():
        assert [float(row[name]) for row in rows] == list(column)
    assert [int(row["rank"]) for row in rows if row["recommended"] == "1"] == [choice.rank]
    (axes,) = rank_curves(choice).axes
    assert f"{choice.rank} parts" in axes.get_title(loc="left")
    assert axes.get_legend() is None  # it would lie over curves
    assert len(axes.figure.legends) == (criterion == "stability")


@pytest.mark.parametrize("criterion", CRITERIA)
def test_a_black_set_is_refused(criterion):
    with pytest.raises(InvalidInputError, match="zero"):
        visnmf.choose_rank(np.zeros((20, 30)), (1, 4), criterion=criterion)


def test_curves_of_something_else_are_refused():
    with pytest.raises(InvalidInputError, match="type RankChoice, not ndarray; visnmf.choose_rank"):
        rank_curves(np.ones(3))


def test_a_criterion_that_is_not_there_is_refused():
    with pytest.raises(InvalidInputError, match="heldout, stability, elbow, ard"):
        visnmf.choose_rank(np.ones((6, 6)), criterion="aic")
    with pytest.raises(InvalidInputError, match="heldout, stability, elbow, ard"):
        visnmf.choose_rank(np.ones((6, 6)), criterion=["ard"])


def test_the_bend_is_farthest_below_the_line():
    left = np.exp([0.0, -1.0, -2.0, -2.0, -2.0])  # the line falls by 1/2 a step
    assert np.allclose(bends([1, 2, 3, 4, 5], left), [0, 0.5, 1.0, 0.5, 0])
    assert not bends([1, 2, 3], np.exp([0.0, -1.0, -2.0])).any()


def test_the_variance_of_noise_is_told_by_what_singular_values_leave():
    rng = np.random.default_rng(0)
    V = rng.random((100, 4)) @ rng.random((4, 200)) + 0.3 * rng.standard_normal((100, 200))
    assert np.isclose(noise_variance(V, 10), 0.09, rtol=0.1)
    s = np.linalg.svd(V, compute_uv=False)
    assert np.isclose(noise_variance(V, 10), (s[10:] ** 2).sum() / (90 * 190))


@pytest.mark.parametrize("norm", ["l1", "l2"])
@pytest.mark.parametrize("beta", [2.0, 1.0, 0.5, 0.0, 3.0])
def test_steps_lower_the_objective_of_the_paper(norm, beta):
    from visnmf.ranks import relevance

    rng = np.random.default_rng(0)
    V, W, H = rng.random((12, 15)) + 0.1, rng.random((12, 3)), rng.random((3, 15))
    prior = Prior(norm, beta, 0.1, 5.0, 2.0)
    c = prior.weight(V.shape)
    lam = (prior.sizes(W, H) + prior.b) / c

    def objective():
        penalty = (prior.sizes(W, H) + prior.b) / lam + c * np.log(lam)
        return relevance._divergence(V, W, H, beta) / prior.phi + penalty.sum()

    before = objective()
    for _ in range(30):
        H = relevance._step(V, W, H, lam, prior)
        W = relevance._step(V.T, H.T, W.T, lam, prior).T
        lam = (prior.sizes(W, H) + prior.b) / c
        now = objective()
        assert now <= before * (1 + 1e-12)
        before = now


@pytest.mark.parametrize("norm", ["l1", "l2"])
def test_the_objective_is_least_at_the_planted_rank(norm):
    V = planted(5, noise=0.3)  # which has a mean: a part of its own
    run = visnmf.factorize(V, 12)
    scale = 10 * V.mean() / 12 if norm == "l2" else np.sqrt(12 * V.mean() / 12)
    prior = Prior(norm, 2.0, noise_variance(V, 12), 5.0, float(scale))
    costs = {len(state.H): state.cost for state in prune(V, run.W, run.H, prior)}
    assert sorted(costs) == list(range(1, 13))
    assert abs(min(costs, key=costs.get) - 5) <= 1


@pytest.mark.parametrize("norm", ["l1", "l2"])
def test_no_other_scale_of_a_part_costs_less(norm):
    V = planted(3, m=30, n=900)  # so that parts and encodings are not of one length by chance
    run = visnmf.factorize(V, 3)
    prior = Prior(norm, 2.0, noise_variance(V, 6), 5.0, 1.0)
    state = next(prune(V, run.W, run.H, prior))
    assert np.allclose(prior.size(state.W, 0), prior.size(state.H, 1))
    for scale in (0.9, 1.1):
        other = prior.sizes(scale * state.W, state.H / scale) / prior.b
        assert (other > state.relevance).all()
