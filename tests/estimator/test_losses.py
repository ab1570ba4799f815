"""NMF's solvers, losses, penalties and sparse X, beside scikit-learn's formula and results."""

import warnings

import numpy as np
import pytest
import scipy.sparse as sp
import sklearn.decomposition
from sklearn.datasets import load_digits
from sklearn.decomposition._nmf import _beta_divergence
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils.estimator_checks import check_estimator

from visnmf import NMF, MiniBatchNMF

LOSSES = [0.5, "kullback-leibler", 1.5, "frobenius", 3.0]
FROBENIUS_ONLY = ["cd", "hals", "fast gradient", "bpp"]
COMBINED = [
    *((solver, "frobenius") for solver in FROBENIUS_ONLY),
    *((solver, loss) for solver in ("mu", "gradient") for loss in LOSSES),
    ("newton", "kullback-leibler"),
]

pytestmark = pytest.mark.filterwarnings("ignore::sklearn.exceptions.ConvergenceWarning")


@pytest.fixture(scope="module")
def X():
    return load_digits().data[:200] / 16


def objective(X, W, H, beta_loss="frobenius", alpha_W=0.0, alpha_H="same", l1_ratio=0.0, **_):
    """scikit-learn's objective, as its documentation has it."""
    n_samples, n_features = X.shape
    alpha_H = alpha_W if alpha_H == "same" else alpha_H
    return (
        _beta_divergence(X, W, H, beta_loss)
        + alpha_W * l1_ratio * n_features * W.sum()
        + alpha_H * l1_ratio * n_samples * H.sum()
        + 0.5 * alpha_W * (1 - l1_ratio) * n_features * (W**2).sum()
        + 0.5 * alpha_H * (1 - l1_ratio) * n_samples * (H**2).sum()
    )


@pytest.mark.parametrize(("solver", "beta_loss"), COMBINED)
@pytest.mark.slow
def test_check_estimator(solver, beta_loss):
    check_estimator(NMF(solver=solver, beta_loss=beta_loss), on_skip=None)


@pytest.mark.parametrize("beta_loss", LOSSES)
@pytest.mark.slow
def test_check_estimator_on_mini_batches(beta_loss):
    check_estimator(MiniBatchNMF(beta_loss=beta_loss), on_skip=None)


@pytest.mark.parametrize("name", ["NMF", "MiniBatchNMF"])
@pytest.mark.slow
def test_itakura_saito_fails_no_check_that_scikit_learns_own_passes(name):
    """The checks' data hold zeros, which both refuse."""
    settings = {"beta_loss": "itakura-saito", **({"solver": "mu"} if name == "NMF" else {})}
    ours, theirs = (
        {
            report["check_name"]
            for report in check_estimator(estimator(**settings), on_fail=None, on_skip=None)
            if report["status"] == "failed"
        }
        for estimator in (
            {"NMF": NMF, "MiniBatchNMF": MiniBatchNMF}[name],
            getattr(sklearn.decomposition, name),
        )
    )
    assert ours <= theirs


@pytest.mark.parametrize("solver", [*FROBENIUS_ONLY, "newton"])
def test_a_solver_refuses_losses_that_it_does_not_handle(X, solver):
    told = f"Invalid beta_loss parameter: solver '{solver}' does not handle beta_loss = 1.5"
    with pytest.raises(ValueError, match=told):
        NMF(3, solver=solver, beta_loss=1.5).fit(X)


def test_mu_with_nndsvd_warns_in_scikit_learns_words(X):
    with pytest.warns(UserWarning, match=r"The multiplicative update \('mu'\) solver cannot"):
        NMF(3, solver="mu", init="nndsvd", random_state=0).fit(X)


@pytest.mark.parametrize(("solver", "beta_loss"), COMBINED)
@pytest.mark.parametrize("dtype", [np.float32, np.float64])
def test_reconstruction_err_is_the_loss_and_dtypes_are_kept(X, solver, beta_loss, dtype):
    X = X.astype(dtype)
    model = NMF(5, solver=solver, beta_loss=beta_loss, alpha_W=1e-3, random_state=0, max_iter=30)
    W = model.fit_transform(X)
    H = model.components_
    assert W.dtype == H.dtype == model.transform(X).dtype == dtype
    assert min(W.min(), H.min()) >= 0
    true = np.sqrt(
        2 * _beta_divergence(X.astype(float), W.astype(float), H.astype(float), beta_loss)
    )
    assert model.reconstruction_err_ == pytest.approx(true, rel=1e-4)


