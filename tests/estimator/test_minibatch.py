import inspect
import pickle

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn.decomposition
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.utils.estimator_checks import parametrize_with_checks

import visnmf
from visnmf import NMF, MiniBatchNMF
from visnmf.estimator.online import Progress

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(scope="module")
def X():
    return load_digits().data[:300] / 16


@parametrize_with_checks([MiniBatchNMF(max_iter=20)])
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


def test_parameters_and_their_defaults_are_scikit_learns():
    theirs = sklearn.decomposition.MiniBatchNMF
    assert MiniBatchNMF().get_params() == theirs().get_params() | {"n_jobs": None}
    for method in ("fit", "fit_transform", "partial_fit", "transform", "inverse_transform"):
        ours, wanted = (
            inspect.signature(getattr(C, method)).parameters for C in (MiniBatchNMF, theirs)
        )
        assert list(ours) == list(wanted)


@pytest.mark.parametrize("beta_loss", [0.5, 1.0, 1.5, "frobenius", 3.0])
@pytest.mark.parametrize("fresh_restarts", [False, True])
def test_as_good_as_scikit_learns(X, beta_loss, fresh_restarts):
    settings = {"batch_size": 100, "max_iter": 30, "random_state": 0, "beta_loss": beta_loss}
    settings["fresh_restarts"] = fresh_restarts
    ours = MiniBatchNMF(8, **settings).fit(X)
    theirs = sklearn.decomposition.MiniBatchNMF(8, **settings).fit(X)
    assert ours.reconstruction_err_ <= 1.03 * theirs.reconstruction_err_


def test_near_what_the_whole_gives(X):
    online = MiniBatchNMF(8, batch_size=50, random_state=0, tol=0, max_no_improvement=None).fit(X)
    assert online.reconstruction_err_ <= 1.02 * NMF(8, random_state=0).fit(X).reconstruction_err_


@pytest.mark.parametrize("beta_loss", [1.0, 2.0])
def test_batches_one_by_one_are_one_pass_of_fit(X, beta_loss):
    """Where fit forgets nothing, as partial_fit with a forget_factor of 1."""
    rng = np.random.default_rng(0)
    start = {"W": rng.random((300, 4)), "H": rng.random((4, 64))}
    settings = {"init": "custom", "forget_factor": 1.0, "fresh_restarts": True, "alpha_W": 1e-3}
    whole = MiniBatchNMF(4, batch_size=60, max_iter=1, beta_loss=beta_loss, **settings)
    whole.fit(X, **start)
    stream = MiniBatchNMF(4, beta_loss=beta_loss, **settings)
    given = start["H"].copy()
    for begin in range(0, 300, 60):
        rows = slice(begin, begin + 60)
        stream.partial_fit(X[rows], W=start["W"][rows], H=start["H"])
    assert whole.n_steps_ == stream.n_steps_ == 5
    np.testing.assert_allclose(whole.components_, stream.components_, rtol=1e-10)
    np.testing.assert_array_equal(start["H"], given)


def test_the_sums_are_those_of_mairal(X):
    """With the Frobenius loss G and B are sums over batches, shrunk before each of them."""
    rng = np.random.default_rng(0)
    start = {"W": rng.random((50, 3)), "H": rng.random((3, 64))}
    model = MiniBatchNMF(3, init="custom", forget_factor=0.5)
    codes = []
    for rows in (slice(0, 50), slice(50, 100)):
        before = MiniBatchNMF(3, init="custom", max_iter=30)
        before.__dict__.update(model.__dict__)
        if hasattr(model, "components_"):
            codes.append(before.transform(X[rows]))
        else:
            before.components_ = start["H"]
            before._n_components, before.n_features_in_, before.layout_ = 3, 64, None
            codes.append(before.transform(X[rows]))
        model.partial_fit(X[rows], **start)
    G = 0.5 * codes[0].T @ codes[0] + codes[1].T @ codes[1]
    np.testing.assert_allclose(model._memory.first, G, rtol=1e-4)
    B = 0.5 * codes[0].T @ X[:50] + codes[1].T @ X[50:100]
    np.testing.assert_allclose(model._memory.second, B, rtol=1e-4, atol=1e-6)


def test_earlier_components_stay_as_they_were(X):
    model = MiniBatchNMF(4, random_state=0).partial_fit(X[:50])
    first, kept = model.components_, model.components_.copy()
    model.partial_fit(X[50:100])
    np.testing.assert_array_equal(first, kept)
    assert not np.array_equal(model.components_, kept)


def test_new_batches_count_more_where_old_ones_are_forgotten(X):
    """The stream turns to other digits; who forgets fits these better."""
    digits = load_digits()
    ones, zeros = (digits.data[digits.target == label] / 16 for label in (1, 0))
    errors = []
    for factor in (0.1, 1.0):
        model = MiniBatchNMF(3, forget_factor=factor, random_state=0)
        for part in (*np.array_split(ones, 8), *np.array_split(zeros, 2)):
            model.partial_fit(part)
        rebuilt = model.inverse_transform(model.transform(zeros))
        errors.append(np.linalg.norm(zeros - rebuilt))
    assert errors[0] < errors[1]


