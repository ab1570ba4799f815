"""Face: where one was found in a picture, and how it is held."""

from __future__ import annotations

from dataclasses import dataclass

__all__ = ["Face"]

Point = tuple[float, float]


@dataclass(frozen=True)
class Face:
    """A face found in a picture. Places are (x, y) in pixels, x to the right and y down.

    Parameters
    ----------
    box : (left, top, width, height)
        A square from brows to chin about, upright whatever the angle.
    angle : float
        By how many degrees the face is turned clockwise, as it is seen.
    eyes : ((x, y), (x, y)) or None
        The eye on the left of the picture and the one on the right; None where they were
        not found.
    score : float
        How sure it is: about 1 at the least that counts, 3 to 10 for a plain face.

    Examples
    --------
    >>> face = Face((10.0, 20.0, 40.0, 40.0), 0.0, None, 4.0)
    >>> face.center, face.size
    ((30.0, 40.0), 40.0)
    """

    box: tuple[float, float, float, float]
    angle: float
    eyes: tuple[Point, Point] | None
    score: float

    @property
    def center(self) -> Point:
        """The middle of the box."""
        left, top, width, height = self.box
        return left + width / 2, top + height / 2

    @property
    def size(self) -> float:
        """The side of the box in pixels."""
        return self.box[2]
