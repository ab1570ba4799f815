"""The course of an objective in a few characters, and as a small drawing."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from visnmf.solve.result import Record

__all__ = ["course", "spark_svg", "spark_text"]

_BLOCKS = "▁▂▃▄▅▆▇█"
_WIDTH, _HEIGHT = 160, 28  # of the drawing, in pixels
_OF_V = ("V", "closing")


def course(history: Sequence[Record]) -> NDArray[np.float64]:
    """Return the logarithms of the objective on V, iteration by iteration, where it is positive.

    Objectives on stand-ins for V are left out: they are no course with those on V.
    """
    values = np.array([r.objective for r in history if r.phase in _OF_V], dtype=np.float64)
    return np.log(values[np.isfinite(values) & (values > 0)])


def spark_text(values: Sequence[float] | NDArray[np.float64], width: int = 24) -> str:
    """Draw values as at most `width` blocks of eight heights, from the least to the largest.

    Examples
    --------
    >>> spark_text([8, 4, 2, 1, 1])
    '█▄▂▁▁'
    """
    points = np.asarray(values, dtype=np.float64)
    if len(points) < 2:
        return ""
    if len(points) > width:
        points = points[np.linspace(0, len(points) - 1, width).round().astype(int)]
    return "".join(_BLOCKS[level] for level in np.rint(7 * _unit(points)).astype(int))


def spark_svg(values: Sequence[float] | NDArray[np.float64]) -> str:
    """Draw values as a line, in the color of the text around it."""
    points = np.asarray(values, dtype=np.float64)
    if len(points) < 2:
        return ""
    if len(points) > _WIDTH:
        points = points[np.linspace(0, len(points) - 1, _WIDTH).round().astype(int)]
    x = np.linspace(2, _WIDTH - 2, len(points))
    y = 2 + (_HEIGHT - 4) * (1 - _unit(points))
    places = " ".join(f"{a:.1f},{b:.1f}" for a, b in zip(x, y, strict=True))
    return (
        f'<svg width="{_WIDTH}" height="{_HEIGHT}" role="img" style="vertical-align:middle">'
        "<title>the objective, on a logarithmic scale, by iterations</title>"
        f'<polyline points="{places}" fill="none" stroke="currentColor" stroke-width="1.5"/></svg>'
    )


def _unit(points: NDArray[np.float64]) -> NDArray[np.float64]:
    """Return values on a scale from 0, the least, to 1, the largest."""
    span = points.max() - points.min()
    return (points - points.min()) / span if span > 0 else np.zeros(len(points))
