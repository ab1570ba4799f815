"""Visual words and topics, by the squares of pictures that they live on."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from visnmf.errors import InvalidInputError
from visnmf.images.fitting import resize_values
from visnmf.images.pictures import Pictures, as_pictures
from visnmf.images.tiling import montage
from visnmf.plots.figures import SMALL, TEXT, sheet_figure
from visnmf.plots.tones import INK, PAPER

if TYPE_CHECKING:
    from visnmf.features.words import VisualWords

__all__ = ["topics", "visual_words"]

_TILE = 96  # of a picture; of words, two lie above each other in it
_GAP = 4
_WORD = (_TILE - _GAP) // 2
_LOOKED_AT = 10  # pictures with most of a topic, where its words are looked for


def visual_words(
    words: VisualWords,
    images: Any,
    *,
    which: Sequence[int] | None = None,
    max_words: int = 16,
    max_examples: int = 12,
) -> Figure:
    """Show what visual words look like: a row for each, the squares nearest to it.

    Each square is stretched to black and white, since descriptors do not see brightness.

    Parameters
    ----------
    words : VisualWords
        Fitted.
    images : ImageSet, Pictures, stack or list of arrays
        Pictures to look in.
    which : sequence of int, optional
        The words to show; by default those that are strongest in all `images` together.
    max_words : int
        How many to show where `which` is not given.
    max_examples : int
        Squares in a row, from different pictures where there are so many.

    Returns
    -------
    Figure

    Raises
    ------
    InvalidInputError
        An option is out of range, or the pictures have no word at all.
    """
    pictures = _pictures_of(words, images)
    _at_least_one(max_words=max_words, max_examples=max_examples)
    if which is None:
        totals = words.transform(pictures).sum(axis=0)
        which = [w for w in np.argsort(-totals, kind="stable")[:max_words] if totals[w] > 0]
    rows = words.examples(pictures, which, count=max_examples, size=_WORD) if len(which) else []
    if not any(len(row) for row in rows):
        raise InvalidInputError("none of these words is in the pictures")
    tiles = np.full((len(rows), max_examples, _WORD, _WORD, 3), PAPER, np.uint8)
    for target, patches in zip(tiles, rows, strict=True):
        target[: len(patches)] = [_stretched(patch) for patch in patches]
    sheet = montage(
        tiles.reshape(-1, _WORD, _WORD, 3), columns=max_examples, gap=_GAP, background=PAPER
    )
    figure, axes, inch = sheet_figure(sheet, side=12.0, left=0.75)
    for row, word in enumerate(which):
        middle = row * (_WORD + _GAP) + _WORD / 2
        axes.text(
            -0.1 * inch, middle, f"word {word}", size=SMALL, color=INK, ha="right", va="center"
        )
    return figure


def topics(
    source: Any,
    words: VisualWords,
    images: Any,
    *,
    H: ArrayLike | None = None,
    max_topics: int = 8,
    max_words: int = 12,
    max_images: int = 5,
    names: Sequence[str] | None = None,
) -> Figure:
    """Show visual topics: of each its strongest words, and the pictures it is strongest in.

    A word is shown by the square nearest to it in the pictures with most of the topic, stretched
    to black and white.

    Parameters
    ----------
    source : NMF, Factorization, or array of shape (words, rank)
        The topics: W, of the columns of `words.transform(images).T`.
    words : VisualWords
        Fitted.
    images : ImageSet, Pictures, stack or list of arrays
        Pictures to look in.
    H : array of shape (rank, n), optional
        How much of each topic each picture has; found if not given.
    max_topics : int
        At most so many, those first that are strongest in all `images` together.
    max_words : int
        Words of a topic.
    max_images : int
        Pictures of a topic.
    names : sequence of str, optional
        One for each of the rank topics; by default numbers from 1.

    Returns
    -------
    Figure

    Raises
    ------
    InvalidInputError
        Shapes do not fit, or an option is out of range.
    """
    pictures = _pictures_of(words, images)
    _at_least_one(max_topics=max_topics, max_words=max_words, max_images=max_images)
    W = np.asarray(source.components_.T if hasattr(source, "components_") else _basis(source))
    n_words = len(words.vocabulary_)
    if W.ndim != 2 or W.shape[0] != n_words:
        raise InvalidInputError(
            f"topics of shape {W.shape} do not fit {n_words} words; ({n_words}, rank) is needed"
        )
    rank = W.shape[1]
    labels = [f"topic {k + 1}" for k in range(rank)] if names is None else list(names)
    if len(labels) != rank:
        raise InvalidInputError(f"got {len(labels)} names for {rank} topics")
    strength = _encodings(W, words, pictures, H) * np.linalg.norm(W, axis=0)[:, None]
    shown = np.argsort(-strength.sum(axis=1), kind="stable")[:max_topics]

    most = [[j for j in np.argsort(-strength[k]) if strength[k, j] > 0] for k in shown]
    across = -(-max_words // 2) * (_WORD + _GAP) - _GAP
    middle = across + 6 * _GAP
    width = middle + max_images * (_TILE + _GAP) - _GAP
    pitch = _TILE + 3 * _GAP
    sheet = np.full((len(shown) * pitch - 3 * _GAP, width, 3), PAPER, np.uint8)
    for row, k in enumerate(shown):
        top = row * pitch
        drawn = _strongest_words(W[:, k], words, pictures[most[row][:_LOOKED_AT]], max_words)
        for i, patch in enumerate(drawn):
            y, x = (place * (_WORD + _GAP) for place in divmod(i, -(-max_words // 2)))
            sheet[top + y : top + y + _WORD, x : x + _WORD] = patch
        for i, j in enumerate(most[row][:max_images]):
            x = middle + i * (_TILE + _GAP)
            sheet[top : top + _TILE, x : x + _TILE] = _thumbnail(pictures.pictures[j])
    figure, axes, inch = sheet_figure(sheet, side=12.0, left=0.85, top=0.35)
    for row, k in enumerate(shown):
        center = row * pitch + _TILE / 2
        axes.text(
            -0.1 * inch, center, labels[k], size=SMALL, color=INK, ha="right", va="center",
            parse_math=False,
        )  # fmt: skip
    for x, title in ((0, "its strongest words"), (middle, "pictures with most of it")):
        axes.text(x, -0.08 * inch, title, size=TEXT, color=INK, ha="left", va="bottom")
    return figure


def _pictures_of(words: VisualWords, images: Any) -> Pictures:
    if not hasattr(words, "vocabulary_"):
        raise InvalidInputError(f"words must be a fitted VisualWords, got {words!r:.60}")
    pictures = as_pictures(images, words.image_shape)
    if not len(pictures):
        raise InvalidInputError("there is no picture: the set is empty")
    return pictures


def _at_least_one(**options: int) -> None:
    for name, value in options.items():
        if value < 1:
            raise InvalidInputError(f"{name} must be at least 1, not {value}")


def _basis(source: Any) -> Any:
    return getattr(source, "W", source)


def _encodings(
    W: NDArray[Any], words: VisualWords, pictures: Pictures, H: ArrayLike | None
) -> NDArray[Any]:
    if H is None:
        from visnmf.solve.encode import encode

        return encode(words.transform(pictures).T, W)
    given = np.asarray(H)
    if given.shape != (W.shape[1], len(pictures)):
        raise InvalidInputError(
            f"H has shape {given.shape}; {W.shape[1]} topics and {len(pictures)} pictures need "
            f"({W.shape[1]}, {len(pictures)})"
        )
    return given


def _strongest_words(
    topic: NDArray[Any], words: VisualWords, pictures: Pictures, count: int
) -> list[NDArray[np.uint8]]:
    """Return a square for each of the strongest words of a topic that pictures have."""
    strongest = np.argsort(-topic, kind="stable")[: 2 * count]
    strongest = strongest[topic[strongest] > 0].tolist()
    if not len(pictures) or not strongest:
        return []
    found = words.examples(pictures, strongest, count=1, size=_WORD)
    return [_stretched(patches[0]) for patches in found if len(patches)][:count]


def _stretched(patch: NDArray[Any]) -> NDArray[np.uint8]:
    """Return a patch as colors, its least value black and its largest white."""
    low, high = patch.min(), patch.max()
    return _colors((patch - low) / ((high - low) or 1))


def _thumbnail(picture: NDArray[Any]) -> NDArray[np.uint8]:
    """Return a whole picture (h, w, channels) as a tile, on white where it is no square."""
    height, width = (max(1, round(_TILE * s / max(picture.shape[:2]))) for s in picture.shape[:2])
    tile = np.full((_TILE, _TILE, 3), PAPER, np.uint8)
    top, left = (_TILE - height) // 2, (_TILE - width) // 2
    shown = _colors(resize_values(picture, (height, width)))
    tile[top : top + height, left : left + width] = shown
    return tile


def _colors(values: NDArray[Any]) -> NDArray[np.uint8]:
    """Return values in [0, 1] as colors (h, w, 3): three channels as they are, else gray."""
    if values.ndim == 2 or values.shape[2] != 3:
        gray = values if values.ndim == 2 else values.mean(axis=2)
        values = np.repeat(gray[:, :, None], 3, axis=2)
    return np.rint(255 * np.clip(values, 0, 1)).astype(np.uint8)
