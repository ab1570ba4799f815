"""What all kin promise alike."""

import numpy as np
import pytest

from visnmf import Factorization, ImageLayout, ImageSet
from visnmf.errors import InvalidInputError
from visnmf.kin import (
    convex_nmf,
    deep_nmf,
    local_nmf,
    projective_nmf,
    semi_nmf,
    separable_nmf,
    symmetric_nmf,
)

RNG = np.random.default_rng(0)
V = RNG.random((12, 4)) @ RNG.random((4, 18)) + 0.05 * RNG.random((12, 18))
SIGNED = V - 0.5
LOOPS = {
    "semi": lambda V, rank, **options: semi_nmf(V, rank, **options),
    "semi by the rule": lambda V, rank, **options: semi_nmf(
        V, rank, update="multiplicative", **options
    ),
    "convex": lambda V, rank, **options: convex_nmf(V, rank, **options),
    "convex by the rule": lambda V, rank, **options: convex_nmf(
        V, rank, update="multiplicative", **options
    ),
    "symmetric": lambda V, rank, **options: symmetric_nmf(V.T @ V, rank, **options),
    "deep": lambda V, rank, **options: deep_nmf(V, (rank + 2, rank), **options),
    "projective": lambda V, rank, **options: projective_nmf(V, rank, **options),
    "orthogonal": lambda V, rank, **options: projective_nmf(V, rank, orthogonal=True, **options),
    "local": lambda V, rank, **options: local_nmf(V, rank, **options),
}
METHODS = {
    **LOOPS,
    "separable": lambda V, rank: separable_nmf(V, rank),
    "separable pixels": lambda V, rank: separable_nmf(V, rank, axis="pixels"),
}
each_loop = pytest.mark.parametrize("name", LOOPS)
each_method = pytest.mark.parametrize("name", METHODS)
MONOTONE = [name for name in LOOPS if name not in ("projective", "orthogonal", "local")]
TAKES_SIGNS = [name for name in LOOPS if name.startswith(("semi", "convex", "symmetric"))]


def objectives(result):
    return np.array([record.objective for record in result.history])


@pytest.mark.parametrize("name", MONOTONE)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_objective_never_rises(name, dtype):
    result = LOOPS[name](V.astype(dtype), 3, max_iter=150, tol=0)
    objective = objectives(result)
    rounding = 1e-5 if dtype == np.float32 else 1e-11
    assert len(objective) == 150
    assert (np.diff(objective) <= rounding * objective[:-1]).all()
    assert objective[-1] < 0.999 * objective[0]


@pytest.mark.parametrize("name", TAKES_SIGNS)
def test_the_objective_never_rises_for_either_sign(name):
    objective = objectives(LOOPS[name](SIGNED, 3, max_iter=150, tol=0))
    assert (np.diff(objective) <= 1e-11 * objective[:-1]).all()


@each_method
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_the_dtype_is_kept_and_factors_are_not_negative(name, dtype):
    result = METHODS[name](V.astype(dtype), 3)
    assert isinstance(result, Factorization)
    assert result.W.dtype == result.H.dtype == dtype
    assert result.H.min() >= 0
    if not name.startswith("semi"):
        assert result.W.min() >= 0
    assert result.rank == 3


@pytest.mark.parametrize("name", [name for name in METHODS if name not in ("symmetric", "local")])
def test_the_objective_is_half_the_squared_residual(name):
    result = METHODS[name](V, 3)
    np.testing.assert_allclose(result.objective, 0.5 * np.sum(result.residual(V) ** 2))


@each_loop
def test_a_seed_gives_one_result(name):
    first, second = (LOOPS[name](V, 3, seed=7, max_iter=20) for _ in range(2))
    np.testing.assert_array_equal(first.W, second.W)
    np.testing.assert_array_equal(first.H, second.H)
    assert first.settings["seed"] == 7
    assert first.settings["max_iter"] == 20


@each_method
@pytest.mark.parametrize("shape", [(1, 6), (6, 1), (1, 1), (3, 7), (7, 3)])
def test_odd_shapes(name, shape):
    values = np.random.default_rng(1).random(shape)
    most = {"separable": shape[1], "separable pixels": shape[0]}.get(name, 5)
    for rank in {1, min(5, most)}:
        result = METHODS[name](values, rank)
        assert np.isfinite(result.W).all()
        assert np.isfinite(result.H).all()
        assert np.isfinite(result.objective)


@each_method
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_zero_rows_and_columns(name, dtype):
    values = V.astype(dtype)
    values[[0, 5]] = 0
    values[:, [2, 17]] = 0
    for given in (values, np.zeros_like(values)):
        result = METHODS[name](given, 3)
        fitted = result.W @ result.H
        assert np.isfinite(fitted).all()
        if name == "symmetric":
            given = given.T @ given
        assert np.abs(fitted[given.sum(axis=1) == 0]).max() < 1e-3


@each_loop
def test_runs_end_by_each_rule(name):
    run = LOOPS[name]
    assert run(V, 2, max_iter=3).reason == "max_iter"
    assert run(V, 2, max_iter=3).n_iter == 3
    assert run(V, 2, tol=0.5).reason == "change"
    assert run(V, 2, time_limit=0).reason == "time_limit"
    seen = []
    stopped = run(V, 2, callback=lambda record: seen.append(record) or len(seen) == 2)
    assert stopped.reason == "callback"
    assert stopped.n_iter == 2
    assert seen == stopped.history


@each_loop
def test_options_are_checked(name):
    with pytest.raises(InvalidInputError, match="max_iter must be a whole number"):
        LOOPS[name](V, 2, max_iter=0)
    with pytest.raises(InvalidInputError, match="tol must be a number"):
        LOOPS[name](V, 2, tol=-1)
    with pytest.raises(InvalidInputError, match="seed"):
        LOOPS[name](V, 2, seed="x")


@each_method
def test_input_is_checked(name):
    with pytest.raises(InvalidInputError, match="whole number of at least 1"):
        METHODS[name](V, 0)
    bad = V.copy()
    bad[0, 0] = np.nan
    with pytest.raises(InvalidInputError, match="NaN or infinite"):
        METHODS[name](bad, 2)
    if name not in TAKES_SIGNS:
        with pytest.raises(InvalidInputError, match="negative entries"):
            METHODS[name](SIGNED, 2)


@pytest.mark.parametrize("name", [name for name in METHODS if name != "symmetric"])
def test_an_image_set_is_its_columns(name):
    layout = ImageLayout(3, 4)
    images = ImageSet(np.asfortranarray(V.astype(np.float32)), layout)
    np.testing.assert_array_equal(METHODS[name](images, 2).W, METHODS[name](images.V, 2).W)
