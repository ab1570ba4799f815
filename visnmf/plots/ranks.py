"""What speaks for each rank of a survey."""

from __future__ import annotations

from matplotlib.axes import Axes
from matplotlib.figure import Figure

from visnmf.arguments import check_instance
from visnmf.plots.figures import SMALL, chart_figure, plain_axes
from visnmf.plots.tones import INK
from visnmf.ranks.result import RankChoice

__all__ = ["rank_curves"]

_BLUE, _ORANGE, _GREEN, _GRAY = "#0072B2", "#D55E00", "#009E73", "#777777"


def rank_curves(choice: RankChoice) -> Figure:
    """Show a survey of ranks: the figures of each, and the recommended one.

    Parameters
    ----------
    choice : RankChoice
        What `visnmf.choose_rank` gives.

    Returns
    -------
    Figure
        The dashed line is the recommended rank, the band its interval. Bars are one standard
        error: with "heldout" that of the difference to the best rank.

    Raises
    ------
    InvalidInputError
        It is something else.
    """
    check_instance(choice, "choice", RankChoice, "visnmf.choose_rank gives one")
    figure = chart_figure(6.4, 3.6)
    axes = figure.subplots()
    low, high = choice.interval
    axes.axvspan(low - 0.5, high + 0.5, color=_BLUE, alpha=0.12, linewidth=0)
    axes.axvline(choice.rank, color=_ORANGE, linewidth=1.2, linestyle=(0, (4, 1.5)))
    _DRAWN[choice.criterion](axes, choice)
    if axes.get_legend_handles_labels()[1]:  # below: no corner of the axes is surely free
        figure.legend(fontsize=SMALL - 0.5, frameon=False, ncols=4, loc="outside lower center")
    axes.set_xlabel("rank")
    title = f"{choice.rank} parts recommended by {_NAMES[choice.criterion]} ({low} to {high})"
    axes.set_title(title, fontsize=SMALL + 1, color=INK, loc="left")
    plain_axes(axes)
    axes.grid(axis="y", which="both", color="#e6e6e6", linewidth=0.6)
    axes.set_axisbelow(True)
    return figure


def _heldout(axes: Axes, choice: RankChoice) -> None:
    _curve(axes, choice, "error", _BLUE, spread="uncertainty")
    axes.set_yscale("log")
    axes.set_ylabel("held-out error, share of energy")


def _stability(axes: Axes, choice: RankChoice) -> None:
    _curve(axes, choice, "least", _BLUE, spread="spread", label="silhouette of the worst part")
    _curve(axes, choice, "silhouette", _GREEN, label="mean silhouette")
    _curve(axes, choice, "cophenetic", _GRAY, label="cophenetic correlation")
    _curve(axes, choice, "dispersion", "#CC79A7", label="dispersion")
    axes.set_ylabel("how far restarts agree")


def _elbow(axes: Axes, choice: RankChoice) -> None:
    ranks, left = choice.ranks, 1 - choice.table["explained"]
    axes.plot(ranks, left, color=_BLUE, marker="o", markersize=3.5, linewidth=1.4)
    ends = [0, len(ranks) - 1]
    axes.plot(ranks[ends], left[ends], color=_GRAY, linewidth=0.9)
    axes.set_yscale("log")
    axes.set_ylabel("not explained, share of energy")


def _ard(axes: Axes, choice: RankChoice) -> None:
    _curve(axes, choice, "cost", _BLUE)
    axes.set_yscale("symlog", linthresh=max(1.0, float(choice.table["cost"].max()) / 1000))
    axes.set_ylim(bottom=0)
    axes.set_ylabel("cost over the least, nats")


def _curve(
    axes: Axes, choice: RankChoice, name: str, color: str, *, spread: str = "", label: str = ""
) -> None:
    axes.errorbar(
        choice.ranks, choice.table[name], choice.table[spread] if spread else None, color=color,
        marker="o", markersize=3.5, linewidth=1.4, capsize=2, label=label,
    )  # fmt: skip


_DRAWN = {"heldout": _heldout, "stability": _stability, "elbow": _elbow, "ard": _ard}
_NAMES = {
    "heldout": "hidden pixels",
    "stability": "stability",
    "elbow": "the elbow",
    "ard": "relevance",
}
