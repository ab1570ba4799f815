"""At the ends of the ranges: a true answer or a refusal, never a wrong answer without a word."""

import numpy as np
import pytest

from visnmf import factorize
from visnmf.errors import InvalidInputError
from visnmf.solve.encode import encode

RNG = np.random.default_rng(0)
V = RNG.random((60, 5)) @ RNG.random((5, 200)) + 0.1 * RNG.random((60, 200))


def relative_error(A, result):
    W, H = result.W.astype(float), result.H.astype(float)
    return np.linalg.norm(A - W @ H) / np.linalg.norm(A.astype(float))


@pytest.mark.parametrize(
    ("dtype", "power"),
    [
        (np.float64, -200),
        (np.float64, 200),
        (np.float32, -40),
        (np.float32, 28),
        (np.float32, -50),
        (np.float32, -60),
        (np.float32, -100),
    ],
)
def test_dim_and_bright_pictures_are_fitted_or_refused(dtype, power):
    A = np.ldexp(V.astype(dtype), power)
    one = factorize(V.astype(dtype), 5, init="random")
    try:
        other = factorize(A, 5, init="random")
    except InvalidInputError:
        return
    assert relative_error(A, other) <= 1.01 * relative_error(V, one)


def test_zero_tolerances_never_end_a_run_even_on_an_exact_fit():
    result = factorize(np.zeros((5, 7)), 2, tol=0, change=0, max_iter=25)
    assert (result.reason, result.n_iter) == ("max_iter", 25)


@pytest.mark.parametrize("goal", [np.nan, -1.0, "x"])
def test_a_goal_that_cannot_be_used(goal):
    with pytest.raises(InvalidInputError, match="goal"):
        encode(V, V[:, :3], goal=goal)


@pytest.mark.parametrize("seed", [-1, 1.5, "x"])
def test_a_seed_that_cannot_be_used(seed):
    with pytest.raises(InvalidInputError, match="seed"):
        factorize(V, 2, seed=seed, max_iter=1)


def test_masked_entries_are_not_taken_for_values():
    with pytest.raises(InvalidInputError, match="masked"):
        factorize(np.ma.masked_greater(V, 1.0), 2, max_iter=1)


def test_results_can_be_compared_and_kept_in_sets():
    one, other = factorize(V, 2, max_iter=1), factorize(V, 2, max_iter=1)
    assert one == one  # noqa: PLR0124
    assert one != other
    assert len({one, other}) == 2


def test_plain_steps_end_too_when_rounding_allows_no_more():
    result = factorize(
        V.astype(np.float32), 5, sweeps=1, extrapolate=False, warmup="none",
        tol=0, change=0, max_iter=30_000,
    )  # fmt: skip
    assert result.reason == "precision"
