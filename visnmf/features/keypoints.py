"""Where OpenCV describes a picture, and by what: points found or on a grid, SIFT or ORB.

OpenCV's objects neither pickle nor stand several threads at a time: each call makes its own.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from visnmf.images.colors import luma
from visnmf.images.pictures import Pictures

__all__ = [
    "DETECTORS",
    "LEAST_KEYPOINTS",
    "describe",
    "gray_bytes",
    "strongest_places",
    "value_range",
]

DETECTORS = ("dense", "sift", "orb")

# A descriptor of the grid sees 16 x 16 pixels of a picture shrunk by each of these in turn. SIFT
# smooths by 1.6 pixels first: fine grain is seen only in a picture twice as large.
_SIDE = 16
_SHRINK = (0.5, 0.5**0.5, 1.0, 2**0.5, 2.0)
_STEP = 4
# OpenCV's SIFT sees four bins a side, each 1.5 times the size of the keypoint.
_SEEN = {"sift": 6.0, "orb": 1.0}
# Gray levels (standard deviation) below which a window of the grid shows nothing.
_FLAT = 1.0
# A point a scale.
LEAST_KEYPOINTS = len(_SHRINK)
# No detector finds anything in less, and ORB fails on lines of pixels.
_LEAST = 12

Described = tuple[NDArray[np.float32], NDArray[np.float32]]


def describe(gray: NDArray[np.uint8], detector: str, limit: int) -> Described:
    """Describe a picture at points.

    Parameters
    ----------
    gray : ndarray (h, w), uint8
        From `gray_bytes`.
    detector : {"dense", "sift", "orb"}
        "dense": upright SIFT on a grid, at five scales. "sift", "orb": where these find a
        blob or a corner, turned as that is.
    limit : int
        At most so many points: the strongest, or a wider grid. At least `LEAST_KEYPOINTS`.

    Returns
    -------
    windows : ndarray (points, 4), float32
        x, y of the middle, side, and angle (degrees, from right to down) of the square that each
        descriptor sees.
    descriptors : ndarray (points, 128 or 256), float32
        RootSIFT (roots of SIFT over its sum: Euclidean distance is then Hellinger's), or the
        256 bits of ORB as 0 and 1 (squared distance is then Hamming's).

    References
    ----------
    R. Arandjelovic and A. Zisserman, "Three things everyone should know to improve object
    retrieval", CVPR 2012.
    """
    if detector == "dense":
        return _described_densely(gray, limit)
    return _described_where_found(gray, detector, limit)


def value_range(pictures: Pictures) -> tuple[float, float]:
    """Return what is to be black and what white: 0 and 1, or beyond where values are."""
    low = min((float(picture.min()) for picture in pictures.pictures), default=0.0)
    high = max((float(picture.max()) for picture in pictures.pictures), default=1.0)
    return min(low, 0.0), max(high, 1.0)


def gray_bytes(picture: NDArray[np.float32], low: float, high: float) -> NDArray[np.uint8]:
    """Turn a picture (h, w, channels) into what OpenCV's detectors take: 8 bits of gray."""
    if picture.shape[2] == 1:
        gray = picture[:, :, 0]
    else:
        gray = luma(picture) if picture.shape[2] == 3 else picture.mean(axis=2)
    unit = (gray.astype(np.float64) - low) / (high - low)
    return np.rint(255 * np.clip(unit, 0, 1)).astype(np.uint8)


def strongest_places(gray: NDArray[np.uint8], size: tuple[int, int]) -> NDArray[np.intp]:
    """Return the upper left pixels (k, 2) of patches around SIFT's keypoints, strongest first.

    Those that leave the picture are left out, and a place found twice is told once.
    """
    keypoints = _detector("sift", 0).detect(gray, None) if min(gray.shape) >= _LEAST else ()
    if not keypoints:
        return np.empty((0, 2), np.intp)
    order = np.argsort([-keypoint.response for keypoint in keypoints], kind="stable")
    middle = np.array([keypoint.pt[::-1] for keypoint in keypoints])[order]
    corners = np.floor(middle + 0.5 - (np.array(size) - 1) / 2).astype(np.intp)
    corners = corners[((corners >= 0) & (corners + size <= gray.shape)).all(axis=1)]
    return corners[np.sort(np.unique(corners, axis=0, return_index=True)[1])]


def _described_where_found(gray: NDArray[np.uint8], detector: str, limit: int) -> Described:
    if min(gray.shape) < _LEAST:
        return _nothing(detector)
    keypoints, values = _detector(detector, limit).detectAndCompute(gray, None)
    if not len(keypoints):
        return _nothing(detector)
    # A tie at the limit leaves more than were asked for.
    order = np.argsort([-keypoint.response for keypoint in keypoints], kind="stable")[:limit]
    windows = np.array([(*k.pt, _SEEN[detector] * k.size, k.angle) for k in keypoints], np.float32)
    if detector == "orb":
        return windows[order], np.unpackbits(values[order], axis=1).astype(np.float32)
    return windows[order], _root(values[order])


def _described_densely(gray: NDArray[np.uint8], limit: int) -> Described:
    import cv2

    # What is smaller than the least window grows by its own edge pixels.
    least = round(_SIDE * _SHRINK[0])
    down, across = (max(least - side, 0) for side in gray.shape)
    top, left = down // 2, across // 2
    edges = (top, down - top, left, across - left)
    grown: Any = cv2.copyMakeBorder(gray, *edges, cv2.BORDER_REPLICATE)
    levels = [tuple(round(side / shrink) for side in grown.shape) for shrink in _SHRINK]
    levels = [level for level in levels if min(level) >= _SIDE]
    step = _grid_step(levels, limit)
    sift, windows, descriptors = _detector("sift", 0), [], []
    for height, width in levels:
        smooth = cv2.INTER_AREA if height < grown.shape[0] else cv2.INTER_LINEAR
        level = cv2.resize(grown, (width, height), interpolation=smooth)
        y, x = np.meshgrid(_grid(height, step), _grid(width, step), indexing="ij")
        seen = _contrast(level)[y, x] >= _FLAT
        if not seen.any():
            continue
        places = np.column_stack([x[seen], y[seen]])
        size = _SIDE / _SEEN["sift"]
        keypoints = [cv2.KeyPoint(float(x), float(y), size, 0.0) for x, y in places]
        descriptors.append(sift.compute(level, keypoints)[1])
        # Back to the pixels of the picture as it was given; a window ends before its last pixel.
        back = np.array([grown.shape[1] / width, grown.shape[0] / height])
        middle = places * back - 0.5 - (left, top)
        side = np.full((len(places), 1), _SIDE * back.mean())
        windows.append(np.hstack([middle, side, np.zeros_like(side)]))
    if not windows:
        return _nothing("dense")
    return np.concatenate(windows).astype(np.float32), _root(np.concatenate(descriptors))


def _grid_step(levels: list[tuple[int, ...]], limit: int) -> int:
    """Return the least step at which the grids of all levels together keep to the limit."""
    step = _STEP
    while sum(len(_grid(h, step)) * len(_grid(w, step)) for h, w in levels) > limit:
        step += 1
    return step


def _grid(side: int, step: int) -> NDArray[np.intp]:
    """Return the middles of windows along one side, as far from either end."""
    rest = (side - _SIDE) % step
    return np.arange(_SIDE // 2 + rest // 2, side - _SIDE // 2 + 1, step)


def _contrast(level: NDArray[Any]) -> NDArray[np.float32]:
    """Return the standard deviation of the window around each pixel."""
    import cv2

    values = level.astype(np.float32) - 127.5
    mean, square = (cv2.blur(v, (_SIDE, _SIDE)) for v in (values, values * values))
    return np.sqrt(np.maximum(square - mean * mean, 0))


def _detector(name: str, limit: int) -> Any:
    import cv2

    cv: Any = cv2  # its stubs leave detectors out
    if name == "sift":
        return cv.SIFT_create(nfeatures=limit)
    # Half of a descriptor's side: with the default of 31, pictures of 62 pixels have no points.
    return cv.ORB_create(nfeatures=limit, edgeThreshold=15)


def _root(descriptors: NDArray[np.float32]) -> NDArray[np.float32]:
    """Return RootSIFT: the root of each value's share."""
    return np.sqrt(descriptors / np.maximum(descriptors.sum(axis=1, keepdims=True), 1e-12))


def _nothing(detector: str) -> Described:
    width = 256 if detector == "orb" else 128
    return np.empty((0, 4), np.float32), np.empty((0, width), np.float32)
