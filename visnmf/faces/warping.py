"""A piece of a picture, turned and scaled, without the jagged edges that shrinking makes."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["warped"]


def warped(
    picture: NDArray[Any], there: NDArray[np.float64], size: tuple[int, int]
) -> NDArray[Any]:
    """Cut a piece out of a picture by a similarity.

    Parameters
    ----------
    picture : array of uint8 or float32, shape (h, w) or (h, w, channels)
        One picture.
    there : array, shape (2, 3)
        From places (x, y) in the picture to places in the piece; (0, 0) is the upper left
        corner of the upper left pixel of either.
    size : (height, width)
        Of the piece.

    Returns
    -------
    piece : array, shape (height, width) or (height, width, channels)
        Of the same dtype. What lies outside the picture is as its nearest pixel.
    """
    import cv2

    back: Any = cv2.invertAffineTransform(there)
    corner, picture = _around(picture, back, size)
    # Where the piece is smaller it is drawn several times as large, then averaged over blocks.
    fine = max(int(np.ceil(np.hypot(back[0, 0], back[1, 0]) - 1e-9)), 1)
    back = np.hstack([back[:, :2] / fine, back[:, 2:] - corner[:, None]])
    back[:, 2] += back[:, :2].sum(axis=1) / 2 - 0.5  # OpenCV counts from the middle of pixels
    drawn = cv2.warpAffine(
        picture,
        back,
        (size[1] * fine, size[0] * fine),
        flags=(cv2.INTER_CUBIC if fine == 1 else cv2.INTER_LINEAR) | cv2.WARP_INVERSE_MAP,
        borderMode=cv2.BORDER_REPLICATE,
    )
    if fine > 1:
        drawn = cv2.resize(drawn, size[::-1], interpolation=cv2.INTER_AREA)
    elif drawn.dtype.kind == "f":
        drawn = drawn.clip(0, 1)  # cubic interpolation goes beyond
    return drawn


def _around(
    picture: NDArray[Any], back: NDArray[np.float64], size: tuple[int, int]
) -> tuple[NDArray[np.float64], NDArray[Any]]:
    """Cut off what lies far from the piece: OpenCV warps no side longer than 32,767 pixels."""
    h, w = picture.shape[:2]
    corners = np.array([(0, 0), (size[1], 0), (0, size[0]), (size[1], size[0])])
    places = corners @ back[:, :2].T + back[:, 2]
    low = np.clip(np.floor(places.min(axis=0)) - 4, 0, (w - 1, h - 1)).astype(int)
    high = np.clip(np.ceil(places.max(axis=0)) + 4, low + 1, (w, h)).astype(int)
    return low.astype(np.float64), picture[low[1] : high[1], low[0] : high[0]]
