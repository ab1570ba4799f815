"""Pictures with their encodings and errors, block after block."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from visnmf.arguments import check_floats
from visnmf.errors import InvalidInputError
from visnmf.images.imageset import ImageSet
from visnmf.images.lazy import LazyImages
from visnmf.model.columns import Images, column_blocks, column_errors
from visnmf.model.observed import known_blocks

if TYPE_CHECKING:
    from visnmf.model.model import Model

__all__ = ["Encoded", "encoded"]


@dataclass(frozen=True, eq=False)
class Encoded:
    """Pictures, and what a model makes of them.

    Attributes
    ----------
    images : ImageSet, LazyImages or ndarray
        As they were given.
    places : ndarray of int, shape (n,)
        Those that could be read.
    H : ndarray, shape (rank, n), float32
        Their encodings.
    errors : ndarray, shape (n,), float64
        ``||v - W h|| / ||v||`` of each, over what is known of it.
    masks : ndarray of bool, shape (m, number of images), optional
        What is known of each; None where all is.
    """

    images: Images
    places: NDArray[np.intp]
    H: NDArray[np.float32]
    errors: NDArray[np.float64]
    masks: NDArray[np.bool_] | None = None

    def known(self, chosen: NDArray[np.intp]) -> NDArray[np.bool_] | None:
        """Return what is known of some of the pictures, (m, k), or None where all is."""
        return None if self.masks is None else self.masks[:, self.places[chosen]]

    def columns(self, chosen: NDArray[np.intp], model: Model) -> NDArray[np.float32]:
        """Return some of the pictures as columns, (m, k)."""
        picked = self.places[chosen]
        if isinstance(self.images, ImageSet | LazyImages):
            return self.images[picked].V
        blocks, first = [], 0
        for V in column_blocks(self.images, model.layout):
            inside = picked[(picked >= first) & (picked < first + V.shape[1])]
            blocks.append(V[:, inside - first])
            first += V.shape[1]
        return np.concatenate(blocks, axis=1)

    def names(self, chosen: NDArray[np.intp]) -> list[str]:
        """Return the names of some of the pictures, their numbers where they have none."""
        picked = self.places[chosen]
        if isinstance(self.images, ImageSet | LazyImages):
            names = self.images.names
            return [names[i] for i in picked]
        return [f"image {i + 1}" for i in picked]

    def labels(self, chosen: NDArray[np.intp]) -> list[str] | None:
        """Return the labels of some of the pictures, if they have any."""
        labels = getattr(self.images, "labels", None)
        return None if labels is None else [str(label) for label in labels[self.places[chosen]]]


def encoded(
    model: Model, images: Images, H: Any = None, *, observed: Any = None, kernels: str = "auto"
) -> Encoded:
    """Encode pictures, unless H is known, and measure what the parts leave of each.

    Raises
    ------
    InvalidInputError
        The pictures, H or masks do not fit, or there is no picture.
    """
    from visnmf.solve.encode import encode

    given = None if H is None else check_floats(H, "H").astype(np.float32)
    found, errors, masks, first = [], [], [], 0
    for V, known in known_blocks(images, observed, model.layout):
        last = first + V.shape[1]
        if given is None:
            found.append(encode(V, model.W, loss=model.loss, observed=known, kernels=kernels))
        else:
            _check_encodings(given, model.rank, last)
            found.append(given[:, first:last])
        errors.append(column_errors(V, model.W @ found[-1], known))
        if known is not None:
            masks.append(known)
        first = last
    if first == 0:
        raise InvalidInputError("there is no picture to report on: the set is empty")
    if given is not None and given.shape[1] != first:
        raise InvalidInputError(f"H tells of {given.shape[1]} pictures, but there are {first}")
    kept = np.setdiff1d(np.arange(first), list(getattr(images, "lost", ())))
    return Encoded(
        images,
        kept,
        np.concatenate(found, axis=1)[:, kept],
        np.concatenate(errors)[kept],
        np.concatenate(masks, axis=1) if masks else None,
    )


def _check_encodings(H: NDArray[np.float32], rank: int, least: int) -> None:
    if H.ndim != 2 or H.shape[0] != rank or H.shape[1] < least:
        raise InvalidInputError(
            f"H of shape {H.shape} does not fit; {rank} parts need ({rank}, n), a column a picture"
        )
    if not np.isfinite(H).all() or (H < 0).any():
        raise InvalidInputError("H must be finite and non-negative; model.encode(images) gives one")
