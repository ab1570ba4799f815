"""find_faces: where faces are in a picture, upright or turned a little."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visnmf.errors import InvalidInputError
from visnmf.faces.cascades import Cascades, upright
from visnmf.faces.eyes import SIDE, find_eyes
from visnmf.faces.face import Face
from visnmf.faces.warping import warped
from visnmf.images.colors import luma
from visnmf.images.pictures import as_pictures

__all__ = ["FaceFinder", "check_white", "find_faces"]

_LEAST = 28  # pixels that the smallest face looked for is brought to
_UPSCALE = 3.0  # by at most
_SMALLEST = 36.0  # side of the smallest face, by default, in pixels of the picture
_SHARE = 0.05  # or of the shorter side, where that is more
_LONGEST = 4_000  # pixels that a side is looked at with
_TIGHT = 6  # times the smallest face: shorter pictures get a border, as faces may fill them
_ANGLE = 15.0  # between two looks at turned pictures
_MARGIN = round(0.3 * SIDE)  # beside a face that is looked at again
_AGAIN = 3.0  # windows of that look that are worth one vote of the first
_EYES_MOST = 7.0  # votes that eyes are worth
_ENOUGH = 22.0  # votes of all kinds that make a face of score 1
_WHITE = 2.0  # floats go a little beyond 1 where pictures were resized, not so far


def find_faces(
    picture: ArrayLike,
    *,
    min_face: float | None = None,
    tilt: float = 20.0,
    min_score: float = 1.0,
) -> list[Face]:
    """Find the faces in a picture that look at the camera, more or less.

    Parameters
    ----------
    picture : array, shape (h, w) or (h, w, channels)
        Floats in [0, 1], or whole numbers of 8 or 16 bits; gray or RGB.
    min_face : float, optional
        Side of the smallest face to look for, brows to chin, in pixels; by default 36, in large
        pictures a twentieth of the shorter side, and half of it in tiny ones.
    tilt : float
        Degrees to either side by which faces may be turned; 0 is three times as fast.
    min_score : float
        The least `Face.score` that counts. Less finds more faces, and more that are none.

    Returns
    -------
    faces : list of Face
        The largest first.

    Raises
    ------
    InvalidInputError
        If `picture` is no picture, or an option is out of range.
    MissingDependencyError
        If OpenCV has no cascades.

    Examples
    --------
    >>> from skimage.data import astronaut
    >>> [face] = find_faces(astronaut())
    >>> [round(x / 50) * 50 for x in (*face.center, face.size)]
    [200, 100, 100]
    """
    finder = FaceFinder(min_face=min_face, tilt=tilt, min_score=min_score)
    check_white(np.asarray(picture), "the picture")
    return finder.find(picture)


class FaceFinder:
    """Looks for faces in one picture after another; parameters and errors are `find_faces`'.

    A cascade looks at the picture three times, turned to either side and not. Where it fires
    often enough, that place is turned upright and looked at again, by two cascades and
    those of eyes; all their votes make the score.
    """

    def __init__(
        self, *, min_face: float | None = None, tilt: float = 20.0, min_score: float = 1.0
    ) -> None:
        _check_number("min_face", min_face, 1, 1e6)
        _check_number("tilt", tilt, 0, 45)
        _check_number("min_score", min_score, 0, 1e6)
        self.min_face = min_face
        self.tilt = tilt
        self.min_score = min_score
        beside = int(np.ceil(max(tilt - 5, 0) / _ANGLE))  # a cascade bears some degrees itself
        self.angles: list[float] = [_ANGLE * k for k in range(-beside, beside + 1)]
        self.cascades = Cascades()

    def find(self, picture: ArrayLike) -> list[Face]:
        """Return the faces in one picture, the largest first."""
        gray = _gray(picture)
        short = min(gray.shape)
        least = self.min_face or min(max(_SMALLEST, _SHARE * short), 0.5 * short)
        if short < 8 or least > 1.5 * short:
            return []
        faces = [self._looked_at_again(gray, spot) for spot in self._spots(gray, least)]
        found = [face for face in faces if face.score >= self.min_score]
        return sorted(_apart(found), key=lambda face: (-face.size, face.box))

    def _spots(self, gray: NDArray[np.uint8], least: float) -> NDArray[np.float64]:
        """Return what may be faces, shape (k, 5): middle x and y, side, angle, votes."""
        import cv2

        scale = min(_LEAST / least, _UPSCALE, _LONGEST / max(gray.shape))
        h, w = (max(round(side * scale), 1) for side in gray.shape)
        if min(h, w) < _LEAST / 2:  # a strip too narrow for a face
            return np.empty((0, 5))
        how = cv2.INTER_AREA if scale < 1 else cv2.INTER_CUBIC
        small: Any = cv2.resize(gray, (w, h), interpolation=how)
        small = cv2.createCLAHE(2.0, (8, 8)).apply(small)  # dark corners count too
        border = round(0.2 * min(h, w)) if min(gray.shape) < _TIGHT * least else 0
        spots = []
        for angle in self.angles:
            turned, back = upright(small, angle, border)
            windows = self.cascades.windows("face", turned, round(scale * least), step=1.15)
            middles = (windows[:, :2] @ back[:, :2].T + back[:, 2] + 0.5) / scale
            sides = windows[:, 2:3] / scale
            spots.append(np.hstack([middles, sides, np.full_like(sides, angle), windows[:, 3:]]))
        return _merged(np.concatenate(spots))

    def _looked_at_again(self, gray: NDArray[np.uint8], spot: NDArray[np.float64]) -> Face:
        import cv2

        x, y, side, angle, votes = spot.tolist()
        zoom, whole = SIDE / side, SIDE + 2 * _MARGIN
        there: Any = cv2.getRotationMatrix2D((x, y), angle, zoom)
        there[:, 2] += whole / 2 - x, whole / 2 - y
        face = warped(gray, there, (whole, whole))
        low, high = np.percentile(face, (2, 98))
        stretched = (face - low) * (255 / max(high - low, 16.0))
        face = stretched.clip(0, 255).astype(np.uint8)
        small = cv2.resize(face, None, fx=0.4, fy=0.4, interpolation=cv2.INTER_AREA)
        for name in ("face", "face again"):
            windows = self.cascades.windows(
                name, small, round(0.25 * SIDE), round(0.55 * SIDE), step=1.05, agreeing=0
            )
            off = np.abs(windows[:, :2] - len(small) / 2).max(axis=1, initial=0)
            votes += int(np.count_nonzero(off < 0.075 * SIDE)) / _AGAIN
        eyes, likely = None, 0.0
        if votes >= self.min_score * _ENOUGH - _EYES_MOST:
            eyes, likely = find_eyes(self.cascades, face, _MARGIN)
        score = (votes + min(likely, _EYES_MOST)) / _ENOUGH
        return _face(x, y, side, angle, score, eyes)


def _face(
    x: float, y: float, side: float, angle: float, score: float, eyes: NDArray[np.float64] | None
) -> Face:
    """Put a face together; `eyes` are in shares of its box, turned upright."""
    box = (x - side / 2, y - side / 2, side, side)
    if eyes is None:
        return Face(box, angle, None, score)
    turn = np.radians(angle)
    back = np.array([[np.cos(turn), np.sin(turn)], [-np.sin(turn), np.cos(turn)]]) * side
    left, right = ((eyes - 0.5) @ back + (x, y)).tolist()
    seen = float(np.degrees(np.arctan2(right[1] - left[1], right[0] - left[0])))
    return Face(box, seen, (tuple(left), tuple(right)), score)


def _merged(spots: NDArray[np.float64]) -> NDArray[np.float64]:
    """Make one of spots that are about the same, seen at several angles; add up their votes."""
    spots = spots[np.lexsort(spots.T)]
    x, y, sides, _, votes = spots.T
    apart = np.hypot(x[:, None] - x, y[:, None] - y)
    less, more = np.minimum(sides[:, None], sides), np.maximum(sides[:, None], sides)
    alike = (apart < 0.3 * less) & (more < 1.6 * less)
    left = np.ones(len(spots), dtype=bool)
    merged = []
    while left.any():
        best = int(np.argmax(np.where(left, alike @ (votes * left), -1)))
        these = spots[alike[best] & left]
        total = these[:, 4].sum()
        merged.append([*(these[:, 4] @ these[:, :4] / total), total])
        left &= apart[best] >= 0.5 * more[best]
    return np.reshape(merged, (-1, 5))


def _apart(faces: list[Face]) -> list[Face]:
    """Leave out a face whose middle lies in the box of a surer one, and the other way round."""
    kept: list[Face] = []
    for face in sorted(faces, key=lambda face: (-face.score, face.box)):
        away = (
            np.hypot(*np.subtract(face.center, other.center)) / max(face.size, other.size)
            for other in kept
        )
        if all(distance >= 0.5 for distance in away):
            kept.append(face)
    return kept


def check_white(picture: NDArray[Any], name: str) -> None:
    """Refuse floats whose white is not 1: in such a picture all is white, and no face is."""
    if picture.dtype.kind == "f" and picture.size and picture.max() > _WHITE:
        raise InvalidInputError(
            f"{name} is of floats up to {picture.max():g}; white must be 1: divide by 255, or "
            "give whole numbers of 8 or 16 bits"
        )


def _gray(picture: ArrayLike) -> NDArray[np.uint8]:
    values = np.asarray(picture)
    if values.ndim not in (2, 3) or not values.size or values.dtype.kind not in "fuib":
        raise InvalidInputError(
            f"a picture is an array (height, width) or (height, width, channels); got "
            f"{values.dtype} of shape {values.shape} (visnmf.load_pictures reads files)"
        )
    if values.dtype != np.uint8:
        values = as_pictures([values]).pictures[0]
        values = np.rint(values.clip(0, 1) * 255).astype(np.uint8)
    if values.ndim == 3:
        values = luma(values[..., :3]) if values.shape[2] in (3, 4) else values[..., 0]
    return np.ascontiguousarray(values)


def _check_number(name: str, value: Any, least: float, most: float) -> None:
    if value is None and name == "min_face":
        return
    number = isinstance(value, (int, float, np.integer, np.floating))
    if not number or not least <= value <= most:
        raise InvalidInputError(f"{name} must be a number from {least} to {most:g}, got {value!r}")
