"""Block principal pivoting against the active-set method of Lawson and Hanson."""

import numpy as np
import pytest
from scipy.optimize import nnls

from visnmf.losses.models import Quadratic, projected
from visnmf.updates import block_pivoting
from visnmf.updates.block_pivoting import BlockPivoting


def exact(A, V):
    return np.array([nnls(A.T, v)[0] for v in V.T]).T


def problem(rank, m, q, seed=0):
    rng = np.random.default_rng(seed)
    A, V = rng.random((rank, m)), rng.random((m, q))
    return A, V, Quadratic(A @ A.T, A @ V, 0.5 * (V**2).sum())


@pytest.mark.parametrize(("rank", "m", "q"), [(1, 5, 3), (4, 20, 50), (9, 30, 200), (20, 60, 70)])
@pytest.mark.parametrize("start", ["zero", "positive", "mixed"])
def test_it_is_exact(rank, m, q, start):
    A, V, model = problem(rank, m, q)
    rng = np.random.default_rng(1)
    F = {
        "zero": np.zeros((rank, q)),
        "positive": rng.random((rank, q)),
        "mixed": np.maximum(rng.standard_normal((rank, q)), 0),
    }[start]
    BlockPivoting().step(F, model)
    np.testing.assert_allclose(F, exact(A, V), atol=1e-8)


def test_the_optimality_conditions_hold():
    _, _, model = problem(30, 80, 300)
    F = np.zeros_like(model.B)
    BlockPivoting().step(F, model)
    assert (F >= 0).all()
    assert (F == 0).any()
    assert np.abs(projected(F, model.gradient(F))).max() < 1e-10 * np.abs(model.B).max()


def test_negative_pull_is_a_penalty():
    """An L1 penalty moves B down, so that whole columns become zero."""
    A, _, model = problem(4, 20, 50)
    model = Quadratic(model.G, model.B - 6.0, 0.0)
    F = np.ones((4, 50))
    BlockPivoting().step(F, model)
    assert np.abs(projected(F, model.gradient(F))).max() < 1e-10
    assert (F.sum(axis=0) == 0).any()
    assert (F.sum(axis=0) > 0).any()


def test_float32_is_kept_and_solved_in_float64():
    rng = np.random.default_rng(0)
    A = (rng.random((6, 40)) + 5).astype(np.float32)  # parts much alike
    V = rng.random((40, 30)).astype(np.float32)
    G, B = A @ A.T, A @ V
    F = np.ones((6, 30), np.float32)
    BlockPivoting().step(F, Quadratic(G, B, 0.0))
    assert F.dtype == np.float32
    wide = np.ones((6, 30))
    BlockPivoting().step(wide, Quadratic(G.astype(np.float64), B.astype(np.float64), 0.0))
    np.testing.assert_allclose(F, wide, rtol=1e-6, atol=1e-7)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_parts_that_are_mixtures_of_others(dtype):
    rng = np.random.default_rng(0)
    A = rng.random((4, 20))
    A = np.vstack([A, A[0] + A[1], A[2], np.zeros(20)]).astype(dtype)  # rank 4 of 7
    V = rng.random((20, 60)).astype(dtype)
    model = Quadratic(A @ A.T, A @ V, 0.0)
    F = rng.random((7, 60)).astype(dtype)
    kept, before = F[6].copy(), model.value(F)
    BlockPivoting().step(F, model)
    np.testing.assert_array_equal(F[6], kept)  # an empty part has no say
    assert np.isfinite(F).all()
    assert (F >= 0).all()
    least = 0.5 * ((V - A.T @ exact(A, V)) ** 2).sum() - 0.5 * (V**2).sum()
    assert model.value(F) < before
    assert abs(model.value(F) - least) < (1e-3 if dtype is np.float32 else 1e-8) * abs(least)


def test_no_column_gets_worse_on_badly_conditioned_parts():
    rng = np.random.default_rng(4)
    A = 1 + 1e-7 * rng.random((8, 12))
    V = rng.random((12, 40))
    model = Quadratic(A @ A.T, A @ V, 0.0)
    F = rng.random((8, 40)) / 8

    def values(F):
        return np.einsum("kj,kj->j", 0.5 * model.G @ F - model.B, F)

    for _ in range(3):
        before = values(F)
        BlockPivoting().step(F, model)
        assert (values(F) <= before + 1e-12 * np.abs(before)).all()
        assert (F >= 0).all()


