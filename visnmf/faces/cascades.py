"""OpenCV's cascades of Haar features: windows of a picture that look like a face, or an eye."""

from __future__ import annotations

import os
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visnmf.errors import MissingDependencyError

__all__ = ["Cascades", "upright"]

_FILES = {
    "face": "haarcascade_frontalface_alt2.xml",
    "face again": "haarcascade_frontalface_default.xml",
    "eye": "haarcascade_eye.xml",
    "eye with glasses": "haarcascade_eye_tree_eyeglasses.xml",
    "left eye": "haarcascade_lefteye_2splits.xml",
    "right eye": "haarcascade_righteye_2splits.xml",
}


class Cascades:
    """The cascades that ship with OpenCV 4, loaded once [1]_. For one thread at a time.

    Raises
    ------
    MissingDependencyError
        If there is no OpenCV, or one without them.

    References
    ----------
    .. [1] P. Viola, M. Jones, "Rapid object detection using a boosted cascade of simple
       features", CVPR 2001; R. Lienhart, J. Maydt, "An extended set of Haar-like features
       for rapid object detection", ICIP 2002.
    """

    def __init__(self) -> None:
        try:
            import cv2
        except ImportError as error:
            raise MissingDependencyError(_missing("OpenCV cannot be imported")) from error
        folder = getattr(getattr(cv2, "data", None), "haarcascades", "")
        if not hasattr(cv2, "CascadeClassifier") or not os.path.isdir(folder):
            raise MissingDependencyError(_missing(f"OpenCV {cv2.__version__} has none"))
        self._loaded = {}
        for name, file in _FILES.items():
            self._loaded[name] = cv2.CascadeClassifier(os.path.join(folder, file))
            if self._loaded[name].empty():
                raise MissingDependencyError(_missing(f"{file} cannot be loaded"))

    def windows(
        self,
        name: str,
        gray: NDArray[np.uint8],
        least: int,
        most: int = 0,
        *,
        step: float = 1.1,
        agreeing: int = 1,
    ) -> NDArray[np.float64]:
        """Return where a cascade fires, shape (k, 4): middle x and y, side, and votes.

        Parameters
        ----------
        name : str
            Which cascade.
        gray : array of uint8, shape (h, w)
            The picture.
        least, most : int
            Sides of the smallest and the largest window; 0 is any.
        step : float
            From one size of windows to the next.
        agreeing : int
            Windows that must agree beside one, to be reported as one; 0 reports each alone.

        Returns
        -------
        windows : array of float64
            Sorted, since threads find them in any order.
        """
        if min(gray.shape) < max(least, 24):
            return np.empty((0, 4))
        boxes, votes = self._loaded[name].detectMultiScale2(
            gray, scaleFactor=step, minNeighbors=agreeing, minSize=(least, least),
            maxSize=(most, most),
        )  # fmt: skip
        if not len(boxes):
            return np.empty((0, 4))
        corners = np.asarray(boxes, np.float64)
        sides = corners[:, 2]
        middles = corners[:, :2] + sides[:, None] / 2 - 0.5
        counts = np.asarray(votes, np.float64).ravel() if agreeing else np.ones(len(sides))
        found = np.column_stack([middles, sides, counts])
        return found[np.lexsort(found.T)]


def upright(
    gray: NDArray[np.uint8], angle: float, border: int = 0
) -> tuple[NDArray[np.uint8], NDArray[np.float64]]:
    """Turn a picture so that what is turned clockwise by `angle` in it stands upright.

    Parameters
    ----------
    gray : array of uint8, shape (h, w)
        The picture.
    angle : float
        Degrees.
    border : int
        Pixels to add on all sides, as the outermost ones are.

    Returns
    -------
    turned : array of uint8
        Large enough to hold all of it.
    back : array of float64, shape (2, 3)
        From places in `turned` to places in the picture.
    """
    import cv2

    h, w = gray.shape
    if angle == 0:
        bordered: Any = gray
        if border:
            bordered = cv2.copyMakeBorder(gray, *(border,) * 4, cv2.BORDER_REPLICATE)
        return bordered, np.array([[1.0, 0, -border], [0, 1, -border]])
    there = cv2.getRotationMatrix2D(((w - 1) / 2, (h - 1) / 2), angle, 1)
    cos, sin = abs(there[0, 0]), abs(there[0, 1])
    wide, high = (int(np.ceil(a + 2 * border)) for a in (w * cos + h * sin, w * sin + h * cos))
    there[:, 2] += (wide - w) / 2, (high - h) / 2
    turned: Any = cv2.warpAffine(gray, there, (wide, high), borderMode=cv2.BORDER_REPLICATE)
    back: Any = cv2.invertAffineTransform(there)
    return turned, back


def _missing(why: str) -> str:
    return (
        f"faces are found by the cascades that ship with OpenCV 4, and {why}; install them with "
        'pip install "opencv-python-headless>=4.10,<5"'
    )
