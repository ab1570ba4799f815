"""The options of load_images as a type, for functions that hand them on."""

from __future__ import annotations

import os
from collections.abc import Callable, Sequence
from typing import TypedDict

from numpy.typing import ArrayLike

__all__ = ["LoadOptions"]


class LoadOptions(TypedDict, total=False):
    """Options of `load.load_images`, which tells what each means."""

    size: tuple[int, int] | None
    mode: str
    fit: str
    recursive: bool
    frames: str | slice | None
    labels: str | os.PathLike[str] | ArrayLike | None
    mask: str | os.PathLike[str] | ArrayLike | None
    cube: str | None
    background: str | float | Sequence[float]
    range: tuple[float, float] | None
    nan: float | None
    key: str | None
    max_pixels: int
    on_error: str
    workers: int | None
    progress: Callable[[int, int], None] | None
