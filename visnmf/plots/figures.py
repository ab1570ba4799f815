"""Figures that belong to nobody, and sheets of pictures drawn on them pixel by pixel."""

from __future__ import annotations

import io
from typing import Any

from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from numpy.typing import NDArray

from visnmf.plots.tones import INK

__all__ = ["DPI", "SMALL", "TEXT", "VisFigure", "chart_figure", "plain_axes", "sheet_figure"]

DPI = 100
TEXT = 9.0
SMALL = 8.0


class VisFigure(Figure):
    """A matplotlib figure that a notebook shows although pyplot does not know it."""

    def _repr_png_(self) -> bytes:
        buffer = io.BytesIO()
        self.savefig(buffer, format="png")
        return buffer.getvalue()


def new_figure(width: float, height: float) -> VisFigure:
    """Make an empty white figure, in inches, that draws without a screen."""
    figure = VisFigure(figsize=(width, height), dpi=DPI, facecolor="white")
    FigureCanvasAgg(figure)
    return figure


def chart_figure(width: float, height: float) -> VisFigure:
    """Make a figure whose axes find their own room, with a little air around."""
    figure = new_figure(width, height)
    figure.set_layout_engine("constrained", w_pad=0.1, h_pad=0.1)
    return figure


def sheet_figure(
    sheet: NDArray[Any],
    *,
    side: float = 8.0,
    left: float = 0.1,
    right: float = 0.1,
    top: float = 0.1,
    bottom: float = 0.1,
) -> tuple[VisFigure, Axes, float]:
    """Make a figure around one sheet of pictures, whose axes count in its pixels.

    Parameters
    ----------
    sheet : array of shape (H, W, 3)
        The pictures with their gaps. One of its pixels is one of the figure at
        its own resolution, where that keeps the longer side within `side`.
    side : float
        The most inches that the longer side takes; a larger sheet is shrunk.
    left, right, top, bottom : float
        Room around the sheet in inches.

    Returns
    -------
    figure, axes, inch
        `inch` tells how many pixels of the sheet lie on one inch.
    """
    height, width = sheet.shape[:2]
    inch = max(DPI, max(height, width) / side)
    figure = new_figure(left + width / inch + right, top + height / inch + bottom)
    across, down = figure.get_size_inches() * inch
    axes = figure.add_axes(
        (left * inch / across, bottom * inch / down, width / across, height / down)
    )
    axes.imshow(
        sheet,
        extent=(0, width, height, 0),
        interpolation="nearest" if inch == DPI else "antialiased",
        aspect="auto",
    )
    axes.set_axis_off()
    return figure, axes, inch


def plain_axes(axes: Axes) -> None:
    """Two thin spines, small dark text: nothing that is not read."""
    for name, spine in axes.spines.items():
        spine.set_visible(name in ("left", "bottom"))
        spine.set_color("#999999")
        spine.set_linewidth(0.8)
    axes.tick_params(which="both", colors=INK, labelsize=SMALL, color="#999999", width=0.8)
    for label in (axes.xaxis.label, axes.yaxis.label):
        label.set_fontsize(TEXT)
        label.set_color(INK)
