"""The pictures that parts explain least: original, rebuilt, and what is left."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from visnmf.errors import InvalidInputError
from visnmf.model.columns import column_errors
from visnmf.plots.inputs import encodings_of, parts_from, pictures_from
from visnmf.plots.pictures import reconstruction
from visnmf.plots.tiles import shortened

__all__ = ["anomalies"]


def anomalies(source: Any, images: Any, *, n: int = 8, H: Any = None) -> Figure:
    """Show the pictures that the parts explain least, the oddest first.

    Each with what the parts make of it and the map of what they do not explain, as
    `reconstruction` draws them; above it its name and its anomaly score, which is its
    relative error ``||v - W h|| / ||v||``.

    Parameters
    ----------
    source : Model, or what else holds parts
        The parts.
    images : ImageSet, or array of shape (n, h, w[, c]) or (m, n)
        The pictures to choose from.
    n : int
        How many to show.
    H : array of shape (rank, n), optional
        The encodings of `images`; found if not given.

    Returns
    -------
    Figure

    Raises
    ------
    InvalidInputError
        Shapes do not fit, or there is no picture.
    """
    if n < 1:
        raise InvalidInputError(f"n must be at least 1, not {n}")
    parts = parts_from(source, None)
    pictures = pictures_from(images, parts.layout)
    given = getattr(source, "encode", None)
    if H is None and given is not None:  # a model knows the loss that its parts were learned by
        H = given(pictures.values)
    encodings = encodings_of(pictures.values, parts, H)
    scores = column_errors(pictures.values, parts.values @ encodings)
    order = np.argsort(-scores, kind="stable")[:n]
    titles = [shortened(pictures.names[i], 12) for i in order]
    return reconstruction(source, images, which=order.tolist(), titles=titles, H=encodings)
