"""The scikit-learn face: translates names, does no numerics.

Here rows are images: X is V', `components_` is W', and what `transform` returns is H'.
"""

from __future__ import annotations

import warnings
from numbers import Integral, Real
from typing import Any

import numpy as np
from sklearn.base import _fit_context
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils._param_validation import Hidden, Interval, StrOptions

from visnmf.estimator.base import BaseNMF, LossNames, asked, with_jobs
from visnmf.estimator.checks import check_init, check_start, matrix_of
from visnmf.estimator.choosing import choose_components
from visnmf.estimator.floor import without_floor
from visnmf.estimator.names import SOLVERS, check_solver, loss_of
from visnmf.estimator.several import Fitted, best_run
from visnmf.solve.encode import encode, goal_of
from visnmf.solve.given import check_delta
from visnmf.solve.naming import make_loss
from visnmf.solve.plan import Plan
from visnmf.solve.stopping import Rule

__all__ = ["NMF", "Fitted"]

_CHOOSE = Hidden(StrOptions({"choose"}))  # refusals keep to the words of scikit-learn
_CHANGE = 20  # relative gain that ends a plain Frobenius fit, in units of tol; 1 for others

_GOAL: dict[float | str, float] = {2.0: 0.1, 1.0: 1.0}
"""What encodings are fitted to by beta, over the usual goal; 0.01 where steps come near slowly.

So a row's encoding is its own, whichever rows are encoded with it.
"""


