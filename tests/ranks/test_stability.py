"""Restarts compared: consensus, cophenetic correlation, dispersion, silhouettes."""

import tracemalloc

import numpy as np
import pytest
from scipy.cluster.hierarchy import cophenet, linkage

import visnmf
from visnmf.ranks.consensus import consensus_matrix, cophenetic_correlation, dispersion
from visnmf.ranks.silhouettes import matched_labels, part_silhouettes
from visnmf.ranks.stability import _around, _decided


def bars(rank=4, side=6, n=80, noise=0.02, seed=0):
    """Bars across and down, in sparse mixtures."""
    rng = np.random.default_rng(seed)
    W = np.zeros((side, side, rank))
    for k in range(rank):
        W[(k // 2) * 2, :, k] = k % 2 == 0
        W[:, (k // 2) * 2, k] += k % 2
    H = rng.exponential(1, (rank, n)) * (rng.random((rank, n)) < 0.5)
    return W.reshape(-1, rank) @ H + noise * rng.random((side * side, n))


def test_the_consensus_is_how_often_two_images_are_together():
    found = consensus_matrix([np.array([0, 0, 1]), np.array([1, 0, 0])])
    assert np.array_equal(found, [[1, 0.5, 0], [0.5, 1, 0.5], [0, 0.5, 1]])


def test_the_consensus_takes_no_more_memory_for_more_restarts():
    labels = list(np.random.default_rng(0).integers(5, size=(200, 300)))
    tracemalloc.start()
    consensus_matrix(labels)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 5 * 300 * 300 * 8


def test_cophenetic_correlation_of_a_consensus_made_by_hand():
    consensus = np.array([[1, 0.9, 0.2, 0], [0.9, 1, 0.1, 0], [0.2, 0.1, 1, 0.6], [0, 0, 0.6, 1]])
    # Joined at 0.1, at 0.4, and the two pairs at the mean of 0.8, 1, 0.9 and 1
    apart = np.array([0.1, 0.8, 1, 0.9, 1, 0.4])
    tree = np.array([0.1, 0.925, 0.925, 0.925, 0.925, 0.4])
    assert np.isclose(cophenetic_correlation(consensus), np.corrcoef(apart, tree)[0, 1])
    by_scipy = cophenet(linkage(apart, "average"), apart)[0]
    assert np.isclose(cophenetic_correlation(consensus), by_scipy)


def test_a_sure_consensus_scores_one_and_a_doubtful_one_nothing():
    sure = np.kron(np.eye(2), np.ones((3, 3)))
    assert np.isclose(cophenetic_correlation(sure), 1)
    assert dispersion(sure) == 1
    assert dispersion(np.full((4, 4), 0.5)) == 0
    assert cophenetic_correlation(np.ones((3, 3))) == 1
    assert dispersion(np.array([[1, 0.75], [0.75, 1]])) == (1 + 0.25) / 2


def test_parts_are_matched_whatever_their_order_and_scale():
    rng = np.random.default_rng(0)
    W = rng.random((20, 4))
    orders = [np.arange(4), np.array([2, 0, 3, 1]), np.array([3, 2, 1, 0])]
    runs = [W[:, order] * rng.uniform(0.1, 9, 4) for order in orders]
    assert np.array_equal(matched_labels(runs), orders)
    assert np.allclose(part_silhouettes(runs, matched_labels(runs)), 1)


def test_silhouettes_are_those_of_the_definition():
    rng = np.random.default_rng(0)
    runs = [rng.random((9, 3)) for _ in range(4)]
    labels = matched_labels(runs)
    assert all(sorted(row) == [0, 1, 2] for row in labels)
    parts = np.concatenate(runs, axis=1)
    parts /= np.linalg.norm(parts, axis=0)
    apart, of = 1 - parts.T @ parts, labels.ravel()
    for i, score in enumerate(part_silhouettes(runs, labels).ravel()):
        own = np.flatnonzero((of == of[i]) & (np.arange(12) != i))
        a = apart[i, own].mean()
        b = min(apart[i, of == k].mean() for k in range(3) if k != of[i])
        assert np.isclose(score, (b - a) / max(a, b))


def test_one_part_is_one_cluster():
    runs = [np.ones((5, 1)), 2 * np.ones((5, 1))]
    assert np.array_equal(part_silhouettes(runs, matched_labels(runs)), [[1], [1]])


@pytest.mark.parametrize("rank", [3, 4])
def test_the_planted_rank_is_the_most_that_comes_back(rank):
    choice = visnmf.choose_rank(bars(rank), (2, 8), criterion="stability", restarts=6)
    assert choice.rank == rank
    assert choice.criterion == "stability"
    at = list(choice.ranks).index(rank)
    assert choice.table["least"][at] > 0.9 > 0.5 > choice.table["least"][at + 1]
    assert "come back" in choice.reason


def test_a_sharp_peak_between_ranks_of_the_grid_is_found():
    # As of the swimmer with noise: all parts come back at 16, mixtures of them do not
    def figures(rank):
        mean = 0.95 if rank == 16 else 0.9 - 0.05 * abs(rank - 16)
        least = 0.93 if rank == 16 else 0.3
        return {"least": least, "spread": 0.01, "silhouette": mean}

    found = {rank: figures(rank) for rank in (2, 3, 5, 8, 13, 21, 24)}
    while more := _around(found):
        found |= {rank: figures(rank) for rank in more}
    assert _decided(found)["rank"] == 16
    assert len(found) < 16


def test_the_interval_is_where_the_highest_stable_rank_may_be():
    def told(*scores):
        figures = [{"least": least, "spread": spread} for least, spread in scores]
        found = _decided(dict(enumerate(figures, 2)))
        return found["rank"], found["interval"]

    # A low rank in doubt says nothing where a higher one is sure
    assert told((0.48, 0.05), (0.9, 0.01), (-0.5, 0.1)) == (3, (3, 3))
    assert told((0.9, 0.01), (0.6, 0.1), (0.3, 0.15)) == (3, (2, 4))
    assert told((0.4, 0.03), (0.45, 0.05), (0.1, 0.05)) == (3, (2, 3))
    assert told((0.3, 0.0), (0.2, 0.0)) == (2, (2, 2))
    # Restarts that agree in nothing say nothing
    assert told((0.9, 0.01), (0.2, 0.1), (-0.2, 0.4)) == (2, (2, 2))


def test_restarts_do_not_change_with_the_number_of_jobs():
    one, two = (
        visnmf.choose_rank(bars(), [3, 4], criterion="stability", restarts=3, n_jobs=jobs)
        for jobs in (1, 2)
    )
    assert all(np.array_equal(one.table[name], two.table[name]) for name in one.table)