def test_a_batch_of_zeros_ends_nothing():
    rng = np.random.default_rng(0)
    X = np.vstack([rng.random((20, 3)) @ rng.random((3, 8)), np.zeros((20, 8))])
    settings = {"batch_size": 5, "beta_loss": 1.0, "random_state": 0, "max_iter": 100}
    model = MiniBatchNMF(3, **settings).fit(X)
    theirs = sklearn.decomposition.MiniBatchNMF(3, **settings).fit(X)
    assert model.n_steps_ > 16
    assert model.reconstruction_err_ < theirs.reconstruction_err_


@pytest.mark.parametrize("beta_loss", [1.0, "frobenius", 0.5])
def test_sparse_equals_dense(X, beta_loss):
    settings = {"batch_size": 70, "max_iter": 3, "tol": 0, "init": "random", "random_state": 0}
    dense, sparse = (MiniBatchNMF(4, beta_loss=beta_loss, **settings) for _ in range(2))
    W = dense.fit_transform(X)
    np.testing.assert_allclose(sparse.fit_transform(sp.csr_array(X)), W, atol=1e-5)
    np.testing.assert_allclose(sparse.components_, dense.components_, rtol=1e-8, atol=1e-12)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_dtypes_and_attributes(X, dtype):
    model = MiniBatchNMF(5, batch_size=64, random_state=0, max_iter=4)
    W = model.fit_transform(X.astype(dtype))
    assert W.dtype == model.components_.dtype == dtype
    assert W.shape == (300, 5)
    true = np.linalg.norm(X - W @ model.components_)
    assert model.reconstruction_err_ == pytest.approx(true, rel=1e-4)
    assert model.n_iter_ == -(-model.n_steps_ // 5)
    np.testing.assert_array_equal(model.transform(X.astype(dtype)), W)


def test_fit_begins_anew_and_partial_fit_goes_on_where_it_ended(X):
    model = MiniBatchNMF(4, random_state=0, max_iter=5)
    first = model.fit(X).components_
    np.testing.assert_array_equal(model.fit(X).components_, first)
    steps = model.n_steps_
    assert model.partial_fit(X[:40]).n_steps_ == steps + 1
    assert pickle.loads(pickle.dumps(model)).partial_fit(X[:40]).n_steps_ == steps + 2
    assert not hasattr(clone(model), "components_")


def test_verbose_prints_steps(X, capsys):
    MiniBatchNMF(3, verbose=1, batch_size=100, max_iter=2).fit(X)
    assert "Minibatch step 2/6: mean batch cost" in capsys.readouterr().out


def test_an_image_set_in_and_out():
    faces = visnmf.samples.load_faces()
    model = MiniBatchNMF(4, random_state=0, batch_size=50, max_iter=3)
    codes = model.fit_transform(faces)
    assert model.components_images_.shape == (4, 25, 25)
    assert isinstance(model.inverse_transform(codes), visnmf.ImageSet)


def test_many_images_begin_with_a_sample_and_are_all_seen():
    rng = np.random.default_rng(0)
    X = rng.random((4200, 3)) @ rng.random((3, 20)) + 0.01 * rng.random((4200, 20))
    X = X[np.argsort(X[:, 0])].astype(np.float32)  # batches that differ
    model = MiniBatchNMF(3, random_state=0, batch_size=300).fit(X)
    assert model.n_steps_ >= 14
    assert model.reconstruction_err_ <= 1.01 * NMF(3, random_state=0).fit(X).reconstruction_err_
    again = MiniBatchNMF(3, random_state=0, batch_size=300, n_jobs=2).fit(X)
    np.testing.assert_array_equal(again.components_, model.components_)


@pytest.mark.parametrize("kind", [np.asarray, sp.csr_array])
def test_a_sample_bears_the_penalties_too(kind):
    X = kind(np.random.default_rng(0).random((4100, 12)))
    settings = {"random_state": 0, "alpha_W": 0.05, "l1_ratio": 1.0, "max_iter": 10}
    ours = MiniBatchNMF(4, **settings)
    W = ours.fit_transform(X)
    whole = NMF(4, **settings)
    theirs = whole.fit_transform(X)

    def objective(W, H):
        rest = 0.5 * np.square(X - W @ H).sum()
        return rest + 0.05 * (12 * W.sum() + 4100 * H.sum())

    assert objective(W, ours.components_) <= 1.02 * objective(theirs, whole.components_)


def test_the_smoothed_cost_ends_nothing_before_each_image_was_seen():
    W = np.ones((2, 3))
    progress = Progress(tol=0.0, patience=2, n=50)
    reasons = [progress.ends(cost, 10, W * 0, W) for cost in (1.0, 2.0, 3.0, 4.0, 5.0)]
    assert [bool(reason) for reason in reasons] == [False] * 4 + [True]
