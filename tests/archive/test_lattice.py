"""Whole numbers by coordinate descent: never worse than rounding, nearly as good as the best."""

import itertools

import numpy as np
import pytest

from visnmf.archive.lattice import row_bits, settle


def problem(rng, rank=5, m=12, n=40):
    E = rng.random((rank, m)) ** 2
    V = E.T @ np.minimum(rng.geometric(0.4, (rank, n)) - 1, 8) + 0.4 * rng.standard_normal((m, n))
    return E, V, E @ E.T, E @ V


def error(E, V, Q):
    return float(np.square(V - E.T @ Q).sum())


def test_errs_less_than_rounding_and_never_rises():
    rng = np.random.default_rng(0)
    for _ in range(10):
        E, V, G, B = problem(rng)
        rounded = np.maximum(np.rint(np.linalg.lstsq(E.T, V, rcond=None)[0]), 0).astype(np.int32)
        Q = rounded.copy()
        last = error(E, V, Q)
        for _ in range(5):
            settle(Q, G, B, sweeps=1)
            assert error(E, V, Q) <= last + 1e-9
            last = error(E, V, Q)
        assert last < error(E, V, rounded)


def test_comes_near_the_best_whole_numbers():
    rng = np.random.default_rng(1)
    E, V, G, B = problem(rng, rank=3, m=6, n=30)
    best = np.full(30, np.inf)
    for q in itertools.product(range(9), repeat=3):
        best = np.minimum(best, np.square(V - (E.T @ np.array(q))[:, None]).sum(axis=0))
    Q = np.maximum(np.rint(np.linalg.lstsq(E.T, V, rcond=None)[0]), 0).astype(np.int32)
    settle(Q, G, B, sweeps=20)
    assert error(E, V, Q) <= 1.25 * best.sum()
    assert Q.min() >= 0


def test_exact_pictures_are_a_fixed_point():
    rng = np.random.default_rng(2)
    E = rng.integers(0, 9, (4, 20)).astype(float)
    Q = rng.integers(0, 5, (4, 50)).astype(np.int32)
    V = E.T @ Q
    again = Q.copy()
    settle(again, E @ E.T, E @ V)
    np.testing.assert_array_equal(again, Q)


def test_a_price_of_bits_saves_bits():
    rng = np.random.default_rng(3)
    E, V, G, B = problem(rng, n=400)
    cheap = np.maximum(np.rint(np.linalg.lstsq(E.T, V, rcond=None)[0]), 0).astype(np.int32)
    dear = cheap.copy()
    settle(cheap, G, B, trade=1.5)
    settle(dear, G, B)

    def bits(Q):
        prices = row_bits(Q, int(Q.max()) + 1)
        return sum(prices[k, Q[k]].sum() for k in range(len(Q)))

    assert bits(cheap) < 0.95 * bits(dear)
    assert error(E, V, cheap) >= error(E, V, dear)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_parts_of_nothing_get_nothing(dtype):
    rng = np.random.default_rng(4)
    E, V, _, _ = problem(rng)
    E[2] = 0
    G, B = (E @ E.T).astype(dtype), (E @ V).astype(dtype)
    Q = np.ones((5, 40), np.int32)
    settle(Q, G, B, trade=0.1)
    assert not Q[2].any()


def test_result_does_not_depend_on_threads():
    from visnmf.kernels.threads import threads

    rng = np.random.default_rng(5)
    _, _, G, B = problem(rng, rank=8, n=5000)
    results = []
    for jobs in (1, 2):
        Q = np.zeros((8, 5000), np.int32)
        with threads(jobs):
            settle(Q, G, B, trade=0.1)
        results.append(Q)
    np.testing.assert_array_equal(*results)


def test_bits_are_those_of_a_distribution():
    rng = np.random.default_rng(6)
    bits = row_bits(rng.integers(0, 7, (3, 100)).astype(np.int32), 10)
    np.testing.assert_allclose(np.exp2(-bits).sum(axis=1), 1.0)
    assert (bits[:, 9] > bits[:, :7].max(axis=1)).all()
