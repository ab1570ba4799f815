"""Pictures and what the parts make of them: rebuilt, left over, built up."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import ListedColormap, Normalize
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from visnmf.arguments import check_integer
from visnmf.errors import InvalidInputError
from visnmf.images.imageset import ImageSet
from visnmf.images.layout import ImageLayout
from visnmf.plots.figures import DPI, SMALL, TEXT, sheet_figure
from visnmf.plots.inputs import checked_texts, encodings_of, one_picture, parts_from, pictures_from
from visnmf.plots.sheet import Sheet, contact_sheet
from visnmf.plots.strength import by_strength
from visnmf.plots.tones import DIVERGING, INK, PAPER, colored, largest, visible

__all__ = ["build_up", "reconstruction"]


def reconstruction(
    source: Any,
    images: Any,
    layout: ImageLayout | None = None,
    *,
    H: ArrayLike | None = None,
    which: Sequence[int] | None = None,
    max_images: int = 8,
    titles: Sequence[str] | None = None,
    channels: int | tuple[int, int, int] | None = None,
) -> Figure:
    """Show pictures, how the parts rebuild them, and the residual, row below row.

    Originals and rebuilt pictures share one scale, from 0 to the brightest
    original shown. Residuals share one too: red where the original is brighter
    than what was rebuilt, blue where it is darker, white where they agree; the
    largest 0.5 % of them get the last color. Over each picture stands its
    relative error ``||v - W h|| / ||v||``.

    Parameters
    ----------
    source : Model, Factorization, array of shape (m, rank), or ImageSet
        The parts; or, as an ImageSet, the pictures already rebuilt.
    images : ImageSet, or array of shape (n, h, w[, c]) or (m, n)
        The originals.
    layout : ImageLayout, optional
        How a column becomes a picture, where `source` does not know.
    H : array of shape (rank, n), optional
        The encodings of `images`; found if not given.
    which : sequence of int, optional
        Which pictures to show; by default `max_images` spread over all.
    max_images : int
        How many to show where `which` is not given.
    titles : sequence of str, optional
        One for each picture shown, above its error.
    channels : int or three ints, optional
        As for `basis`.

    Returns
    -------
    Figure

    Raises
    ------
    InvalidInputError
        Shapes do not fit, or `which` names a picture that is not there.
    """
    parts = parts_from(source, layout)
    originals = pictures_from(images, parts.layout)
    n = originals.values.shape[1]
    chosen = _chosen(n, which, max_images)
    V = originals.values[:, chosen]
    if isinstance(source, ImageSet):
        if parts.values.shape[1] != n:
            raise InvalidInputError(f"got {parts.values.shape[1]} rebuilt pictures for {n}")
        rebuilt = parts.values[:, chosen]
    else:
        some = (
            encodings_of(V, parts)
            if H is None
            else encodings_of(originals.values, parts, H)[:, chosen]
        )
        rebuilt = parts.values @ some
    if titles is not None:
        titles = checked_texts(titles, "titles")
    if titles is not None and len(titles) != len(chosen):
        raise InvalidInputError(f"got {len(titles)} titles for the {len(chosen)} pictures shown")

    at = parts.layout
    given, built = (visible(A, at, channels) for A in (V, rebuilt))
    rest = visible(V - rebuilt, at, channels, color=False)
    peak, bound = largest(given, "common"), _bound(rest, at.mask)
    tiles = np.concatenate(
        [
            colored(given, peak, at.mask),
            colored(built, peak, at.mask),
            colored(rest, bound, at.mask, signed=True),
        ]
    )
    sheet = contact_sheet(tiles, columns=len(chosen), side=_side(len(chosen)) * DPI)
    figure, axes, inch = sheet_figure(
        sheet.pixels,
        side=1.05 * _side(len(chosen)),
        left=0.75,
        right=0.75,
        top=0.3 if titles is None else 0.45,
    )
    _name_rows(axes, sheet, inch, ("original", "rebuilt", "residual"))
    for column, error in enumerate(_errors(V, rebuilt)):
        title = "" if titles is None else f"{titles[column]}\n"
        _caption(axes, sheet.middle(0, column)[0], inch, f"{title}{_percent(error)}")
    _caption(axes, -0.08 * inch, inch, "error", ha="right")
    _color_bar(figure, axes, bound, height=sheet.tile[0] / len(sheet.pixels))
    return figure


def build_up(
    source: Any,
    image: Any,
    layout: ImageLayout | None = None,
    *,
    H: ArrayLike | None = None,
    channels: int | tuple[int, int, int] | None = None,
) -> Figure:
    """Build one picture from its parts: the sum of the 1, 2, 4, 8, ... strongest.

    Parts are added in order of their strength in the picture, ``h_k ||w_k||``.
    The upper row shows the sums, with the relative error that is left, and at
    its end the original, all on one scale from 0 to the brightest value of the
    original. The lower row shows what each step added, each on its own scale,
    since late steps add little. A doubling that would leave less than half of
    another is passed over.

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
    channels : int or three ints, optional
        As for `basis`.

    Returns
    -------
    Figure

    Raises
    ------
    InvalidInputError
        Shapes do not fit, there is more than one picture, or the picture uses
        no part at all.
    """
    parts = parts_from(source, layout)
    v = one_picture(image, parts.layout)
    W, h = parts.values, encodings_of(v[:, None], parts, H)[:, 0]
    order = by_strength(W, h)
    used = len(order)
    counts = [2**p for p in range(used.bit_length()) if 1.5 * 2**p <= used] + [used]
    sums = np.stack([W[:, order[:c]] @ h[order[:c]] for c in counts], axis=1)
    added = np.diff(sums, axis=1, prepend=0)

    at = parts.layout
    above = visible(np.column_stack([sums, v]), at, channels)
    below = visible(added, at, channels)
    tiles = np.concatenate(
        [
            colored(above, largest(above[-1:], "part"), at.mask),
            colored(below, largest(below, "part"), at.mask),
            np.full((1, at.height, at.width, 3), PAPER, dtype=np.uint8),
        ]
    )
    across = len(counts) + 1
    sheet = contact_sheet(tiles, columns=across, side=_side(across) * DPI)
    figure, axes, inch = sheet_figure(sheet.pixels, side=1.05 * _side(across), left=0.95, top=0.45)
    _name_rows(axes, sheet, inch, ("sum", "added\n(own scale)"))
    for column, (count, error) in enumerate(zip(counts, _errors(v[:, None], sums), strict=True)):
        title = f"{count} {'part' if count == 1 else 'parts'}\n{_percent(error)}"
        _caption(axes, sheet.middle(0, column)[0], inch, title)
    _caption(axes, sheet.middle(0, len(counts))[0], inch, "original\n")
    _caption(axes, -0.08 * inch, inch, "\nerror", ha="right")
    return figure


def _chosen(n: int, which: Sequence[int] | None, max_images: int) -> NDArray[np.intp]:
    """Choose the pictures to show: as named or spread evenly."""
    if which is None:
        check_integer(max_images, "max_images", 1)
        return np.linspace(0, n - 1, min(n, max_images)).round().astype(np.intp)
    chosen = np.asarray(which)
    if chosen.ndim != 1 or chosen.size == 0 or not np.issubdtype(chosen.dtype, np.integer):
        raise InvalidInputError(f"which must be a list of picture numbers, got {which!r}")
    if chosen.min() < -n or chosen.max() >= n:
        raise InvalidInputError(f"which names pictures {which!r}, but there are {n}, from 0")
    return chosen


def _bound(residuals: NDArray[Any], mask: NDArray[np.bool_] | None) -> float:
    """Choose the end of the color scale: a few glaring pixels must not fade all others."""
    sizes = np.abs(residuals if mask is None else residuals[:, mask])
    return float(np.quantile(sizes, 0.995)) or float(sizes.max()) or 1.0


def _errors(V: NDArray[Any], rebuilt: NDArray[Any]) -> NDArray[Any]:
    """Compute the relative error of each column; 0 for a picture of zeros that stayed so."""
    rest = np.linalg.norm(V - rebuilt, axis=0)
    whole = np.broadcast_to(np.linalg.norm(V, axis=0), rest.shape)
    return np.divide(rest, whole, out=np.where(rest > 0, np.inf, 0.0), where=whole > 0)


def _percent(share: float) -> str:
    return f"{100 * share:.1f} %" if share < 0.0995 else f"{100 * share:.0f} %"


def _side(columns: int) -> float:
    """Choose how many inches a sheet of a few columns takes."""
    return max(4.0, min(9.0, 1.15 * columns))


def _name_rows(axes: Axes, sheet: Sheet, inch: float, names: Sequence[str]) -> None:
    """Write names to the left of the rows of a sheet."""
    for row, name in enumerate(names):
        y = sheet.middle(row, 0)[1]
        axes.text(-0.08 * inch, y, name, size=TEXT, color=INK, ha="right", va="center")


def _caption(axes: Axes, x: float, inch: float, text: str, *, ha: str = "center") -> None:
    """Write text above the first row of a sheet."""
    axes.text(x, -0.06 * inch, text, size=SMALL, color=INK, ha=ha, va="bottom", parse_math=False)


def _color_bar(figure: Figure, axes: Axes, bound: float, *, height: float) -> None:
    """Draw a bar for the residual beside the last row, which has that share of the height."""
    box = axes.get_position()
    inch = 1 / figure.get_size_inches()[0]
    bar = figure.add_axes((box.x1 + 0.1 * inch, box.y0, 0.09 * inch, height * box.height))
    scale = ScalarMappable(Normalize(-bound, bound), ListedColormap(DIVERGING / 255))
    color_bar = figure.colorbar(
        scale, cax=bar, ticks=[-bound, 0, bound], format="%.2g", extend="both"
    )
    bar.tick_params(labelsize=SMALL, length=2, colors=INK)
    color_bar.outline.set_visible(False)
