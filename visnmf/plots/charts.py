"""Charts: the encodings as a heat map, and how a run went."""

from __future__ import annotations

from collections.abc import Sequence
from itertools import groupby
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import AutoLocator, LogLocator, NullLocator, StrMethodFormatter
from numpy.typing import ArrayLike, NDArray

from visnmf.arguments import check_choice, check_integer
from visnmf.errors import InvalidInputError
from visnmf.images.imageset import ImageSet
from visnmf.plots.figures import SMALL, chart_figure, plain_axes
from visnmf.plots.inputs import checked_texts, encodings_of, parts_from, pictures_from
from visnmf.plots.tones import INK, LINES, check_cmap, largest
from visnmf.solve.result import Record

__all__ = ["convergence", "encodings"]


def encodings(
    source: Any,
    images: ImageSet | ArrayLike | None = None,
    *,
    labels: ArrayLike | None = None,
    scale: Literal["part", "common"] = "part",
    max_parts: int | None = None,
    names: Sequence[str] | None = None,
    cmap: str = "magma",
) -> Figure:
    """Show H as a heat map: a row for each part, a column for each picture.

    Of more pictures than the figure has dots, neighbors are averaged.

    Parameters
    ----------
    source : Factorization, array of shape (rank, n), or Model
        H itself or what holds it; or, where `images` are given, a Model to
        encode them with.
    images : ImageSet or array, optional
        The pictures to encode.
    labels : array of shape (n,), optional
        Columns are grouped by them; by default those of `images`, if it has any.
    scale : {"part", "common"}
        Each row to its own largest value, or all to one.
    max_parts : int, optional
        Show only so many rows, the first ones.
    names : sequence of str, optional
        One for each row shown; by default those of a Model, else numbers from 1.
    cmap : str
        A matplotlib colormap.

    Returns
    -------
    Figure

    Raises
    ------
    InvalidInputError
        Shapes do not fit.

    Examples
    --------
    >>> from visnmf import plots
    >>> figure = plots.encodings([[0.1, 0.9, 0.2], [0.7, 0.0, 0.5]], labels=["a", "b", "a"])
    """
    H, part_names = _encodings_from(source, images)
    if max_parts is not None:
        check_integer(max_parts, "max_parts", 1)
    H, part_names = H[:max_parts], part_names[:max_parts]
    if names is not None:
        part_names = checked_texts(names, "names")
    rank, n = H.shape
    if len(part_names) != rank:
        raise InvalidInputError(f"got {len(part_names)} names for the {rank} rows shown")
    if labels is None and isinstance(images, ImageSet):
        labels = images.labels
    groups = None if labels is None else np.asarray(labels)
    if groups is not None and groups.shape != (n,):
        raise InvalidInputError(f"got labels of shape {groups.shape} for {n} pictures; give ({n},)")

    check_cmap(cmap)
    figure = chart_figure(8.0, float(np.clip(1.2 + 0.11 * rank, 2.0, 9.0)))
    axes = figure.add_subplot()
    if groups is not None:
        order = np.argsort(groups, kind="stable")
        H, groups = H[:, order], groups[order]
    shown = _pooled(H / np.reshape(largest(H, scale), (-1, 1)))
    image = axes.imshow(
        shown,
        cmap=cmap,
        vmin=min(0.0, shown.min()),
        vmax=1.0,
        aspect="auto",
        interpolation="nearest",
        extent=(-0.5, n - 0.5, rank - 0.5, -0.5),
    )
    plain_axes(axes)
    axes.spines[:].set_visible(False)
    axes.tick_params(length=0)
    _name_rows(axes, part_names)
    if groups is None:
        axes.set_xlabel("image")
    else:
        _name_groups(axes, [str(label) for label in groups])
    bar = figure.colorbar(image, ax=axes, ticks=[0, 0.5, 1], fraction=0.03, pad=0.015, aspect=30)
    bar.outline.set_visible(False)
    bar.ax.tick_params(labelsize=SMALL, length=2, colors=INK)
    bar.set_label(
        "share of the part's largest" if scale == "part" else "share of the largest",
        size=SMALL,
        color=INK,
    )
    return figure


