import inspect
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
from visnmf.errors import InvalidInputError


@pytest.fixture(scope="module")
def X():
    return load_digits().data[:300] / 16


@parametrize_with_checks([NMF()])
def test_scikit_learns_own_checks(estimator, check):
    check(estimator)


def test_parameters_and_their_defaults_are_scikit_learns():
    theirs = sklearn.decomposition.NMF
    assert NMF().get_params() == theirs().get_params() | {"n_init": 1, "n_jobs": None}
    ours, wanted = (list(inspect.signature(C.__init__).parameters) for C in (NMF, theirs))
    assert ours == [*wanted, "n_init", "n_jobs"]
    for method in ("fit", "fit_transform", "transform", "inverse_transform"):
        ours, wanted = (inspect.signature(getattr(C, method)).parameters for C in (NMF, theirs))
        assert list(ours) == list(wanted)


def refusals():
    """Fits that scikit-learn refuses: settings, what is changed of X, W and H."""
    rng = np.random.default_rng(0)
    X, W, H = rng.random((12, 7)), rng.random((12, 3)), rng.random((3, 7))
    custom = {"n_components": 3, "init": "custom"}
    yield from (
        ({"n_components": 0}, X, {}),
        ({"n_components": 2.5}, X, {}),
        ({"n_components": "all"}, X, {}),
        ({"beta_loss": 1.0}, X, {}),
        ({"beta_loss": "kullback-leibler"}, X, {}),
        ({"solver": "mu", "beta_loss": "itakura-saito"}, X * (X > 0.5), {}),
        ({"solver": "mu", "beta_loss": -0.5}, X * (X > 0.5), {}),
        ({"tol": -1}, X, {}),
        ({"max_iter": 0}, X, {}),
        ({"alpha_W": -1}, X, {}),
        ({"alpha_H": "different"}, X, {}),
        ({"l1_ratio": 2}, X, {}),
        ({"shuffle": "yes"}, X, {}),
        ({"random_state": "zero"}, X, {}),
        ({"n_components": 8, "init": "nndsvd"}, X, {}),
        ({}, np.full((3, 4), np.nan), {}),
        ({}, np.full((3, 4), np.inf), {}),
        ({}, X[0], {}),
        ({}, X[:0], {}),
        ({}, X + 1j, {}),
        ({}, np.array([["a", "b"]]), {}),
        (custom, X, {"W": -W, "H": H}),
        (custom, X, {"W": W, "H": -H}),
        (custom, X, {"W": 0 * W, "H": H}),
        (custom, X, {"W": W, "H": 0 * H}),
        (custom, X, {"W": W[:5], "H": H}),
        (custom, X, {"W": W, "H": H[:, :5]}),
        (custom, X, {"W": W[:, 0], "H": H}),
        (custom, X, {"W": W.astype(np.float32), "H": H}),
        ({**custom, "n_components": 4}, X, {"W": W, "H": H}),
        ({**custom, "n_components": None}, X, {"W": W, "H": H}),
    )


@pytest.mark.parametrize("beta_loss", ["l2", "huber:", "huber:-1", "hubert", "l21:3"])
def test_a_loss_that_is_not_known_is_refused_with_all_names(X, beta_loss):
    with pytest.raises(ValueError, match="'beta_loss' parameter of NMF must be a str") as raised:
        NMF(2, beta_loss=beta_loss).fit(X)
    for name in ("frobenius", "itakura-saito", "huber:DELTA", "l21"):
        assert name in str(raised.value)


@pytest.mark.parametrize(("settings", "X", "start"), list(refusals()))
def test_refuses_what_scikit_learn_refuses_in_its_words(settings, X, start):
    with pytest.raises((ValueError, TypeError)) as theirs:
        sklearn.decomposition.NMF(**settings).fit(X, **start)
    with pytest.raises((ValueError, TypeError)) as ours:
        NMF(**settings).fit(X, **start)
    # Sets are told in an order of their own in each process
    assert sorted(str(ours.value)) == sorted(str(theirs.value))
    assert issubclass(ours.type, ValueError) == issubclass(theirs.type, ValueError)