def test_where_pivoting_does_not_end_coordinate_descent_does(monkeypatch):
    A, V, model = problem(6, 20, 30)

    def gives_up(G, B, passive):
        X = np.zeros_like(B)
        return X, np.arange(0, B.shape[1], 2)

    F = np.ones((6, 30))
    monkeypatch.setattr(block_pivoting, "_pivot", gives_up)
    BlockPivoting().step(F, model)
    np.testing.assert_allclose(F[:, ::2], exact(A, V)[:, ::2], atol=1e-6)


def test_no_column_is_given_back_worse_than_it_came(monkeypatch):
    """Whatever pivoting finds; here zeros, better than some columns and worse than others."""
    _, _, model = problem(6, 20, 30)
    nothing = np.array([], int)
    monkeypatch.setattr(block_pivoting, "_pivot", lambda G, B, _: (np.zeros_like(B), nothing))
    F = np.full((6, 30), 0.1)
    F[:, 5] = 100.0
    BlockPivoting().step(F, model)
    assert (F[:, 5] == 0).all()
    assert (np.delete(F, 5, axis=1) == 0.1).all()


def test_murtys_rule_alone_gets_there(monkeypatch):
    """With no patience for whole blocks after the first, single exchanges end too."""
    monkeypatch.setattr(block_pivoting, "_PATIENCE", 0)
    A, V, model = problem(5, 20, 60)
    F = np.zeros((5, 60))
    BlockPivoting().step(F, model)
    np.testing.assert_allclose(F, exact(A, V), atol=1e-8)


def test_whole_exchanges_that_cycle_are_broken_by_the_backup_rule(monkeypatch):
    """There are problems that whole exchanges never solve; with the rule none is left."""
    rng = np.random.default_rng(1)
    A = rng.standard_normal((4, 5))
    A[0] = A[0] / 20 + A[1] - A[2]
    V = rng.standard_normal((5, 2000))
    G, B = A @ A.T, A @ V
    monkeypatch.setattr(block_pivoting, "_PATIENCE", 10**9)
    _, cycling = block_pivoting._pivot(G, B, np.zeros(B.shape, bool))
    assert len(cycling)
    monkeypatch.setattr(block_pivoting, "_PATIENCE", 3)
    X, left = block_pivoting._pivot(G, B, np.zeros(B.shape, bool))
    assert not len(left)
    np.testing.assert_allclose(X[:, cycling], exact(A, V[:, cycling]), atol=1e-8)


def test_groups_are_the_columns_of_one_passive_set():
    rng = np.random.default_rng(0)
    passive = rng.random((11, 500)) < 0.1
    found = list(block_pivoting._groups(passive))
    assert sorted(np.concatenate(found)) == list(range(500))
    sets = [passive[:, columns] for columns in found]
    assert all((part == part[:, :1]).all() for part in sets)
    assert len({part[:, 0].tobytes() for part in sets}) == len(sets)


def test_a_solution_is_where_it_begins_and_ends():
    A, V, model = problem(6, 20, 30)
    F = np.zeros((6, 30))
    BlockPivoting().step(F, model)
    before = F.copy()
    BlockPivoting().step(F, model)
    np.testing.assert_allclose(F, before, atol=1e-12)


def test_nothing_but_empty_parts():
    F = np.ones((2, 3))
    BlockPivoting().step(F, Quadratic(np.zeros((2, 2)), np.zeros((2, 3)), 0.0))
    np.testing.assert_array_equal(F, 1)


@pytest.mark.parametrize("scale", [1e-6, 1.0, 1e6])
def test_parts_that_are_twins_are_solved_at_any_scale(scale):
    A, V = (
        np.random.default_rng(0).random((3, 12)) * scale,
        np.random.default_rng(1).random((12, 9)),
    )
    A = np.concatenate([A, A])
    model = Quadratic(A @ A.T, A @ V, 0.5 * (V**2).sum())
    F = np.zeros((6, 9))
    BlockPivoting().step(F, model)
    best = np.array([nnls(A.T, v)[1] for v in V.T])
    np.testing.assert_allclose(np.linalg.norm(V - A.T @ F, axis=0), best, rtol=1e-6)
