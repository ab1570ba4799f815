import inspect

import numpy as np
import pytest
import sklearn.decomposition
from sklearn.datasets import load_digits

from visnmf import NMF, non_negative_factorization
from visnmf.errors import InvalidInputError


@pytest.fixture(scope="module")
def X():
    return load_digits().data[:150] / 16


def test_signature_is_scikit_learns():
    ours, theirs = (
        inspect.signature(function).parameters
        for function in (
            non_negative_factorization,
            sklearn.decomposition.non_negative_factorization,
        )
    )
    told = [(p.name, p.default, p.kind) for p in ours.values()]
    assert told[-1][:2] == ("n_jobs", None)
    assert told[:-1] == [(p.name, p.default, p.kind) for p in theirs.values()]


@pytest.mark.parametrize(
    "settings", [{}, {"solver": "mu", "beta_loss": 1.0}, {"alpha_W": 1e-3, "l1_ratio": 0.5}]
)
def test_gives_what_the_class_gives(X, settings):
    model = NMF(5, random_state=0, **settings)
    W, H, n_iter = non_negative_factorization(X, n_components=5, random_state=0, **settings)
    np.testing.assert_array_equal(model.fit_transform(X), W)
    np.testing.assert_array_equal(model.components_, H)
    assert n_iter == model.n_iter_
    again, held, once = non_negative_factorization(X, H=H, update_H=False, **settings)
    np.testing.assert_array_equal(again, model.transform(X))
    np.testing.assert_array_equal(held, H)
    assert once == 1


def test_W_and_H_are_taken_by_position_and_left_alone(X):
    rng = np.random.default_rng(0)
    W, H = rng.random((150, 3)), rng.random((3, 64))
    kept = W.copy(), H.copy()
    found = non_negative_factorization(X, W, H, 3, init="custom")
    np.testing.assert_array_equal((W.sum(), H.sum()), (kept[0].sum(), kept[1].sum()))
    assert np.linalg.norm(X - found[0] @ found[1]) < np.linalg.norm(X - W @ H)


def test_refusals(X):
    H = np.ones((2, 64))
    with pytest.raises(TypeError, match="H should have the same dtype as X"):
        non_negative_factorization(X, H=H.astype(np.float32), update_H=False)
    with pytest.raises(ValueError, match="wrong second dimension passed to NMF"):
        non_negative_factorization(X, H=H[:, :9], update_H=False)
    with pytest.raises(InvalidInputError, match="update_H=False needs H"):
        non_negative_factorization(X, update_H=False)
    with pytest.raises(InvalidInputError, match="update_H must be True or False"):
        non_negative_factorization(X, update_H="no")
    with pytest.raises(ValueError, match="Negative values in data passed to NMF"):
        non_negative_factorization(-X, n_components=2)
    with pytest.warns(RuntimeWarning, match="the provided initial W is not used"):
        non_negative_factorization(X, np.ones((150, 2)), H, update_H=False)