class NMF(BaseNMF):
    r"""Non-negative matrix factorization, as a drop-in for scikit-learn's ``NMF``.

    Finds W (n_samples x n_components) and H (n_components x n_features), non-negative, that
    minimize

    .. math:: d_\beta(X, W H) &+ \alpha_W \, n_{features} \,
              (\rho \|W\|_1 + \tfrac{1 - \rho}{2} \|W\|_F^2) \\
              &+ \alpha_H \, n_{samples} \, (\rho \|H\|_1 + \tfrac{1 - \rho}{2} \|H\|_F^2)

    with the beta-divergence d, :math:`\tfrac12 \|X - W H\|_F^2` by default, and
    :math:`\rho` = `l1_ratio`. The names are scikit-learn's, where W are the transformed data
    and H the components.

    Parameters
    ----------
    n_components : int or {"auto", "choose"} or None, default="auto"
        How many components. "auto" takes it from W and H where they are given, and is else
        the number of features, as None is. "choose": by `visnmf.choose_rank`, 2 to 60.
    init : str, default=None
        The start: "random", "nndsvd", "nndsvda", "nndsvdar" or "custom", as scikit-learn
        has them, or "kmeans", "spherical kmeans", "spa", "snpa" or "frobenius", see
        `visnmf.factorize`. None is "nndsvda" where n_components <= min(n_samples, n_features),
        else "random"; with other losses than Frobenius it is a short fit with that loss.
        "custom" takes W and H as given to `fit` or `fit_transform`; where they
        fit X already, it goes on from there on X itself, without stand-ins.
    solver : str, default="cd"
        "cd" is accelerated coordinate descent, "mu" multiplicative updates, both with
        extrapolation; "mu" is for any loss. The updates of `visnmf.factorize` have their
        own names: "hals" (which "cd" is), "fast gradient" and "bpp" for the Frobenius loss,
        "newton" for Kullback-Leibler, "gradient" for any.
    beta_loss : float or str, default="frobenius"
        The loss: "frobenius", "kullback-leibler", "itakura-saito", or the beta of any
        beta-divergence; 2, 1 and 0 are the three. At 0 and below, X must not contain zeros.
        Or a robust one, see `visnmf.factorize`: "huber", "huber:0.1", "l21", where samples that
        nothing fits count less, or "l1", which takes "mu".
    tol : float, default=1e-4
        A fit ends when three iterations in a row each lower the objective by less than `tol` of
        it (20 `tol` with the Frobenius loss and no penalties); with the Frobenius loss also when
        the sum of the absolute values of the projected gradient is at most `tol` times what
        it was at the start, as in scikit-learn. 0 for never: then only `max_iter` ends it,
        or rounding, where it leaves nothing to gain.
    max_iter : int, default=200
        The most iterations. One of these does the work of several of scikit-learn's.
    random_state : int, RandomState instance or None, default=None
        For the starts and the stand-ins for X, see `visnmf.factorize`.
    alpha_W, alpha_H : float, float or "same"; default=0.0, "same"
        How much the entries of W and of H cost, 0 for nothing; "same" is `alpha_W`.
    l1_ratio : float, default=0.0
        The share of that cost that is on their sum, which makes zeros; the rest is on the
        sum of their squares.
    verbose : int, default=0
        Whether to print each iteration.
    shuffle : bool, default=False
        Accepted for scikit-learn's sake; the order of the coordinates is fixed here.
    n_init : int, default=1
        Fits from so many starts, the first as said above and the others at random; the one of the
        least objective is kept.
    n_jobs : int, default=None
        Threads, see `visnmf.threads`; their number does not change the result.

    Attributes
    ----------
    components_ : ndarray (n_components, n_features)
        H, of X's dtype, float32 or float64. In the order of the energy that they explain,
        the most first, unless the start was "custom" or there are penalties.
    n_components_ : int
        How many components there are.
    reconstruction_err_ : float
        :math:`\sqrt{2 d(X, W H)}` of the training data, penalties left out:
        :math:`\|X - W H\|_F` with the Frobenius loss.
    rank_choice_ : RankChoice
        How `n_components="choose"` came to it.
    n_iter_ : int
        Iterations on X itself.
    n_features_in_ : int
        Features seen in `fit`.
    feature_names_in_ : ndarray of str
        Their names, where X had names.
    layout_ : ImageLayout or None
        How a row becomes a picture, where X was an ImageSet.
    loss_ : float or str
        The loss of the fit: its beta, or its name, with the delta that "huber" took from X.

    See Also
    --------
    visnmf.factorize : The same with columns as images, and more to set.
    visnmf.MiniBatchNMF : The same from one batch of rows at a time.
    visnmf.Model : A basis with its picture layout, to save and to share.

    Notes
    -----
    X may be sparse (CSR or CSC), and is never made dense, but by `n_components="choose"`, which
    hides zeros too and needs room for them: with the Frobenius and
    Kullback-Leibler losses its stored entries alone are looked at, with any other all
    places, in blocks. Or X may be an ImageSet, in `fit`, `fit_transform` and `transform`; then
    `inverse_transform` gives an ImageSet back, and `components_images_` the components as
    pictures. For cross-validation, which splits X into rows, give ``images.V.T``.

    `transform` minimizes over W alone, with the loss and the penalties of the fit, to a tolerance
    of its own, and so does `fit_transform` in the end: both give the same, exactly with other
    solvers than "cd" and "hals", to that tolerance with these. With other losses than
    Frobenius that can take as long as the fit. Below a beta of 1 the problem of W alone may
    have several minima.

    As in scikit-learn, a penalty on one factor alone is evaded by scaling the other one up;
    `visnmf.factorize` holds it to unit length instead.

    Ctrl-C raises KeyboardInterrupt, so that a grid search stops.

    Examples
    --------
    >>> import numpy as np
    >>> from visnmf import NMF
    >>> X = np.array([[1, 1], [2, 1], [3, 1.2], [4, 1], [5, 0.8], [6, 1]])
    >>> model = NMF(n_components=2, init="random", random_state=0)
    >>> W = model.fit_transform(X)
    >>> bool(np.allclose(W @ model.components_, X, atol=1e-3))
    True
    """

    _parameter_constraints = {
        **BaseNMF._parameter_constraints,
        "n_components": [*BaseNMF._parameter_constraints["n_components"], _CHOOSE],
        "beta_loss": [LossNames(), Real],
        "solver": [StrOptions(set(SOLVERS))],
        "shuffle": ["boolean"],
        "n_init": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        n_components: int | str | None = "auto",
        *,
        init: str | None = None,
        solver: str = "cd",
        beta_loss: float | str = "frobenius",
        tol: float = 1e-4,
        max_iter: int = 200,
        random_state: Any = None,
        alpha_W: float = 0.0,
        alpha_H: float | str = "same",
        l1_ratio: float = 0.0,
        verbose: int = 0,
        shuffle: bool = False,
        n_init: int = 1,
        n_jobs: int | None = None,
    ) -> None:
        self.n_components = n_components
        self.init = init
        self.solver = solver
        self.beta_loss = beta_loss
        self.tol = tol
        self.max_iter = max_iter
        self.random_state = random_state
        self.alpha_W = alpha_W
        self.alpha_H = alpha_H
        self.l1_ratio = l1_ratio
        self.verbose = verbose
        self.n_init = n_init
        self.n_jobs = n_jobs
        self.shuffle = shuffle

    @_fit_context(prefer_skip_nested_validation=True)
    @with_jobs
    def fit_transform(self, X: Any, y: Any = None, W: Any = None, H: Any = None) -> np.ndarray:
        """Learn the components of X and return the transformed data.

        Parameters
        ----------
        X : array-like or sparse array (n_samples, n_features), or ImageSet
            Non-negative; rows are samples.
        y : Ignored
            Not used.
        W, H : array-like (n_samples, n_components), (n_components, n_features), optional
            The start, with ``init="custom"``; of X's dtype. Not changed.

        Returns
        -------
        ndarray (n_samples, n_components)
            W, non-negative.
        """
        fitted = self._factorize(self._data_to_fit(X), W, H)
        self.components_ = fitted.H
        self.n_components_ = len(fitted.H)
        self.reconstruction_err_ = float(np.sqrt(2 * max(fitted.loss, 0.0)))
        self.n_iter_ = fitted.n_iter
        return fitted.W

    @with_jobs
    def transform(self, X: Any) -> np.ndarray:
        """Encode data by the components: each row by itself, with the loss of the fit.

        Parameters
        ----------
        X : array-like or sparse array (n_samples, n_features), or ImageSet
            Non-negative; rows are samples.

        Returns
        -------
        ndarray (n_samples, n_components)
            W, non-negative.
        """
        return self._encode(self._data_to_encode(X), self.components_)

    def _factorize(self, X: Any, W: Any, H: Any) -> Fitted:
        """Fit both factors to checked data."""
        check_solver(self.solver, self.beta_loss)
        if self.solver == "mu" and self.init == "nndsvd":
            warnings.warn(
                "The multiplicative update ('mu') solver cannot update zeros present in the "
                "initialization, and so leads to poorer results when used jointly with "
                "init='nndsvd'. You may try init='nndsvda' or init='nndsvdar' instead.",
                UserWarning,
                stacklevel=3,
            )
        rng, wanted = self._generator(), self.n_components
        if wanted == "choose":
            self.rank_choice_ = choose_components(X, self.init, rng)
            wanted = self.rank_choice_.rank
        given = check_start(X, wanted, self.init, W, H)
        rank = self._n_components = given.rank  # scikit-learn's own name, which its tests read
        penalties = self._penalties(X.shape)
        update, beta = SOLVERS[self.solver], loss_of(self.beta_loss)
        change = (_CHANGE if beta == 2 and not any(penalties) else 1) * self.tol
        tol = self.tol if beta == 2 else 0.0  # else the gradient at the start may be of any size
        plan = Plan(
            rank=rank,
            rule=Rule(self.max_iter, tol=tol, change=change, absolute=True),
            init=check_init(self.init, X.shape, rank),
            given=given.factors,
            loss=beta,
            update=update,
            W=asked(penalties.components),
            H=asked(penalties.encodings),
            bounded=False,
        )
        matrix = matrix_of(X)
        check_delta(beta, matrix)
        result = best_run(matrix, plan, rng, self.n_init, verbose=bool(self.verbose))
        if result.n_iter == self.max_iter and self.tol > 0:
            warnings.warn(
                f"Maximum number of iterations {self.max_iter} reached. Increase it to improve "
                "convergence.",
                ConvergenceWarning,
                stacklevel=3,
            )
        components, codes = np.ascontiguousarray(result.W.T), result.H
        self.loss_ = result.settings.get("loss", beta)
        loss = make_loss(self.loss_, matrix)
        if update == "mu":
            components, codes, _ = without_floor(matrix, loss, components, codes)
        if update != "hals" or beta != 2:
            codes = self._encode(X, components).T
        if update == "hals" and beta == 2 and not any(penalties):
            found = result.objective
        else:
            found = loss.value(matrix, components, np.ascontiguousarray(codes))
        return Fitted(np.ascontiguousarray(codes.T), components, result.n_iter, found)

    def _encode(self, X: Any, components: np.ndarray) -> np.ndarray:
        """Fit the encodings alone to checked data."""
        beta = getattr(self, "loss_", loss_of(self.beta_loss))  # components may be given
        share = 1.0 if self.solver in ("cd", "hals") else _GOAL.get(beta, 0.01)
        codes = encode(
            X.T,
            components.T,
            loss=beta,
            terms_H=self._penalties(X.shape).encodings,
            update="newton" if self.solver == "newton" else "auto",
            goal=share * goal_of(X.dtype),
        )
        if self.solver != "newton" and beta != 2:  # by multiplicative updates
            matrix = matrix_of(X)
            parts = np.ascontiguousarray(components, matrix.dtype)
            _, codes, _ = without_floor(matrix, make_loss(beta, matrix), parts, codes)
        return np.ascontiguousarray(codes.T)
