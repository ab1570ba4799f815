"""A spectral cube unmixed: how much of each material where, and its spectrum."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from matplotlib.axes import Axes
from matplotlib.colors import to_rgb
from matplotlib.figure import Figure
from numpy.typing import ArrayLike, NDArray

from visnmf.errors import InvalidInputError
from visnmf.plots.figures import SMALL, TEXT, chart_figure, plain_axes
from visnmf.plots.tones import INK, LINES, MASKED

__all__ = ["abundances"]

_ACROSS = 5  # maps in a row
_WIDE = 8.0  # inches
_DASHES = ("-", (0, (4, 1.5)), (0, (1, 1.3)), (0, (4, 1.5, 1, 1.5)))


def abundances(
    maps: ArrayLike,
    spectra: ArrayLike,
    *,
    wavelengths: ArrayLike | None = None,
    unit: str = "nm",
    truth: ArrayLike | None = None,
    names: Sequence[str] | None = None,
    label: str = "reflectance",
) -> Figure:
    """Show abundance maps, each titled in the color of its end-member spectrum below.

    All maps share one scale: black is 0, and white is 1, or the largest value where that is
    above 1. Up to five materials are shown mixed too: each pixel has the sum of their colors,
    each times its abundance.

    Parameters
    ----------
    maps : array of shape (h, w, k)
        How much of each of k materials is in each pixel, not negative; NaN where it is not
        known. Of a factorization of V (pixels x bands), ``W.reshape(h, w, k)``.
    spectra : array of shape (k, bands)
        The end-members: of such a factorization, H.
    wavelengths : array of shape (bands,), optional
        Of the bands; by default they are counted from 1. NaN breaks the lines.
    unit : str
        Of the wavelengths.
    truth : array of shape (k, bands), optional
        True spectra, drawn thin and dashed.
    names : sequence of k str, optional
        "material 1", ... by default.
    label : str
        What spectra are values of.

    Returns
    -------
    Figure

    Raises
    ------
    InvalidInputError
        Shapes do not fit, or an abundance is negative.

    Examples
    --------
    >>> import numpy as np
    >>> from visnmf import plots
    >>> maps = np.random.default_rng(0).dirichlet([1, 1, 1], (20, 30))
    >>> spectra = [[0.1, 0.2, 0.3], [0.5, 0.4, 0.1], [0.2, 0.6, 0.2]]
    >>> figure = plots.abundances(maps, spectra, wavelengths=[450, 550, 650])
    """
    shares, lines = _checked(maps, spectra)
    materials, bands = lines.shape
    at = np.arange(1, bands + 1) if wavelengths is None else np.asarray(wavelengths, np.float64)
    true = None if truth is None else np.asarray(truth, np.float64)
    if at.shape != (bands,) or (true is not None and true.shape != lines.shape):
        told = "none" if true is None else f"one of shape {true.shape}"
        raise InvalidInputError(
            f"spectra of shape {lines.shape} need wavelengths ({bands},) and a truth of their own "
            f"shape; got {at.shape} and {told}"
        )
    called = [f"material {k + 1}" for k in range(materials)] if names is None else list(names)
    if len(called) != materials:
        raise InvalidInputError(f"got {len(called)} names for {materials} materials")

    pictures, peak = _gray(shares)
    titles = [(name, _color(k)) for k, name in enumerate(called)]
    if 1 < materials <= len(LINES):
        pictures.append(_mixed(shares / peak))
        titles.append(("mixed", INK))
    across = min(len(pictures), _ACROSS)
    down = -(-len(pictures) // across)
    side = min(_WIDE / across, 2.6)
    height = down * (side * shares.shape[0] / shares.shape[1] + 0.3)
    figure = chart_figure(_WIDE, height + 2.9)
    grid = figure.add_gridspec(down + 1, across, height_ratios=[*[height / down] * down, 2.6])
    for place, (picture, (title, color)) in enumerate(zip(pictures, titles, strict=True)):
        axes = figure.add_subplot(grid[divmod(place, across)])
        axes.imshow(picture, interpolation="nearest" if max(picture.shape) < 150 else "antialiased")
        axes.set_axis_off()
        axes.set_title(title, fontsize=TEXT, color=color, parse_math=False)
    _draw_spectra(figure.add_subplot(grid[down, :]), at, lines, true, called)
    axes = figure.axes[-1]
    axes.set_xlabel("band" if wavelengths is None else f"wavelength, {unit}", parse_math=False)
    axes.set_ylabel(label, parse_math=False)
    return figure


def _checked(maps: ArrayLike, spectra: ArrayLike) -> tuple[NDArray[Any], NDArray[Any]]:
    """Return maps (h, w, k) and spectra (k, bands), refused where they do not fit."""
    shares, lines = np.asarray(maps, np.float64), np.asarray(spectra, np.float64)
    if shares.ndim != 3 or shares.size == 0 or lines.ndim != 2 or len(lines) != shares.shape[2]:
        raise InvalidInputError(
            f"got maps of shape {shares.shape} and spectra of shape {lines.shape}; k materials "
            "need maps (height, width, k) and spectra (k, bands)"
        )
    if np.nanmin(shares, initial=0) < 0 or np.isinf(shares).any():
        raise InvalidInputError("abundances must be 0 or more and finite; NaN is not known")
    return shares, lines


def _gray(shares: NDArray[np.float64]) -> tuple[list[NDArray[np.uint8]], float]:
    """Return each map as gray levels (h, w, 3), and the value of white."""
    peak = float(max(np.nanmax(shares, initial=0), 1.0))
    levels = np.rint(255 * np.nan_to_num(shares) / peak).astype(np.uint8)
    pictures = np.repeat(np.moveaxis(levels, 2, 0)[..., None], 3, axis=3)
    pictures[np.moveaxis(np.isnan(shares), 2, 0)] = MASKED
    return list(pictures), peak


def _mixed(shares: NDArray[np.float64]) -> NDArray[np.uint8]:
    """Return the sum of the materials' colors in each pixel."""
    colors = np.array([to_rgb(LINES[k]) for k in range(shares.shape[2])])
    picture = np.rint(255 * np.clip(np.nan_to_num(shares) @ colors, 0, 1)).astype(np.uint8)
    picture[np.isnan(shares).any(axis=2)] = MASKED
    return picture


def _draw_spectra(
    axes: Axes,
    at: NDArray[Any],
    lines: NDArray[Any],
    true: NDArray[Any] | None,
    names: Sequence[str],
) -> None:
    """Draw a line for each material, and its true one where that is known."""
    for k, (spectrum, name) in enumerate(zip(lines, names, strict=True)):
        dash = _DASHES[k // len(LINES) % len(_DASHES)]
        axes.plot(at, spectrum, color=_color(k), linestyle=dash, linewidth=1.6, label=name)
        if true is not None:
            axes.plot(at, true[k], color=_color(k), linestyle=(0, (2, 2)), linewidth=0.9)
    plain_axes(axes)
    axes.margins(x=0.01)
    key = axes.legend(
        frameon=False,
        fontsize=SMALL,
        labelcolor=INK,
        title="dashed: the truth" if true is not None else None,
        title_fontsize=SMALL,
    )
    for text in key.get_texts():
        text.set_parse_math(False)


def _color(material: int) -> str:
    return LINES[material % len(LINES)]
