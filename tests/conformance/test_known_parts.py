"""Known parts: held bit for bit, and of use to the others (an endmember in unmixing)."""

from itertools import permutations

import numpy as np
import pytest
from cases import LOSSES, RANK

from visnmf import factorize
from visnmf.errors import InvalidInputError
from visnmf.solve.compose import UPDATES
from visnmf.terms import ElasticNet, Orthogonal, Simplex, Sparseness, TotalVariation, UnitBall

M, N = 24, 60
RNG = np.random.default_rng(3)
SPECTRA = RNG.random((M, RANK)) ** 2 + 0.05
SHARES = RNG.dirichlet(np.full(RANK, 0.7), N).T
V = SPECTRA @ SHARES + 0.01 * RNG.random((M, N))
MASK = RNG.random(V.shape) < 0.8
TERMS = {
    "none": (),
    "ElasticNet": ElasticNet(0.01, 0.01),
    "Orthogonal": Orthogonal(0.01),
    "TotalVariation": TotalVariation((6, 4), 0.01),
    "UnitBall": UnitBall(),
    "Simplex": Simplex("part"),
    "Sparseness": Sparseness(0.4),
}


def runs(**settings):
    """Return the result, or None where the composition is refused for its terms alone."""
    try:
        return factorize(V, RANK, max_iter=12, change=0, **settings)
    except InvalidInputError:
        return None


@pytest.mark.parametrize("init", ["auto", "random"])
@pytest.mark.parametrize("observed", [None, MASK], ids=["all", "masked"])
@pytest.mark.parametrize("update", UPDATES)
@pytest.mark.parametrize("loss", LOSSES)
def test_known_parts_stay_as_they_are(loss, update, observed, init):
    known_W, known_H = SPECTRA[:, :1], SHARES[1:2]
    result = runs(
        loss=loss, update=update, observed=observed, init=init, known_W=known_W, known_H=known_H
    )
    if result is None:
        assert update not in ("auto", "mu", "gradient")
        return
    np.testing.assert_array_equal(result.W[:, :1], known_W)
    np.testing.assert_array_equal(result.H[1:2], known_H)
    assert (result.W[:, 1:] > 0).any()


@pytest.mark.parametrize("terms_W", TERMS.values(), ids=TERMS)
@pytest.mark.parametrize("loss", ["frobenius", "kl", 1.5])
@pytest.mark.parametrize("update", ["auto", "mu", "gradient"])
def test_known_parts_stay_as_they_are_beside_terms(loss, terms_W, update):
    known_W = 3 * SPECTRA[:, :1]  # no longer within a constraint, which is for what is learned
    known_W[2] = 0
    result = runs(loss=loss, terms_W=terms_W, known_W=known_W, update=update)
    if result is None:
        assert update == "mu" or isinstance(terms_W, Sparseness)
        return
    np.testing.assert_array_equal(result.W[:, :1], known_W)


def test_known_parts_in_float32():
    known = SPECTRA[:, :2].astype(np.float32)
    result = factorize(V.astype(np.float32), RANK, known_W=known, max_iter=20)
    np.testing.assert_array_equal(result.W[:, :2], known)


def test_all_parts_known_leaves_the_encodings():
    result = factorize(V, RANK, known_W=SPECTRA, max_iter=200)
    np.testing.assert_array_equal(result.W, SPECTRA)
    assert np.abs(result.H - SHARES).max() < 0.1


def angle(parts, truth):
    """Return the mean angle between true endmembers and the best match to them among parts."""
    unit, true = (X / np.linalg.norm(X, axis=0).clip(min=1e-30) for X in (parts, truth))
    found = np.arccos(np.clip(true.T @ unit, -1, 1))
    orders = permutations(range(parts.shape[1]), truth.shape[1])
    return min(np.mean([found[k, j] for k, j in enumerate(order)]) for order in orders)


@pytest.mark.parametrize("loss", ["frobenius", "kl"])
@pytest.mark.parametrize("init", ["auto", "random"])
def test_a_known_endmember_brings_the_others_nearer_to_the_truth(loss, init):
    """Random spectra mixed by random shares that sum to one; one of four spectra is known."""
    with_it, without = [], []
    for seed in range(4):
        rng = np.random.default_rng(seed)
        spectra, shares = rng.random((50, 4)), rng.dirichlet(np.full(4, 1.0), 500).T
        V = np.maximum(spectra @ shares + 0.005 * rng.standard_normal((50, 500)), 0)
        settings = {"loss": loss, "init": init, "max_iter": 500, "seed": seed}
        held = factorize(V, 4, known_W=spectra[:, :1], **settings)
        free = factorize(V, 4, **settings)
        np.testing.assert_array_equal(held.W[:, :1], spectra[:, :1])
        with_it.append(angle(held.W[:, 1:], spectra[:, 1:]))
        without.append(angle(free.W, spectra[:, 1:]))
    assert np.mean(with_it) < 0.85 * np.mean(without), (with_it, without)


@pytest.mark.parametrize(
    ("known", "message"),
    [
        ({"known_W": np.ones((M + 1, 1))}, r"known_W has shape \(25, 1\).*one row for each pixel"),
        ({"known_H": np.ones((1, 3))}, r"known_H has shape \(1, 3\).*one column for each image"),
        ({"known_W": -np.ones((M, 1))}, "known_W holds negative"),
        ({"known_W": np.ones((M, 2)), "known_H": np.ones((2, N))}, "4 parts are known.*rank is 3"),
    ],
)
def test_known_parts_that_cannot_be_used(known, message):
    with pytest.raises(InvalidInputError, match=message):
        factorize(V, RANK, **known)


def test_one_known_part_may_be_a_plain_vector():
    one = factorize(V, RANK, known_W=SPECTRA[:, 0], max_iter=5)
    np.testing.assert_array_equal(one.W[:, 0], SPECTRA[:, 0])
