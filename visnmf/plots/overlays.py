"""Parts laid over a picture."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from visnmf.arguments import check_choice, check_integer
from visnmf.errors import InvalidInputError
from visnmf.images.layout import ImageLayout
from visnmf.plots.figures import DPI, sheet_figure
from visnmf.plots.inputs import Columns, checked_texts, encodings_of, one_picture, parts_from
from visnmf.plots.legends import hue_legend
from visnmf.plots.sheet import Sheet, contact_sheet
from visnmf.plots.strength import by_strength
from visnmf.plots.tones import HUES, MASKED, bright, colored, largest, visible

__all__ = ["overlay"]


def overlay(
    source: Any,
    image: Any,
    layout: ImageLayout | None = None,
    *,
    H: ArrayLike | None = None,
    which: Sequence[int] | None = None,
    max_parts: int = 5,
    style: Literal["tint", "outline"] = "tint",
    names: Sequence[str] | None = None,
) -> Figure:
    """Lay parts over a picture, each in its own color: those that it uses most, or those named.

    The strength of part k in the picture is ``h_k ||w_k||``. A part's color is
    as dense at a pixel as its value there, relative to its largest ones (the
    99 % quantile); where parts meet, the color of the denser one prevails. An outline
    runs where the density is a half.

    Parameters
    ----------
    source : Model, Factorization, or array of shape (m, rank)
        The parts.
    image : array, or ImageSet of one
        The picture (h, w[, c]) or its column (m,), such as the mean of a set,
        ``images.V.mean(axis=1)``.
    layout : ImageLayout, optional
        How a column becomes a picture, where `source` does not know.
    H : array of shape (rank,), optional
        The encoding of the picture; found if not given.
    which : sequence of int, optional
        The parts to show, from 0, at most 7, whether the picture uses them or not. Nothing is
        encoded then.
    max_parts : int
        Where `which` is not given, at most so many parts, 1 to 7: there are no more colors
        that are surely told apart.
    style : {"tint", "outline"}
        Color over the picture, or lines around the parts, which hide less of it.
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

    Examples
    --------
    >>> import visnmf
    >>> faces = visnmf.samples.load_faces()
    >>> model = visnmf.learn(faces, 6, max_iter=20)
    >>> figure = visnmf.plots.overlay(model, faces.V.mean(axis=1), which=[0, 3], style="outline")
    """
    parts = parts_from(source, layout)
    check_choice(style, "style", ("tint", "outline"))
    labels = parts.names if names is None else checked_texts(names, "names")
    if len(labels) != len(parts.names):
        raise InvalidInputError(f"got {len(labels)} names for {len(parts.names)} parts")
    v = one_picture(image, parts.layout)
    if which is None:
        chosen = _strongest(v, parts, H, max_parts)
    else:
        chosen = _checked(which, len(labels))
    at = parts.layout
    seen = visible(v[:, None], at)
    plain = colored(seen, largest(seen, "part"), at.mask)[0]
    sizes = visible(np.abs(parts.values[:, chosen].astype(np.float64)), at, color=False)
    density = np.minimum(sizes / bright(sizes)[:, None, None], 1)
    tint = density if style == "tint" else np.zeros_like(density)
    shown = _tinted(plain, tint, HUES[: len(chosen)])
    if at.mask is not None:
        shown[~at.mask] = MASKED
    sheet = contact_sheet(np.stack([plain, shown]), columns=2, side=7.6 * DPI)
    legend = [labels[k] for k in chosen]
    figure, axes, _ = sheet_figure(sheet.pixels, right=0.6 + 0.07 * max(map(len, legend)))
    if style == "outline":
        _outline(axes, density, sheet)
    hue_legend(axes, legend)
    return figure


def _strongest(v: NDArray[Any], parts: Columns, H: ArrayLike | None, max_parts: int) -> list[int]:
    """Return the parts that a picture uses most."""
    if check_integer(max_parts, "max_parts", 1) > len(HUES):
        raise InvalidInputError(f"max_parts must be 1 to {len(HUES)}, not {max_parts}")
    return by_strength(parts.values, encodings_of(v[:, None], parts, H)[:, 0])[:max_parts]


def _checked(which: Sequence[int], rank: int) -> list[int]:
    """Return the numbers of parts, refused where there is no such part."""
    chosen = np.asarray(which)
    whole = chosen.ndim == 1 and np.issubdtype(chosen.dtype, np.integer)
    if not whole or not 1 <= len(chosen) <= len(HUES) or chosen.min() < 0 or chosen.max() >= rank:
        raise InvalidInputError(
            f"which must be 1 to {len(HUES)} numbers of parts from 0 to {rank - 1}, got {which!r}"
        )
    return chosen.tolist()


def _outline(axes: Axes, density: NDArray[np.float64], sheet: Sheet) -> None:
    """Draw a line around each part, in the second tile of a sheet."""
    height, width = density.shape[1:]
    zoom = sheet.tile[0] / height
    # Beyond the picture there is nothing, so that lines close at its border.
    x = sheet.pitch[1] + (np.arange(-1, width + 1) + 0.5) * zoom
    y = (np.arange(-1, height + 1) + 0.5) * zoom
    x[[0, -1]] += [zoom / 2, -zoom / 2]
    y[[0, -1]] += [zoom / 2, -zoom / 2]
    for values, hue in zip(density, HUES, strict=False):
        if values.max() > 0.5:
            axes.contour(x, y, np.pad(values, 1), levels=[0.5], colors=[hue], linewidths=1.8)


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
