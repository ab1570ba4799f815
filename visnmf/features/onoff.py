"""ON and OFF contrast: what is brighter and what is darker than its surround."""

from __future__ import annotations

from collections.abc import Sequence
from numbers import Real
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray
from sklearn.utils._param_validation import Interval

from visnmf.features.sized import SizedExtractor
from visnmf.images.layout import ImageLayout
from visnmf.images.signs import join_signs, split_signs

__all__ = ["OnOff"]

# A quarter of a step of 8 bits: contrast below that is no contrast.
_FLOOR = 1e-3


class OnOff(SizedExtractor):
    """The contrast of pictures in an ON and an OFF channel, as the retina has it.

    The contrast is c = G_center * x - G_surround * x, the picture (blurred by a Gaussian, if you
    like) minus its local mean. NMF takes no signs, so it is split: ON = max(c, 0) and
    OFF = max(-c, 0). Light and shade that change slowly are gone, and parts may be dark.

    Parameters
    ----------
    surround : float
        Standard deviation of the Gaussian of the local mean, in pixels.
    center : float
        That of the Gaussian that blurs the picture first; 0 leaves it as it is.
    normalize : bool
        Divide the contrast by its local deviation (over the surround, and no less than its
        mean over the picture), so that weak and strong edges count alike.
    size : (height, width), optional
        What all pictures are resized to. Needed where they differ in size; without it a
        picture of another size than those of the fit is refused.
    image_shape : (h, w) or (h, w, channels), optional
        How a row becomes a picture, where X is rows.

    Attributes
    ----------
    feature_layout_ : ImageLayout
        Height and width of the pictures; all channels of ON, then all of OFF.
    size_ : (int, int)
        Height and width at which pictures are described.
    channels_ : int
        Of the pictures of the fit.

    See Also
    --------
    visnmf.features.split_signs : The same for any signed V.

    References
    ----------
    Hoyer. "Modeling receptive fields with non-negative sparse coding". Neurocomputing, 2003.
    Jarrett, Kavukcuoglu, Ranzato & LeCun. "What is the best multi-stage architecture for object
    recognition?" ICCV 2009 (the local deviation).

    Examples
    --------
    >>> import numpy as np
    >>> dot = np.full((1, 9, 9), 0.5)
    >>> dot[0, 4, 4] = 1
    >>> onoff = OnOff(surround=1.0)
    >>> features = onoff.fit_transform(dot).reshape(9, 9, 2)
    >>> features[4, 4].round(2)  # ON in the middle,
    array([0.42, 0.  ], dtype=float32)
    >>> features[4, 5].round(2)  # OFF around it
    array([0.  , 0.05], dtype=float32)
    """

    _parameter_constraints: ClassVar[dict[str, list[Any]]] = {
        **SizedExtractor._parameter_constraints,
        "surround": [Interval(Real, 0, None, closed="neither")],
        "center": [Interval(Real, 0, None, closed="left")],
        "normalize": ["boolean"],
    }

    def __init__(
        self,
        surround: float = 2.0,
        *,
        center: float = 0.0,
        normalize: bool = False,
        size: Sequence[int] | None = None,
        image_shape: Sequence[int] | None = None,
    ) -> None:
        self.surround = surround
        self.center = center
        self.normalize = normalize
        self.size = size
        self.image_shape = image_shape

    def draw(self, columns: Any) -> NDArray[np.float32]:
        """Join ON and OFF again.

        Parameters
        ----------
        columns : ndarray (features, k)
            As of V or W.

        Returns
        -------
        pictures : ndarray (k, h, w) or (k, h, w, channels)
            ON minus OFF, of either sign.
        """
        joined = join_signs(self._cells(columns), axis=-1)
        return joined[..., 0] if joined.shape[-1] == 1 else joined

    def _sized_layout(self, height: int, width: int, channels: int) -> ImageLayout:
        return ImageLayout(height, width, 2 * channels)

    def _describe_sized(self, picture: NDArray[np.float32]) -> NDArray[Any]:
        sharp = _blurred(picture, self.center) if self.center else picture
        contrast = sharp - _blurred(picture, self.surround)
        if self.normalize:
            deviation = np.sqrt(_blurred(contrast**2, self.surround))
            contrast /= np.maximum(deviation, max(deviation.mean(), _FLOOR))
        return split_signs(contrast, axis=-1)


def _blurred(picture: NDArray[np.float32], sigma: float) -> NDArray[np.float32]:
    """Return the local mean of a picture, mirrored at its edges."""
    import cv2

    blurred = cv2.GaussianBlur(picture, (0, 0), sigma, borderType=cv2.BORDER_REFLECT_101)
    return np.asarray(blurred, np.float32).reshape(picture.shape)
