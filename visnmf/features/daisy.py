"""DAISY: gradient directions around points of a grid, in petals that grow outwards."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Integral
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._param_validation import Interval, StrOptions

from visnmf.features.cells import as_gray, draw_cells, strokes
from visnmf.features.sized import SizedExtractor, at_edges
from visnmf.images.layout import ImageLayout

__all__ = ["Daisy"]

# Descriptors whose mean bin is below this are of flat places: noise is not to be blown up.
_FLOOR = 1e-3
# Pixels of a drawing's longer side, and of its smallest star.
_DRAWN, _SMALLEST = 240, 9


class Daisy(SizedExtractor):
    """DAISY descriptors (scikit-image's) at the points of a grid.

    A descriptor holds histograms of gradient directions (all round, so that dark to light differs
    from light to dark), smoothed by Gaussians: one at the point itself, then `histograms` of
    them on each of `rings` circles. Unlike the cells of `HOG` they overlap smoothly. Of color,
    the gray is taken.

    Parameters
    ----------
    step : int
        Pixels from one point to the next. Points cover all of the picture; at its edges it is
        continued.
    radius : int
        Of the outer circle, in pixels.
    rings, histograms, orientations : int
        Circles, histograms on each, and directions of each histogram: a descriptor has
        ``(rings * histograms + 1) * orientations`` values.
    norm : {"l1", "l2"} or None
        How a descriptor is normalized; one of a flat place stays near zero. None keeps
        strengths, which add up better.
    size : (height, width), optional
        What all pictures are resized to. Needed where they differ in size; without it a
        picture of another size than those of the fit is refused.
    image_shape : (h, w) or (h, w, channels), optional
        How a row becomes a picture, where X is rows.

    Attributes
    ----------
    feature_layout_ : ImageLayout
        Points down, points across; the values of a descriptor as channels.
    size_ : (int, int)
        Height and width at which pictures are described.
    channels_ : int
        Of the pictures of the fit.

    References
    ----------
    Tola, Lepetit & Fua. "DAISY: An efficient dense descriptor applied to wide-baseline stereo".
    PAMI, 2010.

    Examples
    --------
    >>> import numpy as np
    >>> daisy = Daisy(step=8, radius=6)
    >>> daisy.fit_transform(np.random.default_rng(0).random((2, 28, 28))).shape
    (2, 1664)
    >>> daisy.feature_layout_.shape
    (4, 4, 104)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **SizedExtractor._parameter_constraints,
        **dict.fromkeys(
            ("step", "radius", "rings", "histograms", "orientations"),
            [Interval(Integral, 1, None, closed="left")],
        ),
        "norm": [StrOptions({"l1", "l2"}), None],
    }

    def __init__(
        self,
        step: int = 8,
        *,
        radius: int = 8,
        rings: int = 2,
        histograms: int = 6,
        orientations: int = 8,
        norm: str | None = "l1",
        size: Sequence[int] | None = None,
        image_shape: Sequence[int] | None = None,
    ) -> None:
        self.step = step
        self.radius = radius
        self.rings = rings
        self.histograms = histograms
        self.orientations = orientations
        self.norm = norm
        self.size = size
        self.image_shape = image_shape

    def draw(self, columns: Any) -> NDArray[np.float32]:
        """Draw each histogram where it lies in the picture: rays along edges, light on their right.

        Parameters
        ----------
        columns : ndarray (features, k)
            As of V or W.

        Returns
        -------
        pictures : ndarray (k, h, w)
            As bright as bins are high; where stars overlap, the strongest shows. They are as
            wide as the Gaussians. With an edge for what lies around the picture.
        """
        cells = self._cells(columns)
        k, down, across, _ = cells.shape
        stars = cells.reshape(k, down, across, -1, self.orientations)
        widest = self.radius + self._span(self.rings)
        height, width = ((n - 1) * self.step + 1 + 2 * widest for n in (down, across))
        zoom = max(_DRAWN / max(height, width), _SMALLEST / self._span(1))
        pictures = np.zeros((k, round(height * zoom), round(width * zoom)), np.float32)
        # scikit-image's first direction points left; edges run across.
        angles = np.arange(self.orientations) * 2 * np.pi / self.orientations - 1.5 * np.pi
        for i, (y, x, ring) in enumerate(self._petals()):
            side = max(round(self._span(ring) * zoom), 1)
            drawn = draw_cells(stars[:, :, :, i], strokes(angles, side, rays=True))
            for row, column in np.ndindex(down, across):
                top = round((widest + row * self.step + y) * zoom - side / 2)
                left = round((widest + column * self.step + x) * zoom - side / 2)
                star = drawn[:, row * side :, column * side :][:, :side, :side]
                place = pictures[:, top : top + side, left : left + side]
                star = star[:, : place.shape[1], : place.shape[2]]
                np.copyto(place, star, where=np.abs(star) > np.abs(place))
        return pictures

    def _petals(self) -> list[tuple[float, float, int]]:
        """Return where each histogram lies from its point (down, right), and on which ring."""
        turns = 2 * np.pi * np.arange(self.histograms) / self.histograms
        around = [
            (
                ring / self.rings * self.radius * np.sin(t),
                ring / self.rings * self.radius * np.cos(t),
                ring,
            )
            for ring in range(1, self.rings + 1)
            for t in turns
        ]
        return [(0.0, 0.0, 1), *around]

    def _span(self, ring: int) -> float:
        """Return how wide the Gaussian of a ring is, two deviations (scikit-image's)."""
        return self.radius * ring / self.rings

    def _sized_layout(self, height: int, width: int, channels: int) -> ImageLayout:
        bins = (self.rings * self.histograms + 1) * self.orientations
        return ImageLayout(-(-height // self.step), -(-width // self.step), bins)

    def _describe_sized(self, picture: NDArray[np.float32]) -> NDArray[Any]:
        from skimage.feature import daisy

        down, across = self.feature_layout_.height, self.feature_layout_.width
        # With so many pixels the first and the last point are `radius` away from the ends.
        height, width = ((n - 1) * self.step + 1 + 2 * self.radius for n in (down, across))
        points = daisy(
            at_edges(as_gray(picture), height, width),
            step=self.step,
            radius=self.radius,
            rings=self.rings,
            histograms=self.histograms,
            orientations=self.orientations,
            normalization="off",
        )
        if self.norm is None:
            return points
        order = 1 if self.norm == "l1" else 2
        floor = _FLOOR * points.shape[2] ** (1 / order)
        return points / (np.linalg.norm(points, order, axis=2, keepdims=True) + floor)
