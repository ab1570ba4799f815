"""D. Donoho & V. Stodden (2004), the swimmer: a torso and 16 limbs, found again."""

import numpy as np
import pytest
from scipy.optimize import linear_sum_assignment

from visnmf import factorize
from visnmf.kin import separable_nmf
from visnmf.samples import make_swimmer, make_swimmer_parts
from visnmf.terms import Orthogonal, Sparseness


@pytest.fixture(scope="module")
def swimmer():
    return make_swimmer().V


@pytest.fixture(scope="module")
def parts():
    return make_swimmer_parts().V


def cosines(true, W):
    """Return the cosine of each true part and the part that is matched with it."""
    true, W = (F / np.maximum(np.linalg.norm(F, axis=0), 1e-12) for F in (true, W))
    likeness = true.T @ W
    rows, columns = linear_sum_assignment(-likeness)
    return likeness[rows, columns]


def best(V, seeds, **settings):
    """Return the run of the lowest objective from some random starts."""
    runs = [
        factorize(V, 17, init="random", seed=seed, max_iter=500, change=0, **settings)
        for seed in range(seeds)
    ]
    return min(runs, key=lambda result: result.objective)


def test_snpa_on_pixels_finds_all_seventeen(swimmer, parts):
    result = separable_nmf(swimmer, 17, axis="pixels")
    np.testing.assert_allclose(cosines(parts, result.W), 1, atol=1e-5)
    assert result.objective < 1e-6


def test_spa_cannot_since_the_parts_depend_on_each_other(swimmer, parts):
    assert cosines(parts, separable_nmf(swimmer, 17, axis="pixels", method="spa").W).min() < 0.5


@pytest.mark.parametrize("update", ["hals", "mu"])
def test_orthogonal_parts_are_the_torso_and_each_limb(swimmer, parts, update):
    result = best(swimmer, 4, terms_W=Orthogonal(0.01), update=update)
    assert cosines(parts, result.W).min() > 0.97


def test_sparse_parts_are_each_one_limb_with_or_without_a_torso(swimmer, parts):
    # True parts have no one sparseness, 0.87 and 0.95: the torso is shared out among limbs
    limbs = parts[:, 0] == 0
    result = factorize(swimmer, 17, init="random", max_iter=300, change=0, terms_W=Sparseness(0.87))
    assert cosines(parts[limbs, 1:], result.W[limbs]).min() > 0.97


def test_plain_nmf_leaves_the_torso_in_the_limbs(swimmer, parts):
    result = factorize(swimmer, 16, init="random", max_iter=500)
    assert result.objective < 1e-3 * 0.5 * np.linalg.norm(swimmer) ** 2
    assert cosines(parts[:, 1:], result.W).min() < 0.95
