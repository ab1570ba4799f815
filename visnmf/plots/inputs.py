"""What a figure is drawn of: parts, pictures and encodings from what a user gives."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visnmf.arguments import check_instance, check_sequence
from visnmf.errors import InvalidInputError
from visnmf.images.imageset import ImageSet
from visnmf.images.layout import ImageLayout
from visnmf.model.columns import column_blocks

__all__ = [
    "Columns",
    "checked_texts",
    "encodings_of",
    "one_picture",
    "parts_from",
    "pictures_from",
    "shown_parts",
]


@dataclass(frozen=True, eq=False)
class Columns:
    """Columns that are pictures: parts or images.

    Attributes
    ----------
    values : array of shape (m, k)
        One picture a column.
    layout : ImageLayout
        How a column becomes a picture.
    names : list of str
        One a column.
    """

    values: NDArray[Any]
    layout: ImageLayout
    names: list[str]


def parts_from(source: Any, layout: ImageLayout | None) -> Columns:
    """Take parts from whatever has some: a Model, ImageSet, NMF or PatchEncoder; W and a layout."""
    if layout is None:
        layout = getattr(source, "layout", None) or getattr(source, "layout_", None)
    else:
        check_instance(layout, "layout", ImageLayout, "visnmf.ImageLayout(height, width) is one")
    if layout is None:
        raise InvalidInputError(
            "how a column becomes a picture is not known: give a Model, an ImageSet, an NMF "
            "that was fitted on one, or an array W (m, rank) together with layout=ImageLayout(...)"
        )
    if isinstance(source, ImageSet):
        source_values = source.V
    elif hasattr(source, "components_") and hasattr(source, "basis_images"):
        # Of a PatchEncoder, whose components may be two halves of what is shown
        source_values = layout.to_columns(source.basis_images())
    elif hasattr(source, "components_"):
        source_values = source.components_.T
    else:
        source_values = getattr(source, "W", source)
    values = np.asarray(source_values)
    if values.ndim != 2 or values.shape[0] != layout.m or values.shape[1] == 0:
        raise InvalidInputError(
            f"parts of shape {values.shape} do not fit a layout of {layout.m} values a picture; "
            f"({layout.m}, rank) is needed, one part a column"
        )
    if not np.isfinite(values).all():
        raise InvalidInputError("the parts hold NaN or infinity and cannot be drawn")
    if isinstance(source, ImageSet):
        names = source.names
    else:
        names = getattr(source, "part_names", None) or [
            f"part {k + 1}" for k in range(values.shape[1])
        ]
    return Columns(values, layout, list(names))


def shown_parts(source: Any, layout: ImageLayout | None) -> Columns:
    """Take parts as `parts_from` does, but for those that a Model has hidden."""
    parts = parts_from(source, layout)
    hidden = getattr(source, "hidden", None)
    if hidden is None or not np.any(hidden):
        return parts
    kept = np.flatnonzero(~np.asarray(hidden))
    if len(kept) == 0:
        raise InvalidInputError(
            f"all {len(parts.names)} parts are hidden, so that there is none to draw; "
            "visnmf.Selection.of(model).show(...) shows some"
        )
    return Columns(parts.values[:, kept], parts.layout, [parts.names[k] for k in kept])


def pictures_from(images: Any, layout: ImageLayout) -> Columns:
    """Take pictures that fit `layout`: an ImageSet, a stack, columns, or one picture."""
    names = None
    if isinstance(images, ImageSet):
        names = images.names
    else:
        images = np.asarray(images)
        if images.shape == layout.shape:
            images = images[None]
        elif images.shape == (layout.m,):
            images = images[:, None]
    values = np.concatenate(list(column_blocks(images, layout)), axis=1)
    if values.shape[1] == 0:
        raise InvalidInputError("there is no picture to draw: the set is empty")
    return Columns(values, layout, names or [f"image {j + 1}" for j in range(values.shape[1])])


def checked_texts(names: Any, name: str) -> list[str]:
    """Return what to write, one text a place, of a list."""
    return [str(each) for each in check_sequence(names, name, "texts")]


def one_picture(image: Any, layout: ImageLayout) -> NDArray[Any]:
    """Return the one column (m,) of a picture (h, w[, c]), a column or a set of one."""
    pictures = pictures_from(image, layout)
    if pictures.values.shape[1] != 1:
        raise InvalidInputError(
            f"this figure shows one picture, got {pictures.values.shape[1]}; "
            "choose one, as in images[3]"
        )
    return pictures.values[:, 0]


def encodings_of(V: NDArray[Any], parts: Columns, H: ArrayLike | None = None) -> NDArray[Any]:
    """Return H (rank, n) for the columns of V: as given, or by non-negative least squares."""
    rank, n = parts.values.shape[1], V.shape[1]
    if H is None:
        from visnmf.solve.encode import encode

        return encode(V, parts.values)
    given = np.asarray(H)
    if given.ndim == 1 and n == 1:
        given = given[:, None]
    if given.shape != (rank, n):
        raise InvalidInputError(
            f"H has shape {given.shape}; {rank} parts and {n} picture(s) need ({rank}, {n})"
        )
    return given
