"""How a pair is brought to where its sides may begin: W H stays near what it was."""

from types import SimpleNamespace

import numpy as np
import pytest

from visnmf.solve.composed import admit, closing_steps
from visnmf.solve.iterate import Pair
from visnmf.solve.side import Side
from visnmf.terms import Simplex, Sparseness, UnitBall
from visnmf.updates.hals import Hals

RANK, M, N = 4, 9, 11


def admitted(W, H, constraint_W=None, constraint_H=None, *, free_W=None, free_H=None):
    """Return W', H after `admit`, both in float64."""
    from visnmf.kernels import reference

    update = Hals(reference)
    problem = SimpleNamespace(
        W=Side(update, "quadratic", (), constraint_W, free_W, turned=True),
        H=Side(update, "quadratic", (), constraint_H, free_H),
        mixed=lambda F: F,
    )
    pair = Pair(W.copy(), H.copy())
    admit(problem, pair)
    return pair.W, pair.H


@pytest.fixture
def pair():
    rng = np.random.default_rng(0)
    W, H = rng.random((RANK, M)) + 0.1, rng.random((RANK, N)) + 0.1
    return W * np.array([[5.0], [0.01], [1.0], [30.0]]), H * np.array([[0.2], [7.0], [1.0], [2.0]])


LENGTHS = {
    "UnitBall(1)": (UnitBall(1), lambda F: F.sum(axis=1), False),
    "UnitBall(2)": (UnitBall(2), lambda F: np.linalg.norm(F, axis=1), False),
    "Simplex": (Simplex("part"), lambda F: F.sum(axis=1), True),
}


@pytest.mark.parametrize("turned", [False, True])
@pytest.mark.parametrize("name", LENGTHS)
def test_lengths_go_over_to_the_other_factor(pair, name, turned):
    constraint, length, exact = LENGTHS[name]
    if turned:
        free, held = admitted(*pair, constraint_H=constraint)
        before = pair[1]
    else:
        held, free = admitted(*pair, constraint_W=constraint)
        before = pair[0]
    wanted = np.ones(RANK) if exact else np.minimum(length(before), 1)
    np.testing.assert_allclose(length(held), wanted, rtol=1e-12)
    found = (free, held) if turned else (held, free)
    each, were = (np.einsum("km,kn->kmn", *factors) for factors in (found, pair))
    np.testing.assert_allclose(each, were, rtol=1e-12)


def test_parts_of_unit_length_and_right_sparseness_are_only_scaled(pair):
    """Known rows of H keep what they were, so that no factor as a whole makes up for it."""
    W, H = pair
    Sparseness(0.6).project(W)
    found, codes = admitted(W, H, Sparseness(0.6, unit=True), free_H=np.array([0, 1, 3]))
    np.testing.assert_allclose(np.linalg.norm(found, axis=1), 1, rtol=1e-9)
    for k in (0, 1, 3):
        np.testing.assert_allclose(np.outer(found[k], codes[k]), np.outer(W[k], H[k]), rtol=1e-6)
    np.testing.assert_array_equal(codes[2], H[2])


@pytest.mark.parametrize("constraint", [Sparseness(0.9), Sparseness(0.3, unit=True)])
@pytest.mark.parametrize("turned", [False, True])
def test_what_projections_take_away_the_other_factor_makes_up_for(pair, constraint, turned):
    if turned:
        W, H = admitted(*pair, constraint_H=constraint)
    else:
        W, H = admitted(*pair, constraint_W=constraint)
    before = np.linalg.norm(pair[0].T @ pair[1])
    assert np.linalg.norm(W.T @ H) == pytest.approx(before, rel=1e-9)
    held = (H if turned else W).copy()
    constraint.project(held)
    np.testing.assert_allclose(held, H if turned else W, rtol=1e-9, atol=1e-12)


def test_known_parts_stay_as_they_are(pair):
    W, H = admitted(*pair, UnitBall(2), free_W=np.array([1, 3]))
    np.testing.assert_array_equal(W[[0, 2]], pair[0][[0, 2]])
    assert np.linalg.norm(W[3]) == pytest.approx(1)
    np.testing.assert_allclose(W.T @ H, pair[0].T @ pair[1])


def test_empty_parts_and_an_empty_pair_are_left(pair):
    W, H = pair
    W[2] = 0
    found, codes = admitted(W, H, Simplex("part"))
    assert np.isfinite(found).all()
    assert np.linalg.norm(found.T @ codes) == pytest.approx(np.linalg.norm(W.T @ H))
    found, codes = admitted(0 * W, H, Sparseness(0.5))
    assert np.isfinite(codes).all()


def test_steps_of_the_closing_are_a_share_of_those_before():
    assert [closing_steps(k) for k in (0, 12, 16, 50, 10**6)] == [3, 3, 4, 12, 20]
