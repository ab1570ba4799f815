"""Windows: where the patches of a picture lie; cutting them out, and laying them back."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.lib.stride_tricks import sliding_window_view
from numpy.typing import NDArray

from visnmf.images.patches import starts

__all__ = ["Windows"]


@dataclass(frozen=True, eq=False)
class Windows:
    """The places of equal patches in one picture, row after row.

    Parameters
    ----------
    shape : (h, w, channels)
        Of the picture, no smaller than a patch.
    size : (height, width)
        Of a patch.
    stride : int
        Pixels from one patch to the next. The last one of a row or column is moved back to end
        at the edge, so that all is covered.
    """

    shape: tuple[int, int, int]
    size: tuple[int, int]
    stride: int

    @property
    def rows(self) -> NDArray[np.intp]:
        """The upper edges of the patches."""
        return starts(self.shape[0] - self.size[0], self.stride)

    @property
    def columns(self) -> NDArray[np.intp]:
        """Their left edges."""
        return starts(self.shape[1] - self.size[1], self.stride)

    @property
    def grid(self) -> tuple[int, int]:
        """How many patches there are, downwards and across."""
        return len(self.rows), len(self.columns)

    def __len__(self) -> int:
        down, across = self.grid
        return down * across

    def cut(self, picture: NDArray[np.float32], rows: slice = slice(None)) -> NDArray[np.float32]:
        """Cut patches out of a picture (h, w, channels), one a row of (count, values).

        Parameters
        ----------
        picture : ndarray (h, w, channels)
            The picture.
        rows : slice
            Which rows of patches; all of them if not given.
        """
        views = sliding_window_view(picture, self.size, axis=(0, 1))  # (.., .., channels, h, w)
        chosen = views[self.rows[rows, None], self.columns[None, :]]
        values = self.size[0] * self.size[1] * self.shape[2]
        return np.moveaxis(chosen, 2, -1).reshape(-1, values)

    def lay(
        self, patches: NDArray[np.float32], weights: NDArray[np.float32] | None = None
    ) -> NDArray[np.float32]:
        """Lay patches over each other into a picture: at each pixel the mean of those on it.

        Parameters
        ----------
        patches : ndarray (count, values)
            In the order of `cut`.
        weights : ndarray (count,), optional
            How much each patch counts. Where all that lies on a pixel weighs nothing, or no
            patch lies, the pixel is 0.

        Returns
        -------
        ndarray (h, w, channels), float32
        """
        total, counts = self.sums(patches, weights)
        return np.divide(total, counts, out=np.zeros_like(total), where=counts > 0)

    def sums(
        self,
        patches: NDArray[np.float32],
        weights: NDArray[np.float32] | None = None,
        rows: slice = slice(None),
    ) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
        """Lay patches over each other, and tell how much lies on each pixel.

        Parameters
        ----------
        patches, weights
            As of `lay`.
        rows : slice
            Which rows of patches they are, as of `cut`.

        Returns
        -------
        total : ndarray (h, w, channels), float32
            Sums of weight times value, over the pixels from the first of these rows to the last.
        counts : ndarray (h, w, 1), float32
            Sums of weights.
        """
        tops, lefts = self.rows[rows], self.columns
        grid = (len(tops), len(lefts))
        height = int(tops[-1] - tops[0]) + self.size[0]
        weight = np.ones(grid, np.float32) if weights is None else weights.reshape(grid)
        stack = patches.reshape(*grid, *self.size, self.shape[2])
        if weights is not None:
            stack = stack * weight[:, :, None, None, None]
        total = np.zeros((height, *self.shape[1:]), np.float32)
        counts = np.zeros((height, self.shape[1], 1), np.float32)
        for i in range(self.size[0]):
            for j in range(self.size[1]):
                place = np.ix_(tops - tops[0] + i, lefts + j)
                if self.stride == 1:  # then the places are a block
                    block = np.s_[i : i + grid[0], j : j + grid[1]]
                    total[block] += stack[:, :, i, j]
                    counts[block] += weight[:, :, None]
                else:
                    total[place] += stack[:, :, i, j]
                    counts[place] += weight[:, :, None]
        return total, counts
