"""Pictures that are an array already: stacks, and hyperspectral cubes."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visnmf.errors import InvalidInputError
from visnmf.images.colors import convert_values
from visnmf.images.frames import Frame, full_scale

__all__ = ["CUBES", "ready_stack", "stack_from_array"]

CUBES = ("bands", "channels")


def stack_from_array(
    values: NDArray[Any],
    mode: str,
    background: tuple[float, float, float],
    cube: str | None,
) -> Frame:
    """Give an array the shape of a stack, and the colors wanted.

    Parameters
    ----------
    values : array, shape (n, h, w) or (n, h, w, channels); a cube: (h, w, bands)
        Whole numbers, floats or bools.
    mode : {"gray", "rgb", "keep"}
        Colors wanted; a cube always keeps its bands.
    background : tuple of 3 floats
        What shows through transparent pixels.
    cube : {"bands", "channels"} or None
        Each band of a cube as a picture, or all as the channels of one picture.

    Returns
    -------
    stack : Frame
        Values of shape (n, h, w) or (n, h, w, channels); a view where possible.

    Raises
    ------
    InvalidInputError
        If the array has another shape, or holds no real numbers.
    """
    if values.dtype.kind not in "buif":
        raise InvalidInputError(f"pictures must be real numbers, got an array of {values.dtype}")
    values = values.astype(values.dtype.newbyteorder("="), copy=False)
    full = full_scale(values.dtype)
    if cube is not None:
        if values.ndim != 3 or not values.size:
            raise InvalidInputError(
                f"a cube is (height, width, bands), none of them 0; got shape {values.shape}"
            )
        if cube == "channels":
            return Frame(values[np.newaxis], full)
        return Frame(np.moveaxis(values, -1, 0), full)
    if values.ndim not in (3, 4) or not values.size:
        hint = "; one picture is array[None]" if values.ndim == 2 else ""
        raise InvalidInputError(
            "pictures in an array are (n, height, width) or (n, height, width, channels), none "
            f"of them 0; got shape {values.shape}{hint}"
        )
    if values.ndim == 3:
        values = values[..., np.newaxis]
    return Frame(convert_values(values, mode, background), full)


def ready_stack(stack: Frame, ready: Callable[[NDArray[Any]], NDArray[Any]]) -> Frame:
    """Bring each picture of a stack to what is wanted; the same memory if nothing changes."""
    values, full = stack
    pictures = [ready(picture) for picture in values]
    if all(np.may_share_memory(a, b) for a, b in zip(pictures, values, strict=True)):
        return stack
    return Frame(np.stack(pictures), full)