def test_refuses_what_scikit_learn_stumbles_over(X):
    with pytest.raises(ValueError, match=r"Negative values in data passed to NMF \(input X\)"):
        NMF(3).fit(-X)
    with pytest.raises(ValueError, match="Negative values in data passed to"):
        NMF(3).fit(X).transform(-X)
    with pytest.raises(InvalidInputError, match="needs both W and H"):
        NMF(3, init="custom").fit(X, W=X[:, :3])
    with pytest.raises(InvalidInputError, match="W has 2 components, but H has 3"):
        NMF(init="custom").fit(X, W=X[:, 9:11], H=X[:3])
    with pytest.raises(InvalidInputError, match="X holds entries up to 1e"):
        NMF(3).fit(X * 1e90)
    bright = NMF(3, random_state=0).fit((X * 1e30).astype(np.float32))
    assert bright.reconstruction_err_ < np.linalg.norm(X * 1e30)


def test_a_start_without_custom_is_ignored_with_a_warning(X):
    start = {"W": np.ones((300, 3)), "H": np.ones((3, 64))}
    with pytest.warns(RuntimeWarning, match="When init!='custom', provided W or H are ignored"):
        told = NMF(3, random_state=0).fit(X, **start)
    np.testing.assert_array_equal(told.components_, NMF(3, random_state=0).fit(X).components_)


@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_fit_is_as_good_as_scikit_learns(X, dtype):
    X = X.astype(dtype)
    ours = NMF(16, random_state=0).fit(X)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", ConvergenceWarning)
        theirs = sklearn.decomposition.NMF(16, random_state=0).fit(X)
    assert ours.reconstruction_err_ <= 1.002 * theirs.reconstruction_err_


@pytest.mark.parametrize(
    ("given", "worked_in"),
    [("f4", "f4"), ("f8", "f8"), (">f4", "f8"), ("f2", "f8"), ("i4", "f8"), ("u1", "f8")],
)
def test_float32_and_float64_are_kept_and_all_else_is_float64(X, given, worked_in):
    X = (8 * X).astype(given)
    model = NMF(5, random_state=0)
    assert model.fit_transform(X).dtype == worked_in
    assert model.transform(X).dtype == model.components_.dtype == worked_in


@pytest.mark.parametrize("order", ["C", "F"])
def test_X_is_left_as_it_is(X, order):
    given = np.array(X, order=order)
    given.flags.writeable = False
    model = NMF(5, random_state=0).fit(given)
    np.testing.assert_array_equal(given, X)
    np.testing.assert_allclose(
        model.components_, NMF(5, random_state=0).fit(X).components_, rtol=1e-4, atol=1e-4
    )


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
    assert NMF(tol=0.1).fit(X[:100]).n_components_ == 64
    assert NMF(None, tol=0.1).fit(X[:100]).n_components_ == 64
    rng = np.random.default_rng(0)
    W, H = rng.random((300, 5)), rng.random((5, 64))
    model = NMF(init="custom", random_state=0)
    model.fit(X, W=W, H=H)
    assert model.n_components_ == 5


def test_a_custom_start_is_gone_on_from_and_keeps_its_order():
    # Large enough for stand-ins, which would lose what the start has
    X = np.random.default_rng(0).random((6000, 100), np.float32)
    first = NMF(6, tol=1e-6, random_state=0)
    codes = first.fit_transform(X)
    order = [3, 0, 5, 1, 4, 2]
    W, H = codes[:, order].copy(), first.components_[order]
    kept = W.copy(), H.copy()
    again = NMF(6, init="custom", tol=0, max_iter=2).fit(X, W=W, H=H)
    assert again.reconstruction_err_ <= first.reconstruction_err_ * (1 + 1e-6)
    same = [np.corrcoef(a, b)[0, 1] for a, b in zip(again.components_, H, strict=True)]
    assert min(same) > 0.99
    np.testing.assert_array_equal(W, kept[0])
    np.testing.assert_array_equal(H, kept[1])


