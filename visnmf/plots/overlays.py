"""Parts laid over a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import ArrayLike, NDArray

from visnmf.errors import InvalidInputError
from visnmf.images.layout import ImageLayout
from visnmf.plots.figures import DPI, TEXT, sheet_figure
from visnmf.plots.inputs import encodings_of, one_picture, parts_from
from visnmf.plots.sheet import contact_sheet
from visnmf.plots.tones import HUES, INK, MASKED, colored, largest, visible

__all__ = ["overlay"]


def overlay(
    source: Any,
    image: Any,
    layout: ImageLayout | None = None,
    *,
    H: ArrayLike | None = None,
    max_parts: int = 5,
    names: Sequence[str] | None = None,
) -> Figure:
    """Lay the parts that a picture uses most over it, each in its own color.

    The strength of part k in the picture is ``h_k ||w_k||``. A part's color is
    as dense at a pixel as its value there, relative to its largest ones (the
    99 % quantile); where parts meet, the color of the denser one prevails.

    Parameters
    ----------
    source : Model, Factorization, or array of shape (m, rank)
        The parts.
    image : array, or ImageSet of one
        The picture (h, w[, c]) or its column (m,).
    layout : ImageLayout, optional
        How a column becomes a picture, where `source` does not know.
    H : array of shape (rank,), optional
        The encoding of the picture; found if not given.
    max_parts : int
        At most so many parts, 1 to 7: there are no more colors that are surely
        told apart.
    names : sequence of str, optional
        One for each of the rank parts; by default those of `source`.

    Returns
    -------
    Figure
        The picture, and beside it the same picture in gray under its parts.

    Raises
    ------
    InvalidInputError
        Shapes do not fit, there is more than one picture, or the picture uses
        no part at all.
    """
    parts = parts_from(source, layout)
    if not 1 <= max_parts <= len(HUES):
        raise InvalidInputError(f"max_parts must be 1 to {len(HUES)}, not {max_parts}")
    labels = parts.names if names is None else list(names)
    if len(labels) != len(parts.names):
        raise InvalidInputError(f"got {len(labels)} names for {len(parts.names)} parts")
    v = one_picture(image, parts.layout)
    h = encodings_of(v[:, None], parts, H)[:, 0]
    strength = h * np.linalg.norm(parts.values, axis=0)
    chosen = [k for k in np.argsort(-strength, kind="stable")[:max_parts] if strength[k] > 0]
    if not chosen:
        raise InvalidInputError("the picture uses none of the parts: its encoding is all zero")
    seen = visible(v[:, None], parts.layout)
    plain = colored(seen, largest(seen, "part"), parts.layout.mask)[0]
    density = _density(parts.values[:, chosen], parts.layout)
    shown = _tinted(plain, density, HUES[: len(chosen)])
    if parts.layout.mask is not None:
        shown[~parts.layout.mask] = MASKED
    sheet = contact_sheet(np.stack([plain, shown]), columns=2, side=7.6 * DPI)
    legend = [labels[k] for k in chosen]
    room = 0.6 + 0.07 * max(map(len, legend))
    figure, axes, _ = sheet_figure(sheet.pixels, right=room)
    key = axes.legend(
        handles=[
            Patch(facecolor=hue, label=label) for hue, label in zip(HUES, legend, strict=False)
        ],
        loc="center left",
        bbox_to_anchor=(1.01, 0.5),
        frameon=False,
        fontsize=TEXT,
        labelcolor=INK,
        handlelength=1.0,
        handleheight=1.0,
    )
    for text in key.get_texts():
        text.set_parse_math(False)
    return figure


def _density(W: NDArray[Any], layout: ImageLayout) -> NDArray[np.float64]:
    """Say how dense each part's color is, (parts, h, w) in [0, 1]."""
    sizes = visible(np.abs(W.astype(np.float64)), layout, color=False)
    bright = [np.quantile(size[size > 0], 0.99) for size in sizes]
    return np.minimum(sizes / np.reshape(bright, (-1, 1, 1)), 1)


def _tinted(
    plain: NDArray[np.uint8], density: NDArray[np.float64], hues: Sequence[str]
) -> NDArray[np.uint8]:
    """Tint a picture, made gray, by parts whose order does not matter."""
    gray = plain.mean(axis=-1, keepdims=True) / 255
    cover = density.max(axis=0)[..., None]
    share = density**4
    share /= np.maximum(share.sum(axis=0), 1e-12)
    color = np.einsum("khw,kc->hwc", share, [to_rgb(hue) for hue in hues])
    # Tinted pixels keep some of the picture's light, so that it stays recognizable.
    tint = color * (0.5 + 0.5 * gray)
    return np.rint(255 * ((1 - cover) * gray + cover * tint)).astype(np.uint8)