def convergence(result: Any, *, against: Literal["seconds", "iterations"] = "seconds") -> Figure:
    """Show how the objective and the KKT norm fell during a run.

    Each phase of the run has a color of its own. In phases that work on a
    stand-in for V (dashed), both values are those of the stand-in, so that the
    next phase starts anew.

    Parameters
    ----------
    result : Factorization, Model or list of records
        What has a history (that of a loaded model is thinned out), or the history: records
        with phase, iteration, seconds, objective and kkt.
    against : {"seconds", "iterations"}
        What runs to the right. Iterations are counted on through the phases.

    Returns
    -------
    Figure
        The objective above, the norm of the projected gradient (0 at a
        stationary point) below, where it was measured.

    Raises
    ------
    InvalidInputError
        There is no history.
    """
    check_choice(against, "against", ("seconds", "iterations"))
    from visnmf.model.course import history_of
    from visnmf.model.model import Model

    history = history_of(result) if isinstance(result, Model) else result
    history = getattr(history, "history", history)
    told = isinstance(history, Sequence) and all(isinstance(line, Record) for line in history)
    if not told or not len(history):
        raise InvalidInputError(
            "there is no history to draw: give a Factorization, or a Model of visnmf.learn "
            "(model files of visnmf before 0.6 do not keep it)"
        )
    figure = chart_figure(6.4, 4.8)
    upper, lower = figure.subplots(2, 1, sharex=True)
    offset = 0
    for index, (phase, group) in enumerate(groupby(history, key=lambda record: record.phase)):
        records = list(group)
        if against == "seconds":
            x = np.array([record.seconds for record in records], dtype=float)
        else:
            x = np.array([record.iteration for record in records], dtype=float) + offset
            offset += records[-1].iteration
        color = LINES[index % len(LINES)]
        for axes, name in ((upper, "objective"), (lower, "kkt")):
            y = np.array([getattr(record, name) for record in records], dtype=float)
            known = np.isfinite(y) & (y > 0)
            axes.plot(
                x[known],
                y[known],
                color=color,
                linewidth=1.4,
                linestyle="-" if phase in ("V", "closing") else (0, (4, 1.5)),
                marker="o" if known.sum() < 20 else None,
                markersize=3.5,
                label=phase,
            )
    for axes, name in ((upper, "objective"), (lower, "KKT norm")):
        axes.set_ylabel(name)
        _log_scale(axes)
        plain_axes(axes)
        axes.grid(axis="y", color="#e6e6e6", linewidth=0.6)
        axes.set_axisbelow(True)
    lower.set_xlabel("seconds" if against == "seconds" else "iterations")
    if len(upper.get_lines()) > 1:
        upper.legend(
            frameon=False, fontsize=SMALL, labelcolor=INK, title="phase", title_fontsize=SMALL
        )
    figure.align_ylabels()
    return figure


def _encodings_from(
    source: Any, images: ImageSet | ArrayLike | None
) -> tuple[NDArray[Any], list[str]]:
    """H and a name for each of its rows."""
    if images is not None:
        parts = parts_from(source, getattr(images, "layout", None))
        V = pictures_from(images, parts.layout).values
        return encodings_of(V, parts), parts.names
    H = np.asarray(getattr(source, "H", source))
    if H.ndim != 2 or H.size == 0 or H.dtype.kind not in "fiu":
        raise InvalidInputError(
            "encodings need H (rank, n), a Factorization, or a Model together with images; "
            f"got {type(source).__name__}"
        )
    return H, [str(k + 1) for k in range(len(H))]


def _pooled(H: NDArray[Any], dots: int = 700) -> NDArray[Any]:
    """At most `dots` columns, each the mean of neighbors."""
    n = H.shape[1]
    if n <= dots:
        return H
    starts = np.arange(dots) * n // dots
    return np.add.reduceat(H, starts, axis=1) / np.diff(starts, append=n)


def _name_rows(axes: Axes, names: Sequence[str]) -> None:
    """Every row's name where there is room, else every fifth, tenth, ..."""
    rank = len(names)
    step = next((s for s in (1, 5, 10, 50, 100) if rank / s <= 60), rank)
    rows = range(0, rank, 1) if step == 1 else range(step - 1, rank, step)
    axes.set_yticks(list(rows), [names[k] for k in rows], size=7.0, parse_math=False)
    if all(name.isdigit() for name in names):
        axes.set_ylabel("part")


def _name_groups(axes: Axes, labels: Sequence[str]) -> None:
    """Draw a thin line between groups of columns, and write each group's name below it."""
    names, sizes = zip(*[(name, len(list(group))) for name, group in groupby(labels)], strict=True)
    ends = np.cumsum(sizes)
    for end in ends[:-1]:
        axes.axvline(end - 0.5, color="white", linewidth=0.8 if len(ends) <= 20 else 0.4)
    # About seven inches of columns; a letter takes 0.09 inch along a line, 0.13 across.
    widths = 7.0 * np.array(sizes) / ends[-1]
    upright = 0.09 * max(map(len, names)) > widths.min()
    readable = widths >= 0.13 if upright else np.ones(len(names), dtype=bool)
    middles = ends - np.array(sizes) / 2 - 0.5
    axes.set_xticks(
        middles[readable],
        [name for name, fits in zip(names, readable, strict=True) if fits],
        rotation=90 if upright else 0,
        size=SMALL,
        parse_math=False,
    )


def _log_scale(axes: Axes) -> None:
    """Make the axis logarithmic, with ticks that can be read also within one decade."""
    values = np.concatenate([line.get_ydata() for line in axes.get_lines()])
    if values.size == 0:
        return
    axes.set_yscale("log")
    span = values.max() / values.min()
    if span < 100:
        axes.yaxis.set_major_locator(AutoLocator() if span < 5 else LogLocator(subs=(1, 2, 5)))
        axes.yaxis.set_major_formatter(StrMethodFormatter("{x:.6g}"))
        axes.yaxis.set_minor_locator(NullLocator())
