"""Rate and distortion: what bytes buy."""

from __future__ import annotations

from collections.abc import Mapping

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter
from numpy.typing import ArrayLike, NDArray

from visnmf.arguments import check_instance
from visnmf.errors import InvalidInputError
from visnmf.plots.figures import SMALL, chart_figure, plain_axes
from visnmf.plots.tones import INK, LINES

__all__ = ["rate_distortion"]

_DASHES = ("-", (0, (1, 1.3)), (0, (4, 1.5)), (0, (4, 1.5, 1, 1.5)))
_OTHER = "#555555"
_HIGHLIGHT = LINES[1]


def rate_distortion(
    curves: Mapping[str | tuple[str, str], ArrayLike],
    *,
    highlight: str | None = None,
    unit: str = "bytes a picture",
    title: str = "",
) -> Figure:
    """Show PSNR against size, a curve a way to store pictures; left and up is better.

    Parameters
    ----------
    curves : dict
        Name to pairs (size, PSNR in dB), in any order. A name of two strings, such as
        ``("AVIF", "sheets")``, has the color of the first and the dashes of the second, so that
        one coder keeps its color. At most five colors and four dashes; what is beyond is gray.
    highlight : str, optional
        The name of a curve that is drawn thicker, on top of the others, in a color of its own.
    unit : str
        What sizes are: the label of their axis, which is logarithmic.
    title : str
        Above the chart.

    Returns
    -------
    Figure

    Raises
    ------
    InvalidInputError
        There is no curve, a size is not positive, or what is to be highlighted is not there.

    Examples
    --------
    >>> from visnmf import plots
    >>> figure = plots.rate_distortion(
    ...     {"archive": [(90, 30), (150, 34)], ("JPEG", "files"): [(400, 29), (520, 33)]},
    ...     highlight="archive",
    ... )
    """
    check_instance(curves, "curves", Mapping, 'such as {"archive": [(90, 30), (150, 34)]}')
    drawn = {name: _curve(name, pairs) for name, pairs in curves.items()}
    if not drawn:
        raise InvalidInputError("there is no curve to draw: give a name and pairs (size, dB)")
    known = isinstance(highlight, str | tuple) and highlight in list(drawn)
    if highlight is not None and not known:
        raise InvalidInputError(f"no curve is named {highlight!r}; there are {list(drawn)}")
    figure = chart_figure(7.5, 4.6)
    axes = figure.subplots()
    colors = [color for color in LINES if highlight is None or color != _HIGHLIGHT]
    others = [_both(name) for name in drawn if name != highlight]
    coders = list(dict.fromkeys(coder for coder, _ in others))
    ways = list(dict.fromkeys(way for _, way in others))
    for name, curve in drawn.items():
        coder, way = _both(name)
        place = coders.index(coder) if name != highlight else -1
        dash = ways.index(way) if name != highlight else 0
        axes.plot(
            *curve.T,
            color=_HIGHLIGHT if place < 0 else (*colors, *[_OTHER] * len(coders))[place],
            linestyle=_DASHES[dash % len(_DASHES)],
            linewidth=2.6 if place < 0 else 1.4,
            marker="o",
            markersize=5 if place < 0 else 3,
            zorder=3 if place < 0 else 2,
            label=f"{coder} {way}".strip(),
        )
    _sizes(axes)
    axes.set_xlabel(unit)
    axes.set_ylabel("PSNR, dB")
    axes.set_title(title, fontsize=SMALL + 1, color=INK, loc="left", parse_math=False)
    plain_axes(axes)
    axes.grid(color="#e6e6e6", linewidth=0.6)
    axes.set_axisbelow(True)
    figure.legend(loc="outside right upper", frameon=False, fontsize=SMALL, labelcolor=INK)
    return figure


def _both(name: str | tuple[str, str]) -> tuple[str, str]:
    return (name, "") if isinstance(name, str) else name


def _curve(name: object, pairs: ArrayLike) -> NDArray[np.float64]:
    """Return pairs (size, dB) in the order of sizes."""
    curve = np.asarray(pairs, dtype=np.float64)
    if curve.ndim != 2 or curve.shape[1] != 2 or not len(curve):
        raise InvalidInputError(
            f"the curve {name!r} has shape {curve.shape}; pairs (size, dB) are needed: (k, 2)"
        )
    if not (np.isfinite(curve[:, 0]).all() and (curve[:, 0] > 0).all()):
        raise InvalidInputError(f"the curve {name!r} holds sizes that are not positive")
    return curve[np.argsort(curve[:, 0], kind="stable")]


def _sizes(axes: Axes) -> None:
    """Write sizes as plain numbers on a logarithmic axis: 1, 2, 5, 10, ..."""
    axes.set_xscale("log")
    low, high = axes.get_xlim()
    first, last = int(np.floor(np.log10(low))), int(np.ceil(np.log10(high)))
    steps = (1, 2, 5) if last - first < 5 else (1,)
    ticks = [d * 10.0**e for e in range(first, last + 1) for d in steps]
    ticks = [tick for tick in ticks if low <= tick <= high]
    axes.set_xticks(ticks, [f"{tick:,.10g}" for tick in ticks])
    axes.xaxis.set_minor_formatter(NullFormatter())
