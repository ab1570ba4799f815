"""Histograms of oriented gradients: which way edges run, cell by cell."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._param_validation import Interval, StrOptions

from visnmf.features.cells import cell_side, draw_cells, strokes
from visnmf.features.sized import SizedExtractor, at_edges
from visnmf.images.layout import ImageLayout

__all__ = ["HOG"]


class HOG(SizedExtractor):
    """Histograms of oriented gradients (scikit-image's), a cell a pixel of what comes out.

    Bin k of a cell sums up the gradients between k and k + 1 times 180 / `orientations` degrees,
    from rightwards (0: a vertical edge) to downwards (90: a horizontal one), weighted by how
    strong they are. Cells are normalized by the blocks that they lie in; a cell in several
    blocks gets the mean of its copies (as in Felzenszwalb et al.), not all of them: so it
    appears once, and parts learned from it can be drawn.

    Parameters
    ----------
    orientations : int
        Bins of a cell.
    cell : int
        Side of a cell in pixels. Pictures are continued at their edges up to whole cells.
    block : int
        Side of a block in cells, for normalization; 1 makes each cell one of its own.
    norm : {"L2-Hys", "L2", "L1", "L1-sqrt"}
        How blocks are normalized: scikit-image's `block_norm`.
    size : (height, width), optional
        What all pictures are resized to. Needed where they differ in size; without it a
        picture of another size than those of the fit is refused.
    image_shape : (h, w) or (h, w, channels), optional
        How a row becomes a picture, where X is rows.

    Attributes
    ----------
    feature_layout_ : ImageLayout
        Cells down, cells across, `orientations` channels.
    size_ : (int, int)
        Height and width at which pictures are described.
    channels_ : int
        Of the pictures of the fit; at each pixel the channel of the steepest gradient counts.

    References
    ----------
    Dalal & Triggs. "Histograms of oriented gradients for human detection". CVPR 2005.
    Felzenszwalb, Girshick, McAllester & Ramanan. "Object detection with discriminatively
    trained part-based models". PAMI 2010.

    Examples
    --------
    >>> import numpy as np
    >>> edge = np.repeat([0.0, 1.0], 8) * np.ones((1, 16, 1))
    >>> hog = HOG(orientations=4, cell=16, norm="L1")
    >>> hog.fit_transform(edge).round(3)
    array([[1., 0., 0., 0.]], dtype=float32)
    >>> hog.draw(np.eye(4)).shape
    (4, 240, 240)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **SizedExtractor._parameter_constraints,
        "orientations": [Interval(Integral, 1, None, closed="left")],
        "cell": [Interval(Integral, 1, None, closed="left")],
        "block": [Interval(Integral, 1, None, closed="left")],
        "norm": [StrOptions({"L2-Hys", "L2", "L1", "L1-sqrt"})],
    }

    def __init__(
        self,
        orientations: int = 9,
        *,
        cell: int = 8,
        block: int = 2,
        norm: str = "L2-Hys",
        size: Sequence[int] | None = None,
        image_shape: Sequence[int] | None = None,
    ) -> None:
        self.orientations = orientations
        self.cell = cell
        self.block = block
        self.norm = norm
        self.size = size
        self.image_shape = image_shape

    def draw(self, columns: Any) -> NDArray[np.float32]:
        """Draw each cell as a star: a line along the edges that each bin stands for.

        Parameters
        ----------
        columns : ndarray (features, k)
            As of V or W.

        Returns
        -------
        pictures : ndarray (k, h, w)
            As bright as bins are high. At least 16 pixels a cell.
        """
        cells = self._cells(columns)
        count = cells.shape[3]
        # Edges run across the gradient in the middle of the bin.
        angles = (np.arange(count) + 0.5) * np.pi / count + np.pi / 2
        return draw_cells(cells, strokes(angles, cell_side(cells.shape[1], cells.shape[2])))

    def _sized_layout(self, height: int, width: int, channels: int) -> ImageLayout:
        return ImageLayout(-(-height // self.cell), -(-width // self.cell), self.orientations)

    def _describe_sized(self, picture: NDArray[np.float32]) -> NDArray[Any]:
        from skimage.feature import hog

        down, across = self.feature_layout_.height, self.feature_layout_.width
        block = min(self.block, down), min(self.block, across)
        blocks = hog(
            at_edges(picture, down * self.cell, across * self.cell),
            orientations=self.orientations,
            pixels_per_cell=(self.cell, self.cell),
            cells_per_block=block,
            block_norm=self.norm,
            feature_vector=False,
            channel_axis=2,
        )
        return _mean_of_copies(blocks)


def _mean_of_copies(blocks: NDArray[Any]) -> NDArray[Any]:
    """Average what each block says of a cell, from (down, across, b, b, bins) to a cell a place."""
    down, across, b_down, b_across, bins = blocks.shape
    cells = np.zeros((down + b_down - 1, across + b_across - 1, bins))
    copies = np.zeros((*cells.shape[:2], 1))
    for i in range(b_down):
        for j in range(b_across):
            cells[i : i + down, j : j + across] += blocks[:, :, i, j]
            copies[i : i + down, j : j + across] += 1
    return cells / copies
