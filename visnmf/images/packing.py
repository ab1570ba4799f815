"""Frames of one size into the columns of V, with the value range that they share."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visnmf.errors import InvalidInputError
from visnmf.images.fitting import fit_values
from visnmf.images.frames import Frame
from visnmf.images.layout import ImageLayout

__all__ = ["make_ready", "pack_stack", "range_of", "stack_frames"]


def make_ready(
    values: NDArray[Any],
    size: tuple[int, int] | None,
    fit: str,
    mask: NDArray[np.bool_] | None,
    nan: float | None,
) -> NDArray[Any]:
    """Bring one decoded picture to the size wanted, and see that all its values are numbers.

    Parameters
    ----------
    values : array, shape (h, w) or (h, w, channels)
        One picture.
    size : (height, width) or None
        The size wanted; None keeps the size.
    fit : {"resize", "crop", "refuse"}
        How to get there.
    mask : array of bool, shape (height, width), or None
        Pixels outside it may be anything.
    nan : float or None
        What to put for NaN and infinite values; None refuses them.

    Returns
    -------
    values : array, shape (height, width) or (height, width, channels)

    Raises
    ------
    InvalidInputError
        If the size is refused or a value is NaN or infinite.
    """
    is_float = values.dtype.kind == "f"
    if is_float and nan is not None:
        values = np.where(np.isfinite(values), values, values.dtype.type(nan))
    if size is not None:
        values = fit_values(values, size, fit)
    if is_float:
        _check_finite(values if mask is None or mask.shape != values.shape[:2] else values[mask])
    return values


def stack_frames(frames: Sequence[Frame], *, explicit_range: bool) -> Frame:
    """Join frames of one shape, shape (n, h, w[, channels]), in a scale that all share.

    Parameters
    ----------
    frames : sequence of Frame
        At least one. 8 and 16 bits together become 16 bits.
    explicit_range : bool
        Whether the user gave the value range: then values are taken as they are.

    Returns
    -------
    frame : Frame

    Raises
    ------
    InvalidInputError
        If some frames imply a value range and others do not.
    """
    scales = {frame.full for frame in frames}
    if len(scales) == 1 or explicit_range:
        return Frame(np.stack([frame.values for frame in frames]), frames[0].full)
    if None in scales:
        raise InvalidInputError(
            "some pictures have whole numbers of 8 or 16 bits and others floats or wider numbers; "
            "give range=(low, high), the values of black and white, or load them apart"
        )
    joined = np.empty((len(frames), *frames[0].values.shape), dtype=np.uint16)
    for row, (values, full) in zip(joined, frames, strict=True):
        np.rint(values * (65535.0 / float(full or 1.0)), out=row, casting="unsafe")
    return Frame(joined, 65535.0)


def pack_stack(
    stack: Frame,
    mask: NDArray[np.bool_] | None,
    value_range: tuple[float, float] | None,
) -> tuple[NDArray[np.float32], ImageLayout]:
    """Scale a stack of pictures to [0, 1] and flatten it.

    Parameters
    ----------
    stack : Frame
        Values of shape (n, h, w) or (n, h, w, channels), finite where kept.
    mask : array of bool, shape (h, w), or None
        True where a pixel is kept.
    value_range : (low, high) or None
        The values that become 0 and 1. By default 0 and `stack.full`; if that is None,
        0 and 1 where all values lie there, else the least and the greatest value.

    Returns
    -------
    V : array of float32, shape (m, n)
        The memory of `stack` where it is float32, C-ordered and in [0, 1] already.
    layout : ImageLayout

    Raises
    ------
    InvalidInputError
        If the mask or the range makes no sense.
    """
    values = stack.values
    height, width, channels = (*values.shape[1:], 1)[:3]
    dtype = values.dtype.name if values.dtype.itemsize <= 8 else "float64"
    shape = ImageLayout(height, width, channels, mask)
    columns = shape.to_columns(values)
    low, high = range_of(columns, stack.full, value_range)
    layout = ImageLayout(height, width, channels, shape.mask, low, high, dtype)
    inside = columns.size == 0 or (columns.min() >= 0.0 and columns.max() <= 1.0)
    if columns.dtype == np.float32 and (low, high) == (0.0, 1.0) and inside:
        return columns, layout
    return layout.from_original(columns.T).T, layout


def _check_finite(values: NDArray[Any]) -> None:
    bad = values.size - np.count_nonzero(np.isfinite(values))
    if bad:
        raise InvalidInputError(
            f"{bad} of {values.size} values are NaN or infinite; nan=0.0 would put 0 in their "
            "place, mask=... would leave pixels out"
        )


def range_of(
    columns: NDArray[Any], full: float | None, value_range: tuple[float, float] | None
) -> tuple[float, float]:
    """Return the values that become 0 and 1: those given, those of the depth, or those found."""
    if value_range is not None:
        return value_range
    if full is not None:
        return 0.0, full
    least, greatest = float(columns.min()), float(columns.max())
    if least >= 0.0 and greatest <= 1.0:
        return 0.0, 1.0
    if least == greatest:  # constant: any range that holds the value; it then is white, or black
        return (0.0, least) if least > 0 else (least, 0.0)
    return least, greatest
