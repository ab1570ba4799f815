"""What all transformers of pictures share: how they take pictures, and what they give."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar, Self

import numpy as np
from numpy.typing import NDArray
from sklearn.base import (
    BaseEstimator,
    ClassNamePrefixFeaturesOutMixin,
    TransformerMixin,
    _fit_context,
)
from sklearn.utils.validation import check_is_fitted, validate_data

from visnmf.errors import InvalidInputError
from visnmf.images.imageset import ImageSet
from visnmf.images.layout import ImageLayout
from visnmf.images.pictures import Pictures, as_pictures

__all__ = ["Extractor", "PictureTransformer"]


class PictureTransformer(ClassNamePrefixFeaturesOutMixin, TransformerMixin, BaseEstimator):
    """Takes pictures of any kind, and checks rows as scikit-learn does.

    A subclass has the parameter `image_shape`, and calls `_take` first in `fit` and `transform`.
    """

    image_shape: Sequence[int] | None

    def _take(self, X: Any, *, reset: bool) -> Pictures:
        """Return X as pictures; what `fit` saw, `transform` must be given alike."""
        if not _are_pictures(X):
            dtypes = [np.float64, np.float32, np.uint8, np.uint16]
            X = validate_data(self, X, dtype=dtypes, reset=reset)
        elif reset and hasattr(self, "n_features_in_"):
            del self.n_features_in_  # of an earlier fit to rows
        pictures = as_pictures(X, self.image_shape)
        if not len(pictures):
            raise InvalidInputError("there is no picture: the set is empty")
        if reset:
            self.channels_: int = pictures.channels
        elif pictures.channels != self.channels_:
            raise InvalidInputError(
                f"the pictures have {pictures.channels} channel(s), those of the fit had "
                f"{self.channels_}; load both alike, with mode="
                f'"{"rgb" if self.channels_ == 3 else "gray"}"'
            )
        return pictures

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.two_d_array = self.image_shape is not None
        tags.input_tags.three_d_array = True
        tags.transformer_tags.preserves_dtype = []
        return tags


class Extractor(PictureTransformer):
    """From a picture to features of fixed number, which form a small picture themselves.

    A subclass gives `_layout` and `_describe`, and `draw` where features can be seen.

    Attributes
    ----------
    feature_layout_ : ImageLayout
        How the features of a picture form one: cells, each with so many channels.
    channels_ : int
        Of the pictures of the fit.
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {"image_shape": ["array-like", None]}

    @_fit_context(prefer_skip_nested_validation=True)
    def fit(self, X: Any, y: Any = None) -> Self:
        """Learn what sizes there are, and what else the features need.

        Parameters
        ----------
        X : ImageSet, Pictures, array (n, h, w[, channels]), list of arrays, or rows
            Pictures; rows (n, pixels) where `image_shape` is given.
        y : Ignored
            Not used.

        Returns
        -------
        object
            This one.
        """
        pictures = self._take(X, reset=True)
        self.feature_layout_: ImageLayout = self._layout(pictures)
        return self

    def transform(self, X: Any) -> NDArray[np.float32]:
        """Describe pictures.

        Parameters
        ----------
        X : as of `fit`
            Pictures.

        Returns
        -------
        ndarray (n, features), float32
            Non-negative; a row a picture, in the order of `feature_layout_`.
        """
        check_is_fitted(self)
        pictures = self._take(X, reset=False)
        rows = np.empty((len(pictures), self.feature_layout_.m), np.float32)
        for row, picture in zip(rows, pictures.pictures, strict=True):
            row[:] = self._describe(picture).ravel()
        return rows

    def to_image_set(self, X: Any) -> ImageSet:
        """Describe pictures by the columns of an ImageSet, for `visnmf.learn` and the like.

        Parameters
        ----------
        X : as of `fit`
            Pictures. Fitted to if nothing was before.

        Returns
        -------
        images : ImageSet
            Its V holds the features, its layout is `feature_layout_`; names and labels stay.
        """
        if not hasattr(self, "feature_layout_"):
            self.fit(X)
        pictures = self._take(X, reset=False)
        return ImageSet(
            self.transform(pictures).T,
            self.feature_layout_,
            pictures.names,
            pictures.labels,
            source=f"{self} of {pictures.source or 'pictures'}",
            skipped=pictures.skipped,
        )

    def draw(self, columns: Any) -> NDArray[np.float32]:
        """Draw features, or parts of features, as pictures to look at.

        Parameters
        ----------
        columns : ndarray (features, k)
            Columns in the order of `feature_layout_`, as of V or W.

        Returns
        -------
        pictures : ndarray (k, h, w) or (k, h, w, 3)
            Of either sign where features mean that.
        """
        raise NotImplementedError(f"{type(self).__name__} cannot be drawn")

    def _cells(self, columns: Any) -> NDArray[np.float32]:
        """Return columns to draw as (k, height, width, channels) of the feature layout."""
        check_is_fitted(self)
        layout = self.feature_layout_
        values = np.asarray(columns, np.float32)
        if values.ndim != 2 or values.shape[0] != layout.m:
            raise InvalidInputError(
                f"columns of shape {values.shape} are no features of {self}: ({layout.m}, k) are, "
                "a thing a column (transposed, what transform gives)"
            )
        return values.T.reshape(-1, layout.height, layout.width, layout.channels)

    def _layout(self, pictures: Pictures) -> ImageLayout:
        raise NotImplementedError

    def _describe(self, picture: NDArray[np.float32]) -> NDArray[Any]:
        raise NotImplementedError

    @property
    def _n_features_out(self) -> int:
        return self.feature_layout_.m


def _are_pictures(X: Any) -> bool:
    """Tell pictures, and what `as_pictures` has a better word for, from rows of numbers."""
    if isinstance(X, (ImageSet, Pictures, str, bytes)) or not hasattr(X, "__len__"):
        return True
    if isinstance(X, (list, tuple)):
        return len(X) == 0 or np.ndim(X[0]) in (2, 3)
    several = isinstance(X, np.ndarray) and X.ndim == 1 and X.dtype == object
    return several or (isinstance(X, np.ndarray) and X.ndim in (3, 4))
