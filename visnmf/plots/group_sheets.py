"""Groups of pictures: the most typical of each, and one group at full length."""

from __future__ import annotations

from typing import Any

import numpy as np
from matplotlib.figure import Figure

from visnmf.arguments import check_instance, check_integer
from visnmf.errors import InvalidInputError
from visnmf.images.pictures import Pictures, as_pictures
from visnmf.plots.figures import DPI, SMALL, TEXT, sheet_figure
from visnmf.plots.inputs import parts_from
from visnmf.plots.sheet import contact_sheet
from visnmf.plots.tiles import caption, fit_tiles
from visnmf.plots.tones import INK, PAPER, largest, visible
from visnmf.tasks.groups import Groups

__all__ = ["group_sheet", "groups"]


def groups(
    pictures: Any,
    found: Groups,
    *,
    parts: Any = None,
    max_images: int = 10,
    max_groups: int = 16,
    side: int | None = None,
) -> Figure:
    """Show the most typical pictures of each group, a group a row, the largest group first.

    Parameters
    ----------
    pictures : ImageSet, Pictures, or what else holds pictures
        The pictures that were grouped.
    found : Groups
        What `visnmf.tasks.group` found.
    parts : Model, or what else holds parts, optional
        Where the groups are by part: the part that a group shares stands before its row.
    max_images, max_groups : int
        The most pictures of a group, and the most groups, to show.
    side : int, optional
        Pixels of the longer side of a picture as drawn.

    Returns
    -------
    Figure

    Raises
    ------
    InvalidInputError
        There are more or fewer pictures than were grouped.
    """
    known = _checked(pictures, found)
    check_integer(max_images, "max_images", 1)
    check_integer(max_groups, "max_groups", 1)
    rows = min(len(found), max_groups)
    members = [found.members(number) for number in range(rows)]
    columns = min(max_images, max(map(len, members)))
    first = _part_pictures(parts, found) if parts is not None and found.parts is not None else []
    across = columns + bool(first)
    if side is None:
        side = int(np.clip(900 / across, 48, 130))
    blank = np.ones((1, 1, 1), np.float32)
    shown = []
    for number, inside in enumerate(members):
        some = [known.pictures[i] for i in inside[:columns]]
        shown += [*([first[number]] if first else []), *some, *[blank] * (columns - len(some))]
    sheet = contact_sheet(fit_tiles(shown, side), columns=across, zoom=1)
    top = 0.3 if first else 0.1
    figure, axes, inch = sheet_figure(
        sheet.pixels, side=max(sheet.pixels.shape[:2]) / DPI, left=1.0, top=top
    )
    for number, inside in enumerate(members):
        y = sheet.middle(number, 0)[1]
        many = f"{len(inside):,} picture{'s' * (len(inside) != 1)}"
        caption(axes, -0.1 * inch, y, f"group {number + 1}\n{many}", side="left")
    if first:
        edge = sheet.pitch[1] - (sheet.pitch[1] - sheet.tile[1]) / 2
        axes.plot([edge, edge], [0, len(sheet.pixels)], color="#999999", linewidth=1.2)
        for x, text in ((0.0, "part"), (float(sheet.pitch[1]), "the most typical pictures")):
            axes.text(x, -0.05 * inch, text, size=SMALL, color=INK, ha="left", va="bottom")
    return figure


def group_sheet(
    pictures: Any, found: Groups, number: int, *, max_images: int = 100, side: int | None = None
) -> Figure:
    """Show the pictures of one group, the most typical first.

    Parameters
    ----------
    pictures, found
        As of `groups`.
    number : int
        The group, from 0.
    max_images : int
        The most pictures to show.
    side : int, optional
        Pixels of the longer side of a picture as drawn.

    Returns
    -------
    Figure

    Raises
    ------
    InvalidInputError
        There are more or fewer pictures than were grouped, or there is no such group.
    """
    known = _checked(pictures, found)
    check_integer(max_images, "max_images", 1)
    inside = found.members(number)
    some = [known.pictures[i] for i in inside[:max_images]]
    if side is None:
        side = int(np.clip(900 / np.sqrt(len(some)), 48, 130))
    sheet = contact_sheet(fit_tiles(some, side), zoom=1)
    shown = "" if len(some) == len(inside) else f", the {len(some)} most typical"
    # As wide as its title at least
    missing = max(0, int(2.6 * DPI) - sheet.pixels.shape[1])
    pixels = np.pad(sheet.pixels, ((0, 0), (0, missing), (0, 0)), constant_values=PAPER[0])
    figure, axes, inch = sheet_figure(pixels, side=max(pixels.shape[:2]) / DPI, top=0.32)
    many = f"{len(inside):,} picture{'s' * (len(inside) != 1)}"
    title = f"group {number + 1}: {many}{shown}"
    axes.text(0, -0.07 * inch, title, size=TEXT, color=INK, ha="left", va="bottom")
    return figure


def _checked(pictures: Any, found: Groups) -> Pictures:
    check_instance(found, "found", Groups, "visnmf.tasks.group gives one")
    known = as_pictures(pictures)
    if len(known) != len(found.of):
        raise InvalidInputError(f"{len(found.of)} pictures were grouped, got {len(known)}")
    return known


def _part_pictures(parts: Any, found: Groups) -> list[np.ndarray]:
    """Return the parts that groups share, each from 0 to its own brightest value."""
    columns = parts_from(parts, None)
    if found.parts is None or found.parts.max() >= columns.values.shape[1]:
        raise InvalidInputError("the groups are of other parts than those given")
    shown = visible(columns.values[:, found.parts], columns.layout)
    peak = largest(shown, "part").reshape(-1, *(1,) * (shown.ndim - 1))
    return list(np.clip(shown / peak, 0, 1).astype(np.float32))
