"""Pixels as they are: the plainest features, to compare others with."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visnmf.errors import InvalidInputError
from visnmf.features.sized import SizedExtractor
from visnmf.images.layout import ImageLayout
from visnmf.images.pictures import Pictures

__all__ = ["Pixels"]


class Pixels(SizedExtractor):
    """The pixels of pictures, all brought to one size.

    Parameters
    ----------
    size : (height, width), optional
        What all pictures are resized to. Needed where they differ in size; without it a
        picture of another size than those of the fit is refused.
    image_shape : (h, w) or (h, w, channels), optional
        How a row becomes a picture, where X is rows.

    Attributes
    ----------
    feature_layout_ : ImageLayout
        That of the pictures themselves.
    size_ : (int, int)
        Height and width at which pictures are described.
    channels_ : int
        Of the pictures of the fit.

    Raises
    ------
    InvalidInputError
        If a pixel is negative: `OnOff` and `split_signs` take such pictures apart.

    Examples
    --------
    >>> import numpy as np
    >>> pictures = [np.ones((4, 6)), np.zeros((5, 5))]
    >>> Pixels(size=(2, 2)).fit_transform(pictures)
    array([[1., 1., 1., 1.],
           [0., 0., 0., 0.]], dtype=float32)
    """

    def __init__(
        self, size: Sequence[int] | None = None, *, image_shape: Sequence[int] | None = None
    ) -> None:
        self.size = size
        self.image_shape = image_shape

    def draw(self, columns: Any) -> NDArray[np.float32]:
        """Turn columns back into pictures.

        Parameters
        ----------
        columns : ndarray (pixels, k)
            As of V or W.

        Returns
        -------
        pictures : ndarray (k, h, w) or (k, h, w, channels)
        """
        return self._cells(columns).reshape(-1, *self.feature_layout_.shape)

    def _take(self, X: Any, *, reset: bool) -> Pictures:
        pictures = super()._take(X, reset=reset)
        for name, picture in zip(pictures.names, pictures.pictures, strict=True):
            if picture.min() < 0:
                raise InvalidInputError(
                    f"Negative values in data passed to Pixels: picture {name} goes down to "
                    f"{picture.min():.3g}; scale pictures to [0, 1], or take OnOff() or split_signs"
                )
        return pictures

    def _sized_layout(self, height: int, width: int, channels: int) -> ImageLayout:
        return ImageLayout(height, width, channels, low=0.0, high=255.0, dtype="uint8")

    def _describe_sized(self, picture: NDArray[np.float32]) -> NDArray[Any]:
        return picture

    def __sklearn_tags__(self) -> Any:
        tags = super().__sklearn_tags__()
        tags.input_tags.positive_only = True
        return tags
