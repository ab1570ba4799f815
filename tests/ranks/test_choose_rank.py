"""Ranks chosen by hidden pixels: nothing leaks, and planted ranks are found."""

import numpy as np
import pytest
from scipy import sparse

import visnmf
from visnmf.errors import InvalidInputError
from visnmf.ranks.chain import Chain
from visnmf.ranks.growing import grow
from visnmf.ranks.heldout import hidden_masks, recommend
from visnmf.ranks.merging import merge


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
    chains = [Chain(values, ~hidden, 0, {"max_iter": 30}) for values in (V, spoiled)]
    for rank in (2, 9, 5, 4):
        one, other = (chain.fit(rank) for chain in chains)
        assert np.array_equal(one.W, other.W)
        assert np.array_equal(one.H, other.H)
    for rank in (4, 5, 9):
        for chain in chains:
            chain.fits[rank].objective = 1e9  # so that whatever comes is better
        assert all([chain.improve(rank) for chain in chains])
        one, other = (chain.fit(rank) for chain in chains)
        assert np.array_equal(one.W, other.W)
        assert np.array_equal(one.H, other.H)


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


def test_a_part_is_grown_from_both_signs_of_what_is_left_over():
    rng = np.random.default_rng(0)
    W, H = rng.random((60, 2)), rng.random((2, 80))
    noise = 0.02 * rng.standard_normal((60, 80))
    V = W @ H + 0.1 + noise  # a background, which no image shows best
    grown = grow(V, None, W, H, 3)
    part, code = grown[0][:, 2], grown[1][2]
    assert np.allclose(np.outer(part, code), 0.1, atol=0.02)


def test_what_merging_loses_is_the_least_of_all_pairs():
    rng = np.random.default_rng(0)
    W, H = rng.random((30, 5)), rng.random((5, 40))
    merged = merge(W, H, 4)
    assert merged[0].shape == (30, 4)
    assert min(merged[0].min(), merged[1].min()) >= 0
    pairs = [[i, j] for i in range(5) for j in range(i)]
    lost = [np.linalg.svd(W[:, pair] @ H[pair], compute_uv=False)[1] for pair in pairs]
    assert np.isclose(np.linalg.norm(W @ H - merged[0] @ merged[1]), min(lost))


def test_merging_undoes_a_part_that_was_split():
    rng = np.random.default_rng(0)
    W, H = rng.random((30, 4)), rng.random((4, 40))
    split = np.c_[W, 0.3 * W[:, 1]], np.r_[H, 2 * H[1:2]]
    merged = merge(*split, 4)
    assert np.allclose(merged[0] @ merged[1], split[0] @ split[1])


def test_a_chain_leaves_a_poor_minimum_by_its_neighbors():
    V = planted(6, 0, side=12, n=120, decibels=40)
    chain = Chain(V, None, 0, {"max_iter": 100})
    for rank in (5, 6, 7):
        chain.fit(rank)
    poor = chain.fits[6]
    poor.W, poor.H = chain.fits[5].W, chain.fits[5].H  # as if a part were missing
    poor.objective, poor.origins = 2 * chain.fits[5].objective, set()
    assert chain.improve(6)
    assert chain.fits[6].objective < chain.fits[5].objective


@pytest.mark.parametrize("rank", [5, 12])
def test_a_planted_rank_is_found_to_one(rank):
    choice = visnmf.choose_rank(planted(rank, 1), (2, 24))
    assert abs(choice.rank - rank) <= 1
    assert choice.interval[0] <= choice.rank <= choice.interval[1]
    assert "recommended" in choice.summary()


def test_the_interval_ends_where_ranks_are_surely_worse():
    rng = np.random.default_rng(0)
    group = rng.uniform(0.9, 1.1, 40)
    errors = {4: 3.0, 5: 1.01, 6: 1.0, 7: 1.01, 8: 1.3, 9: 1.4}
    found = {rank: error * group for rank, error in errors.items()}
    found[10] = 1.5 * group + np.where(np.arange(40) == 3, 200, 0)  # one group went astray
    told = recommend(found)
    assert told["table"]["excess"][-1] < 2 * told["table"]["uncertainty"][-1]
    assert told["rank"] == 6
    assert told["interval"] == (5, 7)


@pytest.mark.slow
@pytest.mark.parametrize("rank", [5, 12, 30])
def test_planted_ranks_are_found_in_nine_of_ten(rank):
    found = [visnmf.choose_rank(planted(rank, seed), (2, 60)).rank for seed in range(10)]
    assert sum(abs(each - rank) <= 1 for each in found) >= 9, found


def test_threads_do_not_change_the_answer():
    V = planted(4, 0, side=10, n=60)
    one, two = (visnmf.choose_rank(V, (2, 8), n_jobs=jobs) for jobs in (1, 2))
    assert np.array_equal(one.table["error"], two.table["error"])


