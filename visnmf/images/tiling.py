"""Pictures laid out row by row in one array."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visnmf.arguments import check_integer, check_sequence
from visnmf.errors import InvalidInputError

__all__ = ["montage", "sheet_columns"]


def montage(
    images: ArrayLike,
    *,
    columns: int | None = None,
    gap: int | tuple[int, int] = 1,
    background: float | tuple[int, ...] = 0,
) -> NDArray[Any]:
    """Lay pictures out row by row in one array.

    Parameters
    ----------
    images : array of shape (k, h, w) or (k, h, w, c)
        The pictures.
    columns : int, optional
        Pictures in a row; by default the sheet comes out about square.
    gap : int or (int, int)
        Pixels between pictures: between rows and columns alike, or each its own.
    background : float or c numbers
        What fills gaps and empty places.

    Returns
    -------
    array of shape (H, W) or (H, W, c), of the dtype of `images`
        ``H = rows * h + (rows - 1) * gap``, and W alike: no frame outside.

    Raises
    ------
    InvalidInputError
        There is no picture, or an option is out of range.

    Examples
    --------
    >>> montage([[[1, 2]], [[3, 4]], [[5, 6]]], columns=2)
    array([[1, 2, 0, 3, 4],
           [0, 0, 0, 0, 0],
           [5, 6, 0, 0, 0]])
    """
    stack = np.asarray(images)
    if stack.ndim not in (3, 4) or stack.size == 0:
        raise InvalidInputError(
            f"a montage needs pictures (k, h, w) or (k, h, w, c), got shape {stack.shape}"
        )
    count, height, width = stack.shape[:3]
    across = sheet_columns(count, height, width, columns)
    gaps = [gap, gap] if np.ndim(gap) == 0 else check_sequence(gap, "gap", "two whole numbers")
    if len(gaps) != 2:
        raise InvalidInputError(
            f"gap must be one or two whole numbers, (down, across), not {gap!r}"
        )
    down_gap, across_gap = (check_integer(each, "gap", 0) for each in gaps)
    down = -(-count // across)
    # Each place carries a gap below and to its right; the last ones are cut off at the end.
    places = np.empty(
        (down * across, height + down_gap, width + across_gap, *stack.shape[3:]), stack.dtype
    )
    try:
        places[:] = background
    except (TypeError, ValueError, OverflowError) as error:
        raise InvalidInputError(
            f"background must be a value, or one for each channel, not {background!r:.80}"
        ) from error
    places[:count, :height, :width] = stack
    grid = places.reshape(down, across, *places.shape[1:]).swapaxes(1, 2)
    sheet = grid.reshape(down * places.shape[1], across * places.shape[2], *stack.shape[3:])
    return sheet[: len(sheet) - down_gap, : sheet.shape[1] - across_gap]


def sheet_columns(count: int, height: int, width: int, columns: int | None = None) -> int:
    """Choose how many pictures make a row: about a square, and no row cut short if that can be."""
    if columns is not None:
        return check_integer(columns, "columns", 1)
    across = min(count, int(np.ceil(np.sqrt(count * height / width))))
    full = [c for c in range(across, across + max(2, across // 4) + 1) if count % c == 0]
    return full[0] if full else -(-count // -(-count // across))
