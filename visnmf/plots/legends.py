"""What the hues of a sheet mean, written beside it."""

from __future__ import annotations

from collections.abc import Sequence

from matplotlib.axes import Axes
from matplotlib.patches import Patch

from visnmf.plots.figures import TEXT
from visnmf.plots.tones import HUES, INK

__all__ = ["hue_legend"]


def hue_legend(axes: Axes, names: Sequence[str]) -> None:
    """Write what each hue stands for to the right of a sheet, the first hue first."""
    key = axes.legend(
        handles=[Patch(facecolor=hue, label=name) for hue, name in zip(HUES, names, strict=False)],
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
