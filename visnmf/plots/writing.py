"""A figure as a PNG file."""

from __future__ import annotations

import io
from pathlib import Path

from matplotlib.figure import Figure

from visnmf.files import write_atomically

__all__ = ["save_figure"]


def save_figure(path: Path, figure: Figure) -> None:
    """Write a figure as PNG, whole or not at all.

    Parameters
    ----------
    path : Path
        Where to.
    figure : Figure
        As the functions of `visnmf.plots` return it.
    """
    content = io.BytesIO()
    figure.savefig(content, format="png")
    write_atomically(path, content.getvalue())
