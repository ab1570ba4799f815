"""From descriptors to words: a sample for k-means, the nearest word of each, and examples."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visnmf.errors import InvalidInputError
from visnmf.features.keypoints import describe, gray_bytes
from visnmf.images.pictures import Pictures

__all__ = ["cut_examples", "nearest_words", "sample_descriptors", "spell"]

# So many descriptors at a time are compared with the words: few calls, little memory.
_BLOCK = 8192
# Squared distances nearer to each other than that are equal (descriptors have about length 1).
_ALIKE = 4e-6

Spelled = tuple[NDArray[np.float32], NDArray[np.intp], NDArray[np.float32]]


def sample_descriptors(
    pictures: Pictures,
    value_range: tuple[float, float],
    detector: str,
    max_keypoints: int,
    count: int,
    rng: np.random.Generator,
) -> NDArray[np.float32]:
    """Describe pictures in random order, an equal share of each, until there are `count`.

    Parameters
    ----------
    pictures : Pictures
        At least one.
    value_range : (float, float)
        For `gray_bytes`.
    detector, max_keypoints
        For `describe`.
    count : int
        At most so many descriptors.
    rng : Generator
        Draws pictures and descriptors.

    Returns
    -------
    descriptors : ndarray (found, 128 or 256), float32
        At least one.

    Raises
    ------
    InvalidInputError
        If there is none.
    """
    share = -(-count // len(pictures))
    sampled: list[NDArray[np.float32]] = []
    total = 0
    for i in rng.permutation(len(pictures)):
        gray = gray_bytes(pictures.pictures[i], *value_range)
        found = describe(gray, detector, max_keypoints)[1]
        if len(found) > share:
            found = found[rng.choice(len(found), share, replace=False)]
        sampled.append(found)
        total += len(found)
        if total >= count:
            break
    if not total:
        (height, width), n = max(pictures.sizes), len(pictures)
        if (height, width) == (1, 1):
            raise InvalidInputError(f"words need squares of pictures; {n} x 1 feature(s) are none")
        hint = "" if detector == "dense" else '; detector="dense" sees also what has no corner'
        raise InvalidInputError(
            f"no keypoint was found in any of the {n} picture(s), the largest of which is "
            f"{height} x {width}: they are flat, or too small{hint}"
        )
    return np.concatenate(sampled)[:count]


def spell(
    pictures: Pictures,
    value_range: tuple[float, float],
    detector: str,
    max_keypoints: int,
    vocabulary: NDArray[np.float32],
) -> Iterator[Spelled]:
    """Yield for each picture the squares that were described, and their words.

    Parameters
    ----------
    pictures, value_range, detector, max_keypoints
        As of `sample_descriptors`.
    vocabulary : ndarray (words, 128 or 256), float32
        The words.

    Yields
    ------
    windows : ndarray (points, 4), float32
        As of `describe`.
    words : ndarray (points,), int
        The nearest word.
    distances : ndarray (points,), float32
        To it, squared.
    """
    waiting: list[tuple[NDArray[np.float32], NDArray[np.float32]]] = []
    total = 0
    for i, picture in enumerate(pictures.pictures):
        described = describe(gray_bytes(picture, *value_range), detector, max_keypoints)
        waiting.append(described)
        total += len(described[1])
        if total >= _BLOCK or i == len(pictures) - 1:
            words, distances = nearest_words(
                np.concatenate([values for _, values in waiting]), vocabulary
            )
            start = 0
            for windows, _ in waiting:
                end = start + len(windows)
                yield windows, words[start:end], distances[start:end]
                start = end
            waiting, total = [], 0


def nearest_words(
    descriptors: NDArray[np.float32], vocabulary: NDArray[np.float32]
) -> tuple[NDArray[np.intp], NDArray[np.float32]]:
    """Return the nearest word of each descriptor, and its squared distance."""
    words = np.empty(len(descriptors), np.intp)
    distances = np.empty(len(descriptors), np.float32)
    lengths = np.square(vocabulary).sum(axis=1)
    for start in range(0, len(descriptors), _BLOCK):
        rows = slice(start, start + _BLOCK)
        apart = lengths - 2 * (descriptors[rows] @ vocabulary.T)
        least = apart.min(axis=1)
        # The first of words as near as rounding tells, which differs with the rows at hand
        words[rows] = (apart <= least[:, None] + _ALIKE).argmax(axis=1)
        distances[rows] = least
    distances += np.square(descriptors).sum(axis=1)
    return words, np.maximum(distances, 0)


def cut_examples(
    pictures: Pictures, words: NDArray[Any], spelled: Iterator[Spelled], *, count: int, size: int
) -> list[NDArray[np.float32]]:
    """Cut out the squares that are nearest to each word, from different pictures first.

    Parameters
    ----------
    pictures : Pictures
        As given to `spell`.
    words : ndarray of int
        Which words.
    spelled : iterator
        What `spell` gives of the pictures.
    count : int
        At most so many squares for a word.
    size : int
        Height and width that they are brought to.

    Returns
    -------
    patches : list of ndarray (found, size, size, channels), float32
    """
    # Of each word: (how many better ones its picture has, distance, picture, square)
    found: dict[int, list[tuple[int, float, int, Any]]] = {int(word): [] for word in words}
    for i, (windows, spelling, distances) in enumerate(spelled):
        for word in found.keys() & set(spelling.tolist()):
            places = np.flatnonzero(spelling == word)
            best = places[np.argsort(distances[places], kind="stable")[:count]]
            found[word] += [
                (rank, float(distances[place]), i, windows[place])
                for rank, place in enumerate(best)
            ]
    patches = []
    for word in words:
        chosen = sorted(found[int(word)], key=lambda each: each[:3])[:count]
        cut = np.empty((len(chosen), size, size, pictures.channels), np.float32)
        for target, (_, _, i, window) in zip(cut, chosen, strict=True):
            target[:] = _upright(pictures.pictures[i], window, size)
        patches.append(cut)
    return patches


def _upright(picture: NDArray[np.float32], window: NDArray[Any], size: int) -> NDArray[Any]:
    """Cut a square out, turned back by its angle and brought to a size."""
    import cv2

    x, y, side, angle = (float(value) for value in window)
    turn = np.deg2rad(angle)
    across = side / size * np.array([np.cos(turn), np.sin(turn)])
    down = np.array([-across[1], across[0]])
    # From a pixel of the patch to its place in the picture; middles meet.
    corner = np.array([x, y]) - (size - 1) / 2 * (across + down)
    matrix = np.column_stack([across, down, corner])
    flags = cv2.INTER_LINEAR | cv2.WARP_INVERSE_MAP
    cut = cv2.warpAffine(
        picture, matrix, (size, size), flags=flags, borderMode=cv2.BORDER_REPLICATE
    )
    return cut.reshape(size, size, picture.shape[2])