@pytest.mark.parametrize(
    ("settings", "told"),
    [({"solver": "lars"}, "'solver' parameter of NMF must be"), ({"init": "none"}, "'init' param")],
)
def test_refuses_unknown_names(X, settings, told):
    with pytest.raises(ValueError, match=told):
        NMF(**settings).fit(X)


def test_max_iter_reached_is_a_warning(X):
    with pytest.warns(ConvergenceWarning, match="Maximum number of iterations 2 reached"):
        NMF(5, max_iter=2).fit(X)


def test_tol_zero_runs_to_the_end_without_a_warning(X, recwarn):
    assert NMF(5, tol=0, max_iter=60, random_state=0).fit(X).n_iter_ == 60
    assert not [w for w in recwarn if issubclass(w.category, ConvergenceWarning)]


def test_the_same_random_state_gives_the_same(X):
    first, second = (NMF(5, init="random", random_state=3).fit(X) for _ in range(2))
    np.testing.assert_array_equal(first.components_, second.components_)
    generator = np.random.RandomState(3)
    first, second = (NMF(5, init="random", random_state=generator).fit(X) for _ in range(2))
    assert not np.array_equal(first.components_, second.components_)


def test_interruption_is_raised_again(X, monkeypatch):
    def interrupt(*_, **__):
        raise KeyboardInterrupt

    monkeypatch.setattr("visnmf.solve.exact.iterate", interrupt)
    with pytest.raises(KeyboardInterrupt):
        NMF(5).fit(X)
    with pytest.raises(KeyboardInterrupt):
        GridSearchCV(NMF(), {"n_components": [2, 3]}, scoring=lambda *_: 0.0, cv=2).fit(X)


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


def test_names_of_features_in_and_out(X):
    model = NMF(3, random_state=0).fit(X)
    assert list(model.get_feature_names_out()) == ["nmf0", "nmf1", "nmf2"]
    assert not hasattr(model, "feature_names_in_")


def test_set_output_gives_data_frames(X):
    pandas = pytest.importorskip("pandas")
    frame = pandas.DataFrame(X, columns=[f"pixel {i}" for i in range(64)], index=range(300, 600))
    model = NMF(3, random_state=0).set_output(transform="pandas")
    codes = model.fit_transform(frame)
    assert list(codes.columns) == ["nmf0", "nmf1", "nmf2"]
    assert list(codes.index) == list(frame.index)
    assert list(model.feature_names_in_) == list(frame.columns)
    assert model.transform(frame).shape == (300, 3)


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
    assert isinstance(on_array.inverse_transform(codes), np.ndarray)


def test_pictures_of_another_geometry_are_refused():
    V = np.random.default_rng(0).random((24, 30), np.float32)
    mask = np.ones((5, 5), bool)
    mask[0, 0] = False
    upper, lower = mask, mask[::-1]
    model = NMF(3, random_state=0).fit(visnmf.ImageSet(V, visnmf.ImageLayout(4, 6)))
    with pytest.raises(InvalidInputError, match=r"\(6, 4\), but the fit was .* of shape \(4, 6\)"):
        model.transform(visnmf.ImageSet(V, visnmf.ImageLayout(6, 4)))
    masked = visnmf.ImageSet(V, visnmf.ImageLayout(5, 5, mask=upper))
    model = NMF(3, random_state=0).fit(masked)
    assert model.components_images_.shape == (3, 5, 5)
    assert model.inverse_transform(model.transform(masked)).layout.mask[1:].all()
    with pytest.raises(InvalidInputError, match="another mask"):
        model.transform(visnmf.ImageSet(V, visnmf.ImageLayout(5, 5, mask=lower)))
