"""The common frame: both eyes of every face at the same places."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from visnmf.faces.eyes import EYES_APART, EYES_DOWN
from visnmf.faces.face import Face
from visnmf.faces.warping import warped

__all__ = ["EYES", "frame_face", "to_frame"]

EYES = (0.38, 0.36)
"""Where eyes come to: how far down, and how far from each other; hair and chin just fit in."""


def frame_face(
    picture: NDArray[Any],
    face: Face,
    size: tuple[int, int],
    *,
    eyes: tuple[float, float] = EYES,
) -> NDArray[Any]:
    """Turn, scale and shift a face so that its eyes come to fixed places.

    Parameters
    ----------
    picture : array of uint8 or float32, shape (h, w) or (h, w, channels)
        What the face was found in.
    face : Face
        Where its eyes were not found, they are taken to be where they usually are in a box.
    size : (height, width)
        Of the frame.
    eyes : (down, apart)
        How far down the eyes lie, as a share of the height, and how far from each
        other, as a share of the width. They lie on one row, the nose in the middle.

    Returns
    -------
    framed : array, shape (height, width) or (height, width, channels)
        Of the dtype of `picture`; smoothed where it shrinks. What lies outside the picture is
        as its nearest pixel.
    """
    return warped(picture, to_frame(face, size, eyes=eyes), size)


def to_frame(
    face: Face, size: tuple[int, int], *, eyes: tuple[float, float] = EYES
) -> NDArray[np.float64]:
    """Return the similarity that takes places (x, y) of a picture to the frame, shape (2, 3).

    Parameters
    ----------
    face, size, eyes
        As of `frame_face`.
    """
    left, right = np.array(face.eyes if face.eyes is not None else _usual_eyes(face))
    height, width = size
    down, apart = eyes
    # As complex numbers, a similarity is z -> a z + b
    a = apart * width / (complex(*right) - complex(*left))
    b = complex(width * (1 - apart) / 2, height * down) - a * complex(*left)
    return np.array([[a.real, -a.imag, b.real], [a.imag, a.real, b.imag]])


def _usual_eyes(face: Face) -> NDArray[np.float64]:
    """Return where eyes usually are in the box of a face, turned as it is."""
    turn = np.radians(face.angle)
    across = np.array([np.cos(turn), np.sin(turn)]) * face.size
    down = np.array([-np.sin(turn), np.cos(turn)]) * face.size
    between = np.array(face.center) + (EYES_DOWN - 0.5) * down
    return np.array([between - EYES_APART / 2 * across, between + EYES_APART / 2 * across])
