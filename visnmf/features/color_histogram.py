"""Histograms of colors: which colors a picture has, and how much of each."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._param_validation import Interval, StrOptions

from visnmf.errors import InvalidInputError
from visnmf.features.base import Extractor
from visnmf.features.cells import cell_bounds, cell_side
from visnmf.features.swatches import from_rgb, to_rgb
from visnmf.images.colors import luma
from visnmf.images.layout import ImageLayout
from visnmf.images.pictures import Pictures

__all__ = ["ColorHistogram"]

# More bins than that are a mistake: 64 in each of three channels are 262,144.
_MOST = 2**18


class ColorHistogram(Extractor):
    """The shares of colors in a picture, or in each cell of a grid; they sum to one.

    Pictures may be of any size. Values are meant to be in [0, 1]; those beyond count in the
    first and last bins. Gray pictures give the histogram of their gray, in any space; pictures
    of other channels than gray or color are taken as they are, in space "rgb".

    Parameters
    ----------
    bins : int or sequence of int
        Bins for each channel, or one number for all.
    space : {"rgb", "hsv", "lab"}
        What the channels are: red, green and blue; hue, saturation and value; or CIE L*a*b*,
        whose distances are those that eyes see (an odd number of bins keeps grays together).
    joint : bool
        Count whole colors, in bins x bins x bins boxes; or each channel by itself, which
        takes few numbers but does not tell which values go together.
    grid : int
        Cells down and across, each with its own histogram.
    image_shape : (h, w) or (h, w, channels), optional
        How a row becomes a picture, where X is rows.

    Attributes
    ----------
    feature_layout_ : ImageLayout
        `grid` x `grid`; the bins as channels.
    swatches_ : ndarray (bins, 3) or None
        The color in the middle of each bin in RGB; None where channels are no colors.
    channels_ : int
        Of the pictures of the fit.

    References
    ----------
    Swain & Ballard. "Color indexing". IJCV, 1991.

    Examples
    --------
    >>> import numpy as np
    >>> red, blue = np.eye(3)[[0, 2]]
    >>> flag = np.array([[[red, red, red, blue]]]).repeat(4, axis=1).reshape(1, 4, 4, 3)
    >>> colors = ColorHistogram(bins=2)
    >>> colors.fit_transform(flag)
    array([[0.  , 0.25, 0.  , 0.  , 0.75, 0.  , 0.  , 0.  ]], dtype=float32)
    >>> colors.swatches_[4]
    array([0.75, 0.25, 0.25])
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **Extractor._parameter_constraints,
        "bins": [Interval(Integral, 1, None, closed="left"), "array-like"],
        "space": [StrOptions({"rgb", "hsv", "lab"})],
        "joint": ["boolean"],
        "grid": [Interval(Integral, 1, None, closed="left")],
    }

    def __init__(
        self,
        bins: int | Sequence[int] = 4,
        *,
        space: str = "rgb",
        joint: bool = True,
        grid: int = 1,
        image_shape: Sequence[int] | None = None,
    ) -> None:
        self.bins = bins
        self.space = space
        self.joint = joint
        self.grid = grid
        self.image_shape = image_shape

    def draw(self, columns: Any) -> NDArray[np.float32]:
        """Draw each cell as a stack of its colors, dark below, each as high as its share.

        Parameters
        ----------
        columns : ndarray (features, k)
            As of V or W. What is below zero is not drawn.

        Returns
        -------
        pictures : ndarray (k, h, w, 3)
            Colors on white, in [0, 1]. The fullest cell of a picture fills its square. Without
            `joint` a cell has a stack for each channel: hues in full color, saturation as that
            of red, values as grays.
        """
        cells = np.maximum(self._cells(columns), 0)
        if self.swatches_ is None:
            raise InvalidInputError(
                f"pictures of {self.channels_} channels have no colors to draw bins with"
            )
        k, down, across, count = cells.shape
        sizes = [count] if self.joint else self._counts()
        groups = np.split(np.arange(count), np.cumsum(sizes)[:-1])
        mass = np.stack([cells[..., group].sum(axis=-1) for group in groups])
        fullest = np.maximum(mass.max(axis=(0, 2, 3)), np.finfo(np.float32).tiny)
        side = cell_side(down, across)
        pictures = np.ones((k, down, side, across, side, 3), np.float32)
        air = 1 + 2 * (len(groups) > 1)
        for place in np.ndindex(k, down, across):
            i, row, column = place
            square = pictures[i, row, :, column]
            for group, part in zip(groups, cell_bounds(side, len(groups)), strict=True):
                shares = cells[place][group] / fullest[i]
                stack = square[1:-1, part.start + air : part.stop - air]
                _stack(stack, shares, self.swatches_[group])
        return pictures.reshape(k, down * side, across * side, 3)

    def _layout(self, pictures: Pictures) -> ImageLayout:
        counts = self._counts()
        total = int(np.prod(counts)) if self.joint else sum(counts)
        if not 0 < total <= _MOST:
            raise InvalidInputError(
                f"{' x '.join(map(str, counts))} bins are too many; take fewer bins, or joint=False"
            )
        self.swatches_: NDArray[np.float64] | None = None
        if self.channels_ in (1, 3):
            self.swatches_ = to_rgb(counts, self._space(), joint=self.joint)
        return ImageLayout(self.grid, self.grid, total)

    def _describe(self, picture: NDArray[np.float32]) -> NDArray[Any]:
        counts = self._counts()
        unit = np.clip(from_rgb(picture, self._space()), 0, 1)
        bins = np.minimum((unit * counts).astype(np.intp), np.subtract(counts, 1))
        if self.joint:
            bins = np.ravel_multi_index(tuple(np.moveaxis(bins, 2, 0)), counts)[..., None]
        else:
            bins += np.cumsum([0, *counts[:-1]])
        total = self.feature_layout_.channels
        rows, columns = (cell_bounds(length, self.grid) for length in picture.shape[:2])
        found = [[bins[row, column].ravel() for column in columns] for row in rows]
        return np.array([[np.bincount(b, minlength=total) / b.size for b in row] for row in found])

    def _space(self) -> str:
        return "gray" if self.channels_ == 1 else self.space

    def _counts(self) -> tuple[int, ...]:
        """Return the number of bins of each channel."""
        if self.space != "rgb" and self.channels_ not in (1, 3):
            raise InvalidInputError(
                f'space="{self.space}" is of colors; pictures of {self.channels_} channels '
                'need "rgb"'
            )
        counts = np.asarray(self.bins)
        if counts.dtype.kind not in "iu" or counts.shape not in {(), (self.channels_,)}:
            raise InvalidInputError(
                f"bins must be a whole number, or one for each of the {self.channels_} channel(s); "
                f"got {self.bins!r}"
            )
        if (counts < 1).any():
            raise InvalidInputError(f"a channel needs at least one bin, got bins={self.bins!r}")
        return tuple(int(count) for count in np.broadcast_to(counts, self.channels_))


def _stack(place: NDArray[np.float32], shares: NDArray[Any], colors: NDArray[Any]) -> None:
    """Fill a rectangle from below with colors, each as high as its share of the height."""
    order = np.argsort(luma(colors), kind="stable")
    tops = np.cumsum(shares[order])
    height = len(place)
    levels = (np.arange(height) + 0.5) / height
    which = np.searchsorted(tops, levels)
    filled = which < len(order)
    place[height - 1 - np.flatnonzero(filled)] = colors[order[which[filled]]][:, None]