@pytest.mark.parametrize(("solver", "beta_loss"), COMBINED)
def test_transform_gives_what_fit_transform_gave(X, solver, beta_loss):
    model = NMF(5, solver=solver, beta_loss=beta_loss, alpha_W=1e-3, l1_ratio=0.5, random_state=0)
    W = model.fit_transform(X)
    np.testing.assert_allclose(model.transform(X), W, atol=2e-3 * W.max())


@pytest.mark.parametrize(
    "penalties",
    [
        {},
        {"alpha_W": 1e-3, "l1_ratio": 1.0},
        {"alpha_W": 1e-2, "l1_ratio": 0.0},
        {"alpha_W": 1e-3, "alpha_H": 1e-2, "l1_ratio": 0.3},
    ],
)
@pytest.mark.parametrize(
    ("solver", "beta_loss"),
    [("cd", "frobenius"), ("bpp", "frobenius"), ("mu", 1.5), *((s, 1.0) for s in ("mu", "newton"))],
)
def test_objective_is_as_low_as_scikit_learns(X, solver, beta_loss, penalties):
    settings = {"beta_loss": beta_loss, "random_state": 0, **penalties}
    ours = NMF(8, solver=solver, **settings)
    theirs = sklearn.decomposition.NMF(
        8, solver="cd" if solver in ("cd", "bpp") else "mu", **settings
    )
    found = [objective(X, m.fit_transform(X), m.components_, **settings) for m in (ours, theirs)]
    assert found[0] <= 1.02 * found[1]  # local minima differ by so much


def test_a_penalty_on_W_only_is_scaled_by_features_and_met_in_transform(X):
    """With H held, W solves a problem whose optimum is known by its gradient."""
    model = NMF(4, alpha_W=1e-2, alpha_H=0.0, l1_ratio=0.5, random_state=0).fit(X)
    W, H = model.transform(X), model.components_
    amount = 64 * 1e-2 * 0.5
    gradient = W @ (H @ H.T) - X @ H.T + amount + amount * W
    assert np.abs(np.where(W > 0, gradient, np.minimum(gradient, 0))).max() < 1e-3
    assert (W == 0).any()


def test_l1_makes_zeros_of_multiplicative_updates_too(X):
    settings = {"solver": "mu", "beta_loss": "kullback-leibler", "random_state": 0, "l1_ratio": 1.0}
    plain, sparse = (NMF(8, alpha_W=alpha, **settings).fit_transform(X) for alpha in (0, 1e-1))
    assert (sparse == 0).mean() > (plain == 0).mean() > 0


@pytest.mark.parametrize(("solver", "beta_loss"), COMBINED)
@pytest.mark.parametrize("kind", [sp.csr_array, sp.csc_matrix])
def test_sparse_equals_dense(X, solver, beta_loss, kind):
    settings = {"solver": solver, "beta_loss": beta_loss, "init": "random", "random_state": 0}
    dense, sparse = (NMF(4, max_iter=15, tol=0, **settings) for _ in range(2))
    W = dense.fit_transform(X)
    np.testing.assert_allclose(sparse.fit_transform(kind(X)), W, atol=1e-5 * W.max())
    assert sparse.reconstruction_err_ == pytest.approx(dense.reconstruction_err_, rel=1e-7)
    np.testing.assert_allclose(
        sparse.transform(kind(X[:9])), dense.transform(X[:9]), atol=1e-3 * W.max()
    )


def test_a_large_sparse_X_is_never_made_dense():
    X = sp.random_array((30_000, 20_000), density=1e-5, rng=np.random.default_rng(0), format="csr")
    for settings in ({}, {"solver": "mu", "beta_loss": 1.0}):  # 4.8 GB if it were dense
        model = NMF(2, init="random", max_iter=2, tol=0, random_state=0, **settings)
        assert model.fit_transform(X).shape == (30_000, 2)


@pytest.mark.parametrize("init", ["kmeans", "spherical kmeans", "spa", "snpa", "frobenius"])
def test_starts_of_our_own(X, init):
    with warnings.catch_warnings():
        warnings.simplefilter("error", ConvergenceWarning)
        model = NMF(5, init=init, random_state=0, max_iter=500).fit(X)
    best = NMF(5, random_state=0).fit(X)
    assert model.reconstruction_err_ <= 1.05 * best.reconstruction_err_
