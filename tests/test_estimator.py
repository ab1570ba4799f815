import pickle
import warnings

import numpy as np
import pytest
import sklearn.decomposition
from sklearn.base import clone
from sklearn.datasets import load_digits
from sklearn.exceptions import ConvergenceWarning
from sklearn.linear_model import LogisticRegression
from sklearn.model_selection import GridSearchCV
from sklearn.pipeline import make_pipeline
from sklearn.utils.estimator_checks import parametrize_with_checks

import visnmf
from visnmf import NMF


@pytest.fixture(scope="module")
def X():
    return load_digits().data[:300] / 16


@parametrize_with_checks([NMF()])
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


def test_parameters_and_their_defaults_are_scikit_learns():
    assert NMF().get_params() == sklearn.decomposition.NMF().get_params()


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_fit_is_as_good_as_scikit_learns(X, dtype):
    X = X.astype(dtype)
    ours = NMF(16, random_state=0).fit(X)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        theirs = sklearn.decomposition.NMF(16, random_state=0).fit(X)
    assert ours.reconstruction_err_ <= 1.002 * theirs.reconstruction_err_
    assert ours.components_.dtype == dtype


def test_attributes_tell_the_truth(X):
    model = NMF(10, random_state=0)
    codes = model.fit_transform(X)
    assert codes.shape == (300, 10)
    assert model.components_.shape == (10, 64)
    assert model.n_components_ == 10
    assert model.n_features_in_ == 64
    assert 1 <= model.n_iter_ <= 200
    true = np.linalg.norm(X - codes @ model.components_)
    assert model.reconstruction_err_ == pytest.approx(true, rel=1e-9)
    np.testing.assert_allclose(model.inverse_transform(codes), codes @ model.components_)


def test_transform_agrees_with_fit_transform_and_with_exact_least_squares(X):
    from scipy.optimize import nnls

    model = NMF(10, random_state=0, tol=1e-6, max_iter=1000)
    codes = model.fit_transform(X)
    again = model.transform(X)
    scale = np.abs(codes).max()
    np.testing.assert_allclose(again, codes, atol=2e-3 * scale)
    for x, h in zip(X[:20], again[:20], strict=True):
        exact, residual = nnls(model.components_.T, x)
        assert np.linalg.norm(x - h @ model.components_) <= residual * (1 + 1e-6) + 1e-9


def test_components_come_in_the_order_of_their_energy(X):
    model = NMF(8, random_state=0)
    codes = model.fit_transform(X)
    energy = np.linalg.norm(codes, axis=0) * np.linalg.norm(model.components_, axis=1)
    assert (np.diff(energy) <= 1e-3 * energy[0]).all()


def test_more_components_than_features_or_samples(X):
    assert NMF(70, random_state=0).fit(X[:20]).components_.shape == (70, 64)


def test_n_components_auto_means_what_scikit_learn_means(X):
    assert NMF(max_iter=5).fit(X[:100]).n_components_ == 64
    rng = np.random.default_rng(0)
    W, H = rng.random((300, 5)), rng.random((5, 64))
    model = NMF(init="custom", random_state=0)
    model.fit(X, W=W, H=H)
    assert model.n_components_ == 5


@pytest.mark.parametrize(
    "settings",
    [{"solver": "mu"}, {"alpha_W": 0.1}, {"alpha_H": 0.1}],
)
def test_what_is_not_there_yet_says_when_it_comes(X, settings):
    with pytest.raises(NotImplementedError, match=r"visnmf 0\.2"):
        NMF(3, **settings).fit(X)


def test_max_iter_reached_is_a_warning(X):
    with pytest.warns(ConvergenceWarning, match="Maximum number of iterations 2 reached"):
        NMF(5, max_iter=2).fit(X)


def test_tol_zero_runs_to_the_end_without_a_warning(X, recwarn):
    assert NMF(5, tol=0, max_iter=60, random_state=0).fit(X).n_iter_ == 60
    assert not [w for w in recwarn if issubclass(w.category, ConvergenceWarning)]


def test_the_same_random_state_gives_the_same(X):
    first, second = (NMF(5, init="random", random_state=3).fit(X) for _ in range(2))
    np.testing.assert_array_equal(first.components_, second.components_)


def test_interruption_is_raised_again(X, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("visnmf.solve.run.iterate", interrupt)
    with pytest.raises(KeyboardInterrupt):
        NMF(5).fit(X)


def test_verbose_prints_iterations(X, capsys):
    NMF(5, verbose=1, max_iter=3, tol=0).fit(X)
    assert "V 3: objective" in capsys.readouterr().out


def test_in_a_pipeline_and_a_grid_search():
    digits = load_digits()
    pipeline = make_pipeline(NMF(random_state=0), LogisticRegression(max_iter=500))
    grid = GridSearchCV(pipeline, {"nmf__n_components": [4, 16]}, cv=2)
    grid.fit(digits.data[:400] / 16, digits.target[:400])
    assert grid.best_params_ == {"nmf__n_components": 16}
    assert grid.best_score_ > 0.8


def test_cloned_and_pickled(X):
    model = NMF(5, random_state=0).fit(X)
    again = pickle.loads(pickle.dumps(model))
    np.testing.assert_array_equal(again.transform(X), model.transform(X))
    assert not hasattr(clone(model), "components_")


def test_an_image_set_in_and_out():
    faces = visnmf.samples.load_faces()
    model = NMF(9, random_state=0)
    codes = model.fit_transform(faces)
    assert codes.shape == (100, 9)
    assert model.components_images_.shape == (9, 25, 25)
    rebuilt = model.inverse_transform(codes)
    assert isinstance(rebuilt, visnmf.ImageSet)
    np.testing.assert_allclose(rebuilt.V, (codes @ model.components_).T, rtol=1e-6)
    np.testing.assert_array_equal(model.transform(faces), model.transform(faces.V.T))
    on_array = NMF(9, random_state=0).fit(faces.V.T)
    np.testing.assert_array_equal(on_array.components_, model.components_)
    with pytest.raises(AttributeError, match="ImageSet"):
        _ = on_array.components_images_
