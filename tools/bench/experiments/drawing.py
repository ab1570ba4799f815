"""What the plots of the experiments share: colors that all eyes can tell apart, and their size."""

import io

from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, NullLocator
from PIL import Image

# Okabe & Ito's palette; a solver is told by its marker too
STYLES = {
    "visnmf_compiled": ("visnmf", "#D55E00", "o"),
    "visnmf_numpy": ("visnmf without numba", "#E69F00", "v"),
    "sklearn_cd": ("scikit-learn cd", "#0072B2", "s"),
    "sklearn_mu": ("scikit-learn mu", "#56B4E9", "D"),
    "sklearn_minibatch": ("scikit-learn MiniBatchNMF", "#009E73", "^"),
    "torchnmf_mu": ("torchnmf", "#CC79A7", "P"),
    "nmf_torch_hals": ("nmf-torch", "#000000", "X"),
    "nimfa_lsnmf": ("nimfa lsnmf", "#999999", "*"),
}


def panels(count, columns=4, height=2.7):
    """Return a figure and so many axes, in rows."""
    columns = min(columns, count)
    rows = -(-count // columns)
    figure = Figure(figsize=(2.9 * columns, height * rows + 0.3), layout="constrained")
    axes = list(figure.subplots(rows, columns, squeeze=False).flat)
    for spare in axes[count:]:
        spare.remove()
    for each in axes[:count]:
        each.grid(True, which="major", color="#DDDDDD", linewidth=0.6)
        each.set_axisbelow(True)
        each.spines[["top", "right"]].set_visible(False)
        each.tick_params(labelsize=8)
    return figure, axes[:count]


def decades(axes):
    """Label the decades only, of logarithmic axes."""
    for axis in (axes.xaxis, axes.yaxis):
        low, high = axis.get_view_interval()
        if high / low > 10:
            axis.set_minor_formatter(NullFormatter())


def ticks(axes, values):
    """Label a logarithmic x axis with these values."""
    axes.xaxis.set_minor_locator(NullLocator())
    axes.set_xticks(values, [f"{value:g}" for value in values])


def legend(figure):
    """Put one legend for all axes below them."""
    entries = {}
    for axes in figure.axes:
        for handle, label in zip(*axes.get_legend_handles_labels(), strict=True):
            entries.setdefault(label, handle)
    columns = max(2, int(figure.get_size_inches()[0] / 2))
    figure.legend(
        entries.values(), entries, loc="outside lower center", ncols=columns, fontsize=8,
        frameon=False,
    )  # fmt: skip


def save(figure, path):
    """Write a light PNG, of few colors."""
    drawn = io.BytesIO()
    figure.savefig(drawn, dpi=100)
    Image.open(drawn).convert("RGB").quantize(48).save(path, optimize=True)
