"""What NMF and MiniBatchNMF share: their parameters, and what is done once components are there."""

from __future__ import annotations

import functools
from collections.abc import Callable
from numbers import Integral, Real
from typing import TYPE_CHECKING, Any, ClassVar, ParamSpec, Self, TypeVar

import numpy as np
from sklearn.base import BaseEstimator, ClassNamePrefixFeaturesOutMixin, TransformerMixin
from sklearn.utils import check_random_state
from sklearn.utils._param_validation import Interval, StrOptions
from sklearn.utils.validation import check_is_fitted, check_non_negative, validate_data

from visnmf.errors import InvalidInputError
from visnmf.estimator.checks import as_rows, check_geometry, check_loss
from visnmf.estimator.names import LOSSES, STARTS, Penalties, penalties_of
from visnmf.images.imageset import ImageSet
from visnmf.kernels.threads import threads
from visnmf.solve.compose import Asked
from visnmf.solve.naming import ROBUST, is_robust, named

if TYPE_CHECKING:
    from visnmf.images.layout import ImageLayout
    from visnmf.terms.elastic_net import ElasticNet

__all__ = ["BaseNMF", "LossNames", "asked", "with_jobs"]

_P = ParamSpec("_P")
_R = TypeVar("_R")


def with_jobs(method: Callable[_P, _R]) -> Callable[_P, _R]:
    """Run a method of an estimator on its `n_jobs` threads."""

    @functools.wraps(method)
    def run(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        with threads(getattr(args[0], "n_jobs")):  # noqa: B009
            return method(*args, **kwargs)

    return run


def asked(term: ElasticNet | None) -> Asked:
    """Return a penalty as the core takes it."""
    return Asked() if term is None else Asked((term,))


class LossNames(StrOptions):
    """The names of losses, those of robust ones among them: "huber:0.1" has a number."""

    def __init__(self) -> None:
        super().__init__({*LOSSES, *ROBUST, "huber:DELTA"})

    def is_satisfied_by(self, val: Any) -> bool:
        """Tell whether a value is one of them."""
        if not isinstance(val, str) or val in LOSSES:
            return isinstance(val, str)
        try:
            return is_robust(val) and bool(named(val))
        except InvalidInputError:
            return False


class BaseNMF(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """The common part of the estimators."""

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        "n_components": [Interval(Integral, 1, None, closed="left"), None, StrOptions({"auto"})],
        "init": [StrOptions(STARTS), None],
        "beta_loss": [StrOptions(set(LOSSES)), Real],
        "tol": [Interval(Real, 0, None, closed="left")],
        "max_iter": [Interval(Integral, 1, None, closed="left")],
        "random_state": ["random_state"],
        "alpha_W": [Interval(Real, 0, None, closed="left")],
        "alpha_H": [Interval(Real, 0, None, closed="left"), StrOptions({"same"})],
        "l1_ratio": [Interval(Real, 0, 1, closed="both")],
        "verbose": ["verbose"],
        "n_jobs": [Integral, None],
    }

    beta_loss: float | str
    alpha_W: float
    alpha_H: float | str
    l1_ratio: float
    random_state: Any
    n_jobs: int | None
    components_: np.ndarray
    layout_: ImageLayout | None

    def fit(self, X: Any, y: Any = None, **params: Any) -> Self:
        """Learn the components of X.

        Parameters
        ----------
        X : array-like or sparse array (n_samples, n_features), or ImageSet
            Non-negative; rows are samples.
        y : Ignored
            Not used.
        **params
            W and H, as in `fit_transform`.

        Returns
        -------
        object
            This one.
        """
        self.fit_transform(X, **params)
        return self

    def inverse_transform(self, X: Any) -> np.ndarray | ImageSet:
        """Rebuild data from its encodings.

        Parameters
        ----------
        X : array-like or sparse array (n_samples, n_components)
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

    def _data_to_fit(self, X: Any, *, reset: bool = True) -> Any:
        """Return X checked as what is learned from, and keep its layout."""
        self.layout_ = X.layout if isinstance(X, ImageSet) else None
        X = validate_data(
            self,
            as_rows(X),
            accept_sparse=("csr", "csc"),
            dtype=[np.float64, np.float32],
            reset=reset,
        )
        return self._checked(X)

    def _data_to_encode(self, X: Any) -> Any:
        """Return X checked as what is encoded by the components."""
        check_is_fitted(self)
        if isinstance(X, ImageSet) and self.layout_ is not None:
            check_geometry(X.layout, self.layout_)
        X = validate_data(
            self,
            as_rows(X),
            accept_sparse=("csr", "csc"),
            dtype=[np.float64, np.float32],
            reset=False,
            ensure_non_negative=True,
        )
        check_loss(X, self.beta_loss)
        return X

    def _checked(self, X: Any) -> Any:
        check_non_negative(X, f"{type(self).__name__} (input X)")
        check_loss(X, self.beta_loss)
        return X

    def _penalties(self, shape: tuple[int, int]) -> Penalties:
        return penalties_of(self.alpha_W, self.alpha_H, self.l1_ratio, shape)

    def _generator(self) -> np.random.Generator:
        seed = check_random_state(self.random_state).randint(np.iinfo(np.int32).max)
        return np.random.default_rng(seed)

    @property
    def _n_features_out(self) -> int:
        return len(self.components_)

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        tags.input_tags.sparse = True
        tags.transformer_tags.preserves_dtype = ["float64", "float32"]
        return tags
