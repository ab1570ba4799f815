"""Extractors that need their pictures at one size, and bring them to it."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from visnmf.errors import InvalidInputError
from visnmf.features.base import Extractor
from visnmf.images.fitting import fit_values
from visnmf.images.layout import ImageLayout
from visnmf.images.pictures import Pictures
from visnmf.images.settings import checked_size

__all__ = ["SizedExtractor", "at_edges"]


class SizedExtractor(Extractor):
    """Brings pictures to the parameter `size`, or holds them to the size of the fit.

    A subclass gives `_sized_layout` and `_describe_sized`.

    Attributes
    ----------
    size_ : (int, int)
        Height and width at which pictures are described.
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **Extractor._parameter_constraints,
        "size": ["array-like", None],
    }

    size: Sequence[int] | None

    def _take(self, X: Any, *, reset: bool) -> Pictures:
        pictures = super()._take(X, reset=reset)
        if reset:
            given = pictures.sizes[0] if self.size is None else checked_size(self.size)
            self.size_: tuple[int, int] = given
        if self.size is None:
            for name, size in zip(pictures.names, pictures.sizes, strict=True):
                if size != self.size_:
                    raise InvalidInputError(
                        f"picture {name} is {size[0]} x {size[1]} pixels, not {self.size_[0]} x "
                        f"{self.size_[1]}{' as the first one' if reset else ' as in the fit'}; "
                        f"size={self.size_} brings all pictures to one size"
                    )
        return pictures

    def _layout(self, pictures: Pictures) -> ImageLayout:
        return self._sized_layout(*self.size_, pictures.channels)

    def _describe(self, picture: NDArray[np.float32]) -> NDArray[Any]:
        return self._describe_sized(fit_values(picture, self.size_, "resize"))

    def _sized_layout(self, height: int, width: int, channels: int) -> ImageLayout:
        raise NotImplementedError

    def _describe_sized(self, picture: NDArray[np.float32]) -> NDArray[Any]:
        raise NotImplementedError


def at_edges(picture: NDArray[Any], height: int, width: int) -> NDArray[Any]:
    """Continue a picture beyond its edges, or cut it, alike on both sides.

    Parameters
    ----------
    picture : ndarray (h, w[, channels])
        A picture; it stays in the middle.
    height, width : int
        The size wanted. What is new repeats the pixels at the edge, so that no edge is made.

    Returns
    -------
    picture : ndarray (height, width[, channels])
    """
    h, w = picture.shape[:2]
    rows = np.clip(np.arange(height) - (height - h) // 2, 0, h - 1)
    columns = np.clip(np.arange(width) - (width - w) // 2, 0, w - 1)
    return picture[rows[:, None], columns]
