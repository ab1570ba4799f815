import numpy as np
import pytest

from visnmf import factorize
from visnmf.errors import InvalidInputError
from visnmf.kin import deep_nmf

RNG = np.random.default_rng(0)
V = RNG.random((30, 8)) @ RNG.random((8, 4)) @ RNG.random((4, 50))


def test_layers_multiply_to_the_factorization():
    result = deep_nmf(V, (10, 6, 4))
    assert [W.shape for W in result.layers] == [(30, 10), (10, 6), (6, 4)]
    assert all(W.min() >= 0 for W in result.layers)
    np.testing.assert_allclose(result.basis(3), result.W)
    np.testing.assert_array_equal(result.basis(1), result.layers[0])
    np.testing.assert_array_equal(result.encodings(3), result.H)
    for layer in (1, 2, 3):
        np.testing.assert_allclose(
            result.basis(layer) @ result.encodings(layer), result.W @ result.H
        )


def test_planted_layers_fit():
    result = deep_nmf(V, (8, 4), max_iter=1000, tol=0)
    assert np.linalg.norm(result.residual(V)) < 2e-3 * np.linalg.norm(V)


def test_tuning_gains_on_layers_learned_one_by_one():
    noisy = RNG.random((30, 50))
    first = factorize(noisy, 12)
    second = factorize(first.H, 5)
    greedy = 0.5 * np.sum((noisy - first.W @ second.W @ second.H) ** 2)
    assert deep_nmf(noisy, (12, 5)).objective < 0.99 * greedy


def test_one_layer_is_plain_factorization():
    plain, deep = factorize(V, 4), deep_nmf(V, (4,))
    assert deep.objective <= 1.01 * plain.objective


def test_messages():
    with pytest.raises(InvalidInputError, match="ranks must be a sequence"):
        deep_nmf(V, 4)
    with pytest.raises(InvalidInputError, match="ranks is empty"):
        deep_nmf(V, ())
    with pytest.raises(InvalidInputError, match="each of the ranks must be a whole number"):
        deep_nmf(V, (4, 0))
    with pytest.raises(InvalidInputError, match="layer=3, but there are 2 layers"):
        deep_nmf(V, (4, 2), max_iter=1).basis(3)
