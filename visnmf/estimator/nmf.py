"""The scikit-learn face: translates names, does no numerics.

Here rows are images: X is V', `components_` is W', and what `transform` returns is H'.
"""

from __future__ import annotations

import sys
import warnings
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, Self

import numpy as np
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    _fit_context,
)
from sklearn.exceptions import ConvergenceWarning
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, check_non_negative, validate_data

from visnmf.estimator.checks import (
    as_rows,
    check_geometry,
    check_init,
    check_start,
    refuse_what_comes_later,
)
from visnmf.images.imageset import ImageSet
from visnmf.matrices.dense import Dense
from visnmf.solve.edge import check_values
from visnmf.solve.encode import encode
from visnmf.solve.run import Plan, run
from visnmf.solve.stopping import Rule, Trace

if TYPE_CHECKING:
    from visnmf.images.layout import ImageLayout
    from visnmf.solve.result import Record

__all__ = ["NMF"]

_CHANGE = 20  # relative gain of an iteration that ends a fit, in units of tol


class NMF(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    r"""Non-negative matrix factorization, as a drop-in for scikit-learn's ``NMF``.

    Finds W (n_samples x n_components) and H (n_components x n_features), non-negative, that
    minimize :math:`\tfrac12 \|X - W H\|_F^2`. The names are scikit-learn's, where W are
    the transformed data and H the components.

    Parameters
    ----------
    n_components : int or {"auto"} or None, default="auto"
        How many components. "auto" takes it from W and H where they are given, and is else
        the number of features, as None is.
    init : {"random", "nndsvd", "nndsvda", "nndsvdar", "custom"}, default=None
        The start. None is "nndsvda" where n_components <= min(n_samples, n_features), else
        "random"; "custom" takes W and H as given to `fit` or `fit_transform`; where they
        fit X already, it goes on from there on X itself, without stand-ins.
    solver : {"cd", "mu"}, default="cd"
        "cd" is accelerated coordinate descent with extrapolation, see `visnmf.factorize`.
        "mu" is not there yet.
    beta_loss : float or str, default="frobenius"
        Only "frobenius" (or 2) is there yet.
    tol : float, default=1e-4
        A fit ends when the sum of the absolute values of the projected gradient is at most `tol`
        times what it was at the start, as in scikit-learn; or when three iterations in a row
        each lower the objective by less than 20 `tol` of it. 0 for neither: then only `max_iter`
        ends it, or rounding, where it leaves nothing to gain.
    max_iter : int, default=200
        The most iterations. One of these does the work of several of scikit-learn's.
    random_state : int, RandomState instance or None, default=None
        For the starts and the stand-ins for X, see `visnmf.factorize`.
    alpha_W, alpha_H, l1_ratio : float, float or "same", float; default=0.0, "same", 0.0
        Regularization is not there yet.
    verbose : int, default=0
        Whether to print each iteration.
    shuffle : bool, default=False
        Accepted for scikit-learn's sake; the order of the coordinates is fixed here.

    Attributes
    ----------
    components_ : ndarray (n_components, n_features)
        H, of X's dtype, float32 or float64. In the order of the energy that they explain,
        the most first, unless the start was "custom".
    n_components_ : int
        How many components there are.
    reconstruction_err_ : float
        :math:`\|X - W H\|_F` of the training data.
    n_iter_ : int
        Iterations on X itself.
    n_features_in_ : int
        Features seen in `fit`.
    feature_names_in_ : ndarray of str
        Their names, where X had names.
    layout_ : ImageLayout or None
        How a row becomes a picture, where X was an ImageSet.

    See Also
    --------
    visnmf.factorize : The same with columns as images, and more to set.
    visnmf.Model : A basis with its picture layout, to save and to share.

    Notes
    -----
    X may be an ImageSet, in `fit`, `fit_transform` and `transform`; then `inverse_transform` gives
    an ImageSet back, and `components_images_` the components as pictures. For cross-validation,
    which splits X into rows, give ``images.V.T``.

    `transform` solves non-negative least squares to a tolerance of its own, and so does
    `fit_transform` in the end: both give the same, to that tolerance.

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
        "n_components": [Interval(Integral, 1, None, closed="left"), None, StrOptions({"auto"})],
        "init": [StrOptions({"random", "nndsvd", "nndsvda", "nndsvdar", "custom"}), None],
        "solver": [StrOptions({"mu", "cd"})],
        "beta_loss": [StrOptions({"frobenius", "kullback-leibler", "itakura-saito"}), Real],
        "tol": [Interval(Real, 0, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
        "alpha_W": [Interval(Real, 0, None, closed="left")],
        "alpha_H": [Interval(Real, 0, None, closed="left"), StrOptions({"same"})],
        "l1_ratio": [Interval(Real, 0, 1, closed="both")],
        "verbose": ["verbose"],
        "shuffle": ["boolean"],
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
        self.shuffle = shuffle

    def fit(self, X: Any, y: Any = None, **params: Any) -> Self:
        """Learn the components of X.

        Parameters
        ----------
        X : array-like (n_samples, n_features) or ImageSet
            Non-negative; rows are samples.
        y : Ignored
            Not used.
        **params
            W and H, as in `fit_transform`.

        Returns
        -------
        NMF
            This object.
        """
        self.fit_transform(X, **params)
        return self

    @_fit_context(prefer_skip_nested_validation=True)
    def fit_transform(self, X: Any, y: Any = None, W: Any = None, H: Any = None) -> np.ndarray:
        """Learn the components of X and return the transformed data.

        Parameters
        ----------
        X : array-like (n_samples, n_features) or ImageSet
            Non-negative; rows are samples.
        y : Ignored
            Not used.
        W, H : array-like (n_samples, n_components), (n_components, n_features), optional
            The start, with ``init="custom"``; of X's dtype.

        Returns
        -------
        ndarray (n_samples, n_components)
            W, non-negative.
        """
        refuse_what_comes_later(self.solver, self.beta_loss, self.alpha_W, self.alpha_H)
        layout = X.layout if isinstance(X, ImageSet) else None
        X = validate_data(self, as_rows(X), dtype=[np.float64, np.float32])
        check_non_negative(X, "NMF (input X)")
        X = check_values(X, "X")  # what scikit-learn lets pass: squares that overflow
        given = check_start(X, self.n_components, self.init, W, H)
        rank = self._n_components = given.rank  # scikit-learn's own name, which its tests read
        plan = Plan(
            rank=rank,
            rule=Rule(self.max_iter, tol=self.tol, change=_CHANGE * self.tol, absolute=True),
            init=check_init(self.init, X.shape, rank),
            given=given.factors,
        )
        seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        trace = Trace(callback=_tell if self.verbose else None)
        result = run(Dense(X.T), plan, trace, np.random.default_rng(seed), {})
        if result.reason == "interrupted":
            raise KeyboardInterrupt
        if result.n_iter == self.max_iter and self.tol > 0:
            warnings.warn(
                f"Maximum number of iterations {self.max_iter} reached. Increase it to improve "
                "convergence.",
                ConvergenceWarning,
                stacklevel=2,
            )
        self.components_ = np.ascontiguousarray(result.W.T)
        self.n_components_ = rank
        self.reconstruction_err_ = float(np.sqrt(2 * result.objective))
        self.n_iter_ = result.n_iter
        self.layout_: ImageLayout | None = layout
        return np.ascontiguousarray(result.H.T)

    def transform(self, X: Any) -> np.ndarray:
        """Encode data by the components: non-negative least squares for each row.

        Parameters
        ----------
        X : array-like (n_samples, n_features) or ImageSet
            Non-negative; rows are samples.

        Returns
        -------
        ndarray (n_samples, n_components)
            W, non-negative.
        """
        check_is_fitted(self)
        if isinstance(X, ImageSet) and self.layout_ is not None:
            check_geometry(X.layout, self.layout_)
        X = validate_data(
            self, as_rows(X), dtype=[np.float64, np.float32], reset=False, ensure_non_negative=True
        )
        return np.ascontiguousarray(encode(X.T, self.components_.T).T)

    def inverse_transform(self, X: Any) -> np.ndarray | ImageSet:
        """Rebuild data from its encodings.

        Parameters
        ----------
        X : array-like (n_samples, n_components)
            What `transform` gives.

        Returns
        -------
        ndarray (n_samples, n_features) or ImageSet
            X @ components_; as pictures, where the fit was on an ImageSet.
        """
        check_is_fitted(self)
        rows = X @ self.components_
        if self.layout_ is None:
            return rows
        return ImageSet(np.asarray(rows, np.float32).T, self.layout_)

    @property
    def components_images_(self) -> np.ndarray:
        """The components as pictures, (n_components, h, w) or (n_components, h, w, c)."""
        check_is_fitted(self)
        if self.layout_ is None:
            raise AttributeError("components_images_ is there only after a fit on an ImageSet")
        return self.layout_.to_images(self.components_.T)

    @property
    def _n_features_out(self) -> int:
        return len(self.components_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags


def _tell(record: Record) -> None:
    sys.stdout.write(f"{record.phase} {record.iteration}: objective {record.objective:.6g}\n")
