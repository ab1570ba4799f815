"""How the error of hidden pixels goes with the rank."""

from __future__ import annotations

from typing import TYPE_CHECKING

from matplotlib.figure import Figure

from visnmf.plots.figures import SMALL, chart_figure, plain_axes
from visnmf.plots.tones import INK

if TYPE_CHECKING:
    from visnmf.ranks.result import RankChoice

__all__ = ["rank_curves"]


def rank_curves(choice: RankChoice) -> Figure:
    """Show a survey of ranks: the held-out error of each, and the recommended one.

    Parameters
    ----------
    choice : RankChoice
        What `visnmf.choose_rank` gives.

    Returns
    -------
    Figure
        Bars are one standard error of the difference to the best rank; the band is the
        interval within two.
    """
    figure = chart_figure(6.4, 3.6)
    axes = figure.subplots()
    axes.axvspan(choice.interval[0] - 0.5, choice.interval[1] + 0.5, color="#0072B2", alpha=0.12)
    axes.errorbar(
        choice.ranks, choice.table["error"], choice.table["uncertainty"], color="#0072B2", marker="o",
        markersize=3.5, linewidth=1.4, capsize=2,
    )  # fmt: skip
    axes.axvline(choice.rank, color="#D55E00", linewidth=1.2, linestyle=(0, (4, 1.5)))
    axes.set_yscale("log")
    axes.set_xlabel("rank")
    axes.set_ylabel("held-out error, share of energy")
    axes.set_title(f"recommended: {choice.rank} parts", fontsize=SMALL + 1, color=INK, loc="left")
    plain_axes(axes)
    axes.grid(axis="y", which="both", color="#e6e6e6", linewidth=0.6)
    axes.set_axisbelow(True)
    return figure
