"""Gabor energies: how much of each frequency and direction a picture holds, and where."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._param_validation import Interval

from visnmf.errors import InvalidInputError
from visnmf.features.base import Extractor
from visnmf.features.cells import as_gray, cell_means, cell_side, draw_cells
from visnmf.images.fitting import fit_values
from visnmf.images.layout import ImageLayout
from visnmf.images.pictures import Pictures
from visnmf.images.settings import checked_size

__all__ = ["Gabor"]


class Gabor(Extractor):
    """Energies of a bank of Gabor filters (scikit-image's), averaged over a grid of cells.

    The energy is |x * g| with a complex filter g: the amplitude of the waves of its frequency
    and direction, wherever their crests are; a wave of amplitude a gives about a / 2. The
    filters' means are taken out, so that brightness does not count. Twice the contrast gives
    twice the features. Of color, the gray is taken.

    Parameters
    ----------
    frequencies : sequence of floats
        In waves a pixel, above 0 and below 0.5. By default an octave apart.
    orientations : int
        Directions: waves go rightwards (vertical stripes), then turned by 180 / `orientations`
        degrees each, down and round.
    grid : int
        Cells down and across over which energies are averaged. So pictures may be of any size.
    size : (height, width), optional
        What all pictures are resized to first, so that frequencies are those of things, not
        of pixels.
    image_shape : (h, w) or (h, w, channels), optional
        How a row becomes a picture, where X is rows.

    Attributes
    ----------
    feature_layout_ : ImageLayout
        `grid` x `grid`; a channel for each frequency and, fastest, direction.
    kernels_ : list of ndarray
        The filters, complex, in the order of the channels.
    channels_ : int
        Of the pictures of the fit.

    References
    ----------
    Jain & Farrokhnia. "Unsupervised texture segmentation using Gabor filters". Pattern
    Recognition, 1991.
    Oliva & Torralba. "Modeling the shape of the scene". IJCV, 2001 (the grid).

    Examples
    --------
    >>> import numpy as np
    >>> waves = 0.5 + 0.4 * np.sin(2 * np.pi * 0.16 * np.arange(50)) * np.ones((1, 50, 1))
    >>> gabor = Gabor(orientations=4, grid=1)
    >>> gabor.fit_transform(waves).reshape(3, 4).round(1)
    array([[0. , 0. , 0. , 0. ],
           [0.2, 0. , 0. , 0. ],
           [0. , 0. , 0. , 0. ]], dtype=float32)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **Extractor._parameter_constraints,
        "frequencies": ["array-like"],
        "orientations": [Interval(Integral, 1, None, closed="left")],
        "grid": [Interval(Integral, 1, None, closed="left")],
        "size": ["array-like", None],
    }

    def __init__(
        self,
        frequencies: Sequence[float] = (0.08, 0.16, 0.32),
        *,
        orientations: int = 6,
        grid: int = 4,
        size: Sequence[int] | None = None,
        image_shape: Sequence[int] | None = None,
    ) -> None:
        self.frequencies = frequencies
        self.orientations = orientations
        self.grid = grid
        self.size = size
        self.image_shape = image_shape

    def draw(self, columns: Any) -> NDArray[np.float32]:
        """Draw each cell as the crests of the waves in it; lower frequencies are wider.

        Parameters
        ----------
        columns : ndarray (features, k)
            As of V or W.

        Returns
        -------
        pictures : ndarray (k, h, w)
            As bright as energies are high. Frequencies keep their order and their ratios, not
            their number of pixels, since a cell may be of any size.
        """
        cells = self._cells(columns)
        side = cell_side(cells.shape[1], cells.shape[2], least=24)
        return draw_cells(cells, _crests(self._frequencies(), self._angles(), side))

    def _layout(self, pictures: Pictures) -> ImageLayout:
        self.kernels_: list[NDArray[np.complex64]] = [
            _kernel(frequency, angle)
            for frequency in self._frequencies()
            for angle in self._angles()
        ]
        return ImageLayout(self.grid, self.grid, len(self.kernels_))

    def _describe(self, picture: NDArray[np.float32]) -> NDArray[Any]:
        if self.size is not None:
            picture = fit_values(picture, checked_size(self.size), "resize")
        gray = as_gray(picture)
        energies = [cell_means(_energy(gray, kernel), self.grid) for kernel in self.kernels_]
        return np.stack(energies, axis=-1)

    def _frequencies(self) -> NDArray[np.float64]:
        given = np.asarray(self.frequencies)
        if given.ndim != 1 or not given.size or given.dtype.kind not in "fiu":
            raise InvalidInputError(f"frequencies must be some numbers, got {self.frequencies!r}")
        if not ((given > 0) & (given < 0.5)).all():
            raise InvalidInputError(
                f"frequencies are waves a pixel, above 0 and below 0.5; got {self.frequencies!r}"
            )
        return given.astype(np.float64)

    def _angles(self) -> NDArray[np.float64]:
        return np.arange(self.orientations) * np.pi / self.orientations


def _kernel(frequency: float, angle: float) -> NDArray[np.complex64]:
    """Make one filter whose sum is zero."""
    from skimage.filters import gabor_kernel

    kernel = gabor_kernel(frequency, theta=angle)
    envelope = np.abs(kernel)
    kernel = kernel - envelope * (kernel.sum() / envelope.sum())
    return kernel.astype(np.complex64)


def _energy(gray: NDArray[np.float32], kernel: NDArray[np.complex64]) -> NDArray[np.float32]:
    """Return the amplitude at each pixel, the picture mirrored at its edges."""
    import cv2

    # A filter that is symmetric up to conjugation has the same energy turned round.
    even, odd = (
        cv2.filter2D(gray, cv2.CV_32F, np.ascontiguousarray(half), borderType=cv2.BORDER_REFLECT)
        for half in (kernel.real, kernel.imag)
    )
    return np.hypot(even, odd)


def _crests(
    frequencies: NDArray[np.float64], angles: NDArray[np.float64], side: int
) -> NDArray[np.float32]:
    """Draw the bright halves of waves in round windows, the lowest frequency about a bar."""
    y, x = np.mgrid[:side, :side] - (side - 1) / 2
    window = np.clip(0.47 * side - np.hypot(x, y), 0, 1)
    glyphs = []
    for frequency in frequencies / frequencies.min() * (1.2 / side):
        for angle in angles:
            wave = np.cos(2 * np.pi * frequency * (x * np.cos(angle) + y * np.sin(angle)))
            glyphs.append(np.maximum(wave, 0) * window)
    return np.stack(glyphs).astype(np.float32)