@pytest.mark.parametrize("ranks", [(5, 2), [], 7, (0, 3), (1, 2, 3)])
def test_ranks_that_cannot_be_used_are_refused(ranks):
    with pytest.raises(InvalidInputError, match="rank"):
        visnmf.choose_rank(np.ones((6, 6)), ranks)


def test_swimmer_has_sixteen_or_seventeen_parts():
    assert visnmf.choose_rank(visnmf.samples.make_swimmer(), (2, 30)).rank in (16, 17)


@pytest.mark.parametrize("criterion", ["heldout", "stability", "elbow", "ard"])
def test_a_generator_is_a_seed_as_elsewhere(criterion):
    V = planted(4, 0, side=8, n=40)
    asked = {"criterion": criterion, "restarts": 2, "max_iter": 10}
    same, again, other = (
        visnmf.choose_rank(V, (2, 4), seed=np.random.default_rng(seed), **asked)
        for seed in (7, 7, 8)
    )
    assert all(np.array_equal(same.table[name], again.table[name]) for name in same.table)
    assert any(not np.array_equal(same.table[name], other.table[name]) for name in same.table)


@pytest.mark.parametrize("seed", [None, "x", -1, 1.5, True, np.random.RandomState(0)])
def test_other_seeds_are_refused(seed):
    with pytest.raises(InvalidInputError, match=r"seed must be .* or a numpy.random.Generator"):
        visnmf.choose_rank(np.ones((6, 6)), (2, 3), seed=seed)


@pytest.mark.parametrize("criterion", ["heldout", "stability", "elbow"])
def test_what_is_not_known_changes_nothing_bit_for_bit(criterion):
    V = planted(4, 0, side=8, n=40)
    known = np.random.default_rng(1).random(V.shape) < 0.8
    asked = {"criterion": criterion, "restarts": 2, "max_iter": 10}
    tables = [
        visnmf.choose_rank(np.where(known, V, value), (2, 5), observed=known, **asked).table
        for value in (np.float32(0), np.float32(np.nan), np.float32(-7))
    ]
    for name, column in tables[0].items():
        assert np.isfinite(column).all()
        assert all(np.array_equal(column, other[name]) for other in tables[1:])


def test_a_planted_rank_is_found_where_a_third_is_missing():
    V = planted(5, 1).astype(np.float32)
    V[np.random.default_rng(2).random(V.shape) < 0.35] = np.nan
    assert abs(visnmf.choose_rank(V, (2, 16), missing=np.nan).rank - 5) <= 1


def test_masks_hide_a_share_of_what_is_known_and_nothing_else():
    known = np.random.default_rng(0).random((40, 60)) < 0.5
    known[:, 3] = False
    known[7, 3] = True  # all that is known of an image
    masks = hidden_masks(known.shape, 3, np.random.default_rng(0), known)
    for mask in masks:
        assert not (mask & ~known).any()
        assert not mask[7, 3]
        assert 0.07 < mask.sum() / known.sum() < 0.13
    assert not (masks[0] & masks[1]).any()


def test_a_sparse_V_is_surveyed_with_its_zeros():
    V = planted(4, 0, side=8, n=40)
    V[V < 0.3] = 0
    one, same, stored = (
        visnmf.choose_rank(each, (2, 4), max_iter=10, observed=observed).table["error"]
        for each, observed in (
            (V, None), (sparse.csr_array(V), None), (sparse.csr_array(V), "stored")
        )
    )  # fmt: skip
    np.testing.assert_array_equal(one, same)
    assert (one != stored).any()
    held = visnmf.choose_rank(V, (2, 4), max_iter=10, observed=V > 0).table["error"]
    np.testing.assert_array_equal(stored, held)
    with_zeros = sparse.csr_array(V)
    known = V > 0
    with_zeros.data[::3] = 0  # still stored
    asked = {"ranks": (2, 4), "max_iter": 10}
    again, other = (
        visnmf.choose_rank(each, observed=observed, **asked).table["error"]
        for each, observed in ((with_zeros, "stored"), (with_zeros.toarray(), known))
    )
    np.testing.assert_array_equal(again, other)


def test_what_cannot_be_known_is_refused(monkeypatch):
    V = planted(4, 0, side=8, n=40)
    for asked, message in (
        ({"observed": V > 0.1, "criterion": "ard"}, "ard"),
        ({"observed": V}, "booleans"),
        ({"observed": "stored"}, "'stored' says it of a sparse V"),
        ({"observed": np.zeros(V.shape, bool)}, "nothing of V is known"),
        ({"observed": V[1:] > 0}, "observed has shape"),
        ({"missing": "x"}, "missing must be a number"),
    ):
        with pytest.raises(InvalidInputError, match=message):
            visnmf.choose_rank(V, (2, 3), **asked)
    monkeypatch.setattr("visnmf.ranks.known.memory_of_machine", lambda: 10_000)
    with pytest.raises(InvalidInputError, match=r"choose_rank\(V\[:, :1000\]\)"):
        visnmf.choose_rank(sparse.csr_array(V), (2, 3))
