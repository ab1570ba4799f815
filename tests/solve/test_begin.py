"""How a start makes room for what is known of the factors."""

import numpy as np
import pytest

from visnmf.solve.begin import put_known
from visnmf.solve.iterate import Pair
from visnmf.solve.plan import Plan
from visnmf.solve.stopping import Rule

RANK, M, N = 4, 8, 9


@pytest.fixture
def pair():
    rng = np.random.default_rng(0)
    return Pair(rng.random((RANK, M)) + 0.1, rng.random((RANK, N)) + 0.1)


@pytest.mark.parametrize("length", [0.02, 0.5, 3.0])
@pytest.mark.parametrize("place", range(RANK))
def test_a_known_part_takes_the_place_of_the_one_most_like_it(pair, place, length):
    known = length * pair.W[place] / np.linalg.norm(pair.W[place])
    W, H = pair.W.copy(), pair.H.copy()
    put_known(Plan(RANK, Rule(1), known_W=known[None]), pair)
    np.testing.assert_array_equal(pair.W[0], known)
    # as much of it as there was of the other
    np.testing.assert_allclose(np.outer(pair.W[0], pair.H[0]), np.outer(W[place], H[place]))
    others = sorted(set(range(RANK)) - {place})
    assert sorted(pair.W[1:, 0]) == sorted(W[others, 0])
    assert sorted(pair.H[1:, 0]) == sorted(H[others, 0])


def test_known_encodings_likewise(pair):
    known = 7 * pair.H[[3, 1]]
    W, H = pair.W.copy(), pair.H.copy()
    put_known(Plan(RANK, Rule(1), known_H=known), pair)
    rows = [np.flatnonzero((pair.H == row).all(axis=1))[0] for row in known]
    np.testing.assert_allclose(pair.W[rows], W[[3, 1]] / 7)
    np.testing.assert_allclose(pair.W.T @ pair.H, W.T @ H)


def test_a_known_part_of_zeros_leaves_finite_encodings(pair):
    put_known(Plan(RANK, Rule(1), known_W=np.zeros((1, M))), pair)
    assert not pair.W[0].any()
    assert np.isfinite(pair.H).all()


def test_empty_parts_are_not_like_anything(pair):
    pair.W[2] = 0
    known = pair.W[1].copy()
    put_known(Plan(RANK, Rule(1), known_W=known[None]), pair)
    np.testing.assert_array_equal(pair.W[0], known)
    assert np.isfinite(pair.W).all()
    assert np.isfinite(pair.H).all()
