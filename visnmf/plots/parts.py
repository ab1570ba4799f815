"""The parts as a sheet, each with its name and a number where asked for."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import ArrayLike

from visnmf.errors import InvalidInputError
from visnmf.images.layout import ImageLayout
from visnmf.images.tiling import sheet_columns
from visnmf.plots.figures import DPI, sheet_figure
from visnmf.plots.inputs import checked_texts, shown_parts
from visnmf.plots.named_sheets import bounded_side, named_sheet
from visnmf.plots.part_tiles import part_tiles
from visnmf.plots.sheet import contact_sheet

__all__ = ["basis"]


def basis(
    source: Any,
    layout: ImageLayout | None = None,
    *,
    scale: Literal["part", "common"] = "part",
    columns: int | None = None,
    max_parts: int | None = None,
    names: Sequence[str] | bool = False,
    values: ArrayLike | None = None,
    value_format: str = "{:.3g}",
    channels: int | tuple[int, int, int] | None = None,
    cmap: str | None = None,
) -> Figure:
    """Show parts as a sheet of basis images, part after part in rows.

    Where no value is negative, zero is black and the largest value white (or
    full color); where any is, blue is below zero, red above and white zero, or in
    full color middle gray is zero. Pixels outside the mask are pale gray-blue.

    Parameters
    ----------
    source : Model, ImageSet, PatchEncoder, Factorization, or array of shape (m, rank)
        The parts, but for those that a Model has hidden. Of an ImageSet, its pictures; of ON and
        OFF halves, their difference.
    layout : ImageLayout, optional
        How a column becomes a picture, where `source` does not know.
    scale : {"part", "common"}
        Each part to its own largest absolute value, which shows the shape of
        weak parts; or all to one, which compares the values of W as they are.
    columns : int, optional
        Parts in a row; by default the sheet comes out about square.
    max_parts : int, optional
        Show only so many, the first ones.
    names : bool or sequence of str
        What to write under each part: nothing, the names that the source has
        (True), or those given.
    values : array of shape (rank,), optional
        A number to write under each part, such as its energy or how stable it is; one for
        each part of `source`, or for each that is shown.
    value_format : str
        How to write it, as `str.format` takes it: ``"{:.1%}"`` for shares.
    channels : int or three ints, optional
        For more than one channel: the one to show in gray, or three to show as
        red, green and blue. By default three channels are color, and any other
        number is averaged.
    cmap : str, optional
        A matplotlib colormap instead of gray or diverging colors; several
        channels are averaged.

    Returns
    -------
    Figure
        About 8 inches; larger for thousands of parts, so that each keeps 24 pixels, up to 40
        inches. Parts are shrunk where a sheet would be longer than 4,000 pixels. Names
        are shortened where they do not fit, and left out where they cannot be read.

    Raises
    ------
    InvalidInputError
        The parts do not fit the layout, there is no layout, an option is
        out of range, or there are more parts than can be seen (about 150,000).

    Examples
    --------
    >>> import numpy as np
    >>> from visnmf import ImageLayout, plots
    >>> figure = plots.basis(np.eye(4), ImageLayout(2, 2), names=True, values=[0.4, 0.3, 0.2, 0.1])
    >>> figure.savefig("parts.png")  # doctest: +SKIP
    """
    parts = shown_parts(source, layout)
    tiles = next(
        part_tiles(
            parts, scale=scale, max_parts=max_parts, columns=columns, channels=channels, cmap=cmap
        )
    )
    count, height, width = tiles.shape[:3]
    written = _names(parts.names, names, count), _numbers(values, value_format, count, source)
    if written != (None, None):
        return named_sheet(tiles, *written, columns)
    across = sheet_columns(count, height, width, columns)
    sheet = contact_sheet(tiles, columns=across, side=7.6 * DPI).pixels
    return sheet_figure(sheet, side=bounded_side(count, across, max(height, width)))[0]


def _names(known: Sequence[str], names: Sequence[str] | bool, count: int) -> Sequence[str] | None:
    if names is False:
        return None
    given = known[:count] if names is True else checked_texts(names, "names")
    if len(given) != count:
        raise InvalidInputError(f"got {len(given)} names for the {count} parts shown")
    return given


def _numbers(
    values: ArrayLike | None, value_format: str, count: int, source: Any
) -> list[str] | None:
    if values is None:
        return None
    numbers = np.asarray(values)
    hidden = getattr(source, "hidden", None)
    if hidden is not None and numbers.shape == np.shape(hidden):
        numbers = numbers[~np.asarray(hidden)]
    if numbers.ndim != 1 or len(numbers) < count or numbers.dtype.kind not in "fiub":
        raise InvalidInputError(
            f"values must be numbers, one for each of the {count} parts shown; got "
            f"{numbers.dtype} of shape {numbers.shape}"
        )
    return [_number(value, value_format) for value in numbers[:count].tolist()]


def _number(value: float, value_format: str) -> str:
    try:
        return value_format.format(value)
    except (ValueError, IndexError, KeyError) as error:
        raise InvalidInputError(
            f'value_format must be such as "{{:.2f}}" or "{{:.0%}}", not {value_format!r}: {error}'
        ) from error
