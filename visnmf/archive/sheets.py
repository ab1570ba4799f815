"""Contact sheets: many pictures of one size side by side in one image, for the codecs of images."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visnmf.archive.registry import MAX_SAMPLES
from visnmf.errors import InvalidInputError

__all__ = ["LEAST_PIXELS", "SheetPlan", "cut", "lay", "plan_sheets"]

LEAST_PIXELS = 2**20
"""A set is divided into sheets of at least so many pixels: fewer cost bytes, more cost time to
whoever wants one picture."""

_MOST_PICTURES = 2**20  # on a sheet
_UNEVEN = 0.02  # what a sheet twice as wide as high costs, in shares of its cells


@dataclass(frozen=True)
class SheetPlan:
    """How pictures of one size are laid on contact sheets.

    Picture j lies on sheet j // per_sheet. The cells of a sheet are filled row after row, without
    borders; where channels are apart each is a cell of its own, those of a picture one after
    another. The last sheet may hold fewer pictures, and has fewer rows then; only a sheet of a
    single row is narrower than the others.

    Parameters
    ----------
    n : int
        Pictures.
    height, width : int
        Of a picture.
    channels : int
        Values of a pixel.
    per_sheet : int
        Pictures on a sheet.
    columns : int
        Cells side by side.
    apart : bool
        Whether channels are cells of their own; must be so if there are not 1 or 3.

    Raises
    ------
    InvalidInputError
        If a number is below 1, or channels that must be apart are not.

    Examples
    --------
    >>> plan = SheetPlan(5, 2, 3, per_sheet=4, columns=2)
    >>> plan.sheets, plan.pictures(1), plan.shape(0), plan.shape(1)
    (2, slice(4, 5, None), (4, 6), (2, 3))
    """

    n: int
    height: int
    width: int
    channels: int = 1
    per_sheet: int = 1
    columns: int = 1
    apart: bool = False

    def __post_init__(self) -> None:
        """Check the numbers."""
        for name in ("n", "height", "width", "channels", "per_sheet", "columns"):
            if getattr(self, name) < 1:
                raise InvalidInputError(f"{name} must be 1 or more, got {getattr(self, name)}")
        if self.channels not in (1, 3) and not self.apart:
            raise InvalidInputError(
                f"a sheet is gray or RGB: {self.channels} channels must be laid apart"
            )

    @property
    def planes(self) -> int:
        """Cells that a picture takes."""
        return self.channels if self.apart else 1

    @property
    def sheets(self) -> int:
        """How many sheets there are."""
        return -(-self.n // self.per_sheet)

    @property
    def pixels(self) -> int:
        """Pixels of all cells of all pictures."""
        return self.n * self.planes * self.height * self.width

    def pictures(self, i: int) -> slice:
        """Return which pictures lie on sheet i."""
        return slice(i * self.per_sheet, min(self.n, (i + 1) * self.per_sheet))

    def count(self, i: int) -> int:
        """Return how many pictures lie on sheet i."""
        return min(self.n, (i + 1) * self.per_sheet) - i * self.per_sheet

    def grid(self, i: int) -> tuple[int, int]:
        """Return rows and columns of cells of sheet i."""
        cells = self.count(i) * self.planes
        columns = min(self.columns, cells)
        return -(-cells // columns), columns

    def shape(self, i: int) -> tuple[int, ...]:
        """Return the shape of sheet i: (height, width), or (height, width, 3)."""
        rows, columns = self.grid(i)
        size = (rows * self.height, columns * self.width)
        return size if self.apart or self.channels == 1 else (*size, 3)


def plan_sheets(
    n: int, height: int, width: int, channels: int = 1, *, apart: bool = False
) -> SheetPlan:
    """Plan the sheets of a set: near square, of 2^20 to some 2^21 pixels where the set is large.

    A small set takes one sheet, large pictures one each. Of many sheets only the last one may have
    empty cells. The same on every machine.

    Parameters
    ----------
    n : int
        Pictures.
    height, width, channels : int
        Of a picture. Other channels than 1 or 3 are laid apart.
    apart : bool
        Lay three channels apart too.

    Returns
    -------
    plan : SheetPlan

    Raises
    ------
    InvalidInputError
        If a number is below 1, or one picture has more values than a codec takes.

    Examples
    --------
    >>> plan = plan_sheets(60000, 28, 28)
    >>> plan.sheets, plan.shape(0), plan.shape(43)
    (44, (1092, 980), (1064, 980))
    """
    apart = channels > 1 if apart else channels not in (1, 3)
    one = SheetPlan(n, height, width, channels, apart=apart)
    if height * width * channels > MAX_SAMPLES:
        raise InvalidInputError(
            f"a picture of {height} x {width} pixels and {channels} channel(s) has more than "
            f"{MAX_SAMPLES} values, which no sheet takes; cut it into smaller ones"
        )
    most = min(n, _MOST_PICTURES)
    for sheets in range(max(1, one.pixels // LEAST_PIXELS), 0, -1):
        per_sheet = -(-n // sheets)
        if per_sheet > most:
            break
        # Rows that are full leave no cell empty, except on the last sheet.
        columns = _columns(per_sheet * one.planes, height, width)
        if sheets > 1:
            rows = -(-per_sheet * one.planes // columns)
            per_sheet = min(most, max(1, rows * columns // one.planes))
        rest = n % per_sheet
        if not rest or 2 * rest >= per_sheet:
            break
    per_sheet = min(per_sheet, most)
    columns = _columns(per_sheet * one.planes, height, width)
    return SheetPlan(n, height, width, channels, per_sheet, columns, apart)


def lay(pictures: NDArray[Any], plan: SheetPlan, i: int) -> NDArray[Any]:
    """Lay the pictures of a sheet side by side.

    Parameters
    ----------
    pictures : ndarray, shape (plan.count(i), height, width[, channels])
        Those of sheet i alone: `levels[plan.pictures(i)]`.
    plan : SheetPlan
        How they lie.
    i : int
        Which sheet.

    Returns
    -------
    sheet : ndarray, shape plan.shape(i)
        Of the same type. Empty cells go on with the last column of the picture before them, which
        costs next to nothing. Shares memory with `pictures` where there is one cell.
    """
    cells = _to_cells(pictures, plan)
    rows, columns = plan.grid(i)
    shape = plan.shape(i)
    if rows * columns == 1:
        return cells.reshape(shape)
    sheet = np.empty(shape, pictures.dtype)
    grid = sheet.reshape(rows, plan.height, columns, plan.width, -1)
    full, left = divmod(len(cells), columns)
    whole = cells[: full * columns].reshape(full, columns, *cells.shape[1:])
    grid[:full] = whole.transpose(0, 2, 1, 3, 4)
    if left:
        grid[full, :, :left] = cells[full * columns :].transpose(1, 0, 2, 3)
        grid[full, :, left:] = cells[-1][:, None, -1:, :]
    return sheet


def cut(sheet: NDArray[Any], plan: SheetPlan, i: int) -> NDArray[Any]:
    """Cut a sheet into its pictures.

    Parameters
    ----------
    sheet : ndarray, shape plan.shape(i)
        What `lay` made, or what a codec made of it.
    plan : SheetPlan
        How they lie.
    i : int
        Which sheet.

    Returns
    -------
    pictures : ndarray, shape (plan.count(i), height, width[, channels])
        Shares memory with the sheet where that has one column.
    """
    rows, columns = plan.grid(i)
    grid = sheet.reshape(rows, plan.height, columns, plan.width, -1).transpose(0, 2, 1, 3, 4)
    cells = grid.reshape(rows * columns, *grid.shape[2:])[: plan.count(i) * plan.planes]
    return _to_pictures(cells, plan)


def _columns(cells: int, height: int, width: int) -> int:
    """Return how many cells lie side by side: near square, few cells empty."""
    ideal = math.sqrt(cells * height / width)
    low, high = max(1, math.ceil(0.75 * ideal)), max(1, math.floor(1.34 * ideal))
    tried = range(min(low, cells), min(max(high, low), cells) + 1)

    def waste(columns: int) -> float:
        rows = -(-cells // columns)
        # Divisions and square roots are the same on every machine; logarithms are not.
        long, short = columns * width, rows * height
        uneven = max(long, short) / min(long, short) - 1.0
        return (rows * columns - cells) / cells + _UNEVEN * uneven

    return min(tried, key=waste)


def _to_cells(pictures: NDArray[Any], plan: SheetPlan) -> NDArray[Any]:
    """Return cells (k, height, width, 1 or 3)."""
    whole = pictures.reshape(len(pictures), plan.height, plan.width, plan.channels)
    if not plan.apart:
        return whole
    return whole.transpose(0, 3, 1, 2).reshape(-1, plan.height, plan.width, 1)


def _to_pictures(cells: NDArray[Any], plan: SheetPlan) -> NDArray[Any]:
    """Return pictures (count, height, width[, channels])."""
    if plan.channels == 1:
        return cells[..., 0]
    if not plan.apart:
        return cells
    planes = cells.reshape(-1, plan.planes, plan.height, plan.width)
    return np.ascontiguousarray(planes.transpose(0, 2, 3, 1))
