"""What a notebook shows of pictures: a line of facts, and a small contact sheet inside the page."""

from __future__ import annotations

import base64
import html
import io
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from visnmf.images.fitting import resize_values
from visnmf.images.tiling import montage

if TYPE_CHECKING:
    from visnmf.images.imageset import ImageSet
    from visnmf.images.pictures import Pictures

__all__ = [
    "MOST",
    "MOST_BYTES",
    "facts_html",
    "preview_html",
    "set_html",
    "spread",
    "unless_broken",
]

MOST = 64  # pictures on a sheet
MOST_BYTES = 100_000  # of its PNG
_SIDES = (64, 48, 32, 24, 16, 8)  # pixels of a tile, tried until the file is small enough
_ACROSS = 16  # tiles in a row
_STYLE = "max-width:100%;image-rendering:pixelated"


def spread(count: int, most: int = MOST) -> list[int]:
    """Choose at most so many of `count`, spread evenly from the first to the last."""
    return np.linspace(0, count - 1, min(count, most)).round().astype(int).tolist()


def preview_html(pictures: Sequence[NDArray[np.floating]], facts: str, told: str) -> str:
    """Return HTML that holds a contact sheet as PNG, less than 100 kB, below a line of facts.

    Parameters
    ----------
    pictures : sequence of arrays, shape (h, w) or (h, w, channels)
        At most `MOST`; values in [0, 1], what is beyond is clipped and NaN is black.
        Three channels are color, any other number is averaged.
    facts : str
        The line above the sheet, as plain text.
    told : str
        What the sheet shows, as plain text: its alternative text, and the line below it.
    """
    if not pictures:
        return facts_html(facts)
    content = b""
    reduced = [_reduced(picture) for picture in pictures]
    for side in _SIDES:
        content = _png(_tiles(reduced, side))
        if len(content) <= MOST_BYTES:
            break
    data = base64.b64encode(content).decode("ascii")
    said = html.escape(told)
    image = f'<img alt="{said}" style="{_STYLE}" src="data:image/png;base64,{data}">'
    return f"{facts_html(facts)}<div>{image}</div><div><small>{said}</small></div>"


def set_html(images: ImageSet | Pictures) -> str | None:
    """Return a set as HTML: its facts, and pictures spread over it; None if it cannot be drawn."""

    def make() -> str:
        shown = [images[i] for i in spread(len(images))]
        told = f"all {len(shown)} pictures, in their order"
        if len(shown) < len(images):
            told = f"{len(shown)} of the {len(images):,} pictures, spread over the set"
        return preview_html(shown, repr(images), told)

    return unless_broken(make)


def facts_html(facts: str) -> str:
    """Return a line of plain text as HTML."""
    return f"<div><code>{html.escape(facts)}</code></div>"


def unless_broken(make: Callable[[], str]) -> str | None:
    """Return what `make` gives, or None, for which a notebook shows the plain text.

    An object that was changed from outside so that it cannot be drawn can still be looked at.
    """
    try:
        return make()
    except (ArithmeticError, AttributeError, LookupError, OSError, TypeError, ValueError):
        return None


def _reduced(picture: NDArray[np.floating]) -> NDArray[np.float32]:
    """Return a picture (h, w) or in color (h, w, 3) that is hardly larger than a tile.

    Of one with thousands of pixels a side, only some are looked at, evenly spaced.
    """
    step = max(1, max(picture.shape[:2]) // (8 * _SIDES[0]))
    values = np.nan_to_num(np.asarray(picture[::step, ::step], np.float32))
    if values.ndim == 3 and values.shape[2] != 3:
        values = values.mean(axis=2)
    return _fitted(values, _SIDES[0])


def _fitted(values: NDArray[np.float32], side: int) -> NDArray[np.float32]:
    """Shrink values so that no side is longer than `side`."""
    height, width = values.shape[:2]
    longer = max(height, width)
    if longer <= side:
        return values
    return resize_values(values, (max(1, height * side // longer), max(1, width * side // longer)))


def _drawn(values: NDArray[np.float32], side: int) -> NDArray[np.uint8]:
    """Return a picture as colors (h, w, 3 or 1), its longer side about `side` pixels."""
    values = _fitted(values, side)
    times = side // max(values.shape[:2])
    values = values.repeat(times, axis=0).repeat(times, axis=1)
    colors = np.rint(255 * np.clip(values, 0, 1)).astype(np.uint8)
    return colors if colors.ndim == 3 else colors[:, :, None]


def _tiles(pictures: Sequence[NDArray[np.float32]], side: int) -> NDArray[np.uint8]:
    """Return pictures in the middle of white tiles (k, h, w, 3), as large as the largest."""
    drawn = [_drawn(picture, side) for picture in pictures]
    height, width = (max(picture.shape[axis] for picture in drawn) for axis in (0, 1))
    tiles = np.full((len(drawn), height, width, 3), 255, np.uint8)
    for tile, picture in zip(tiles, drawn, strict=True):
        h, w = picture.shape[:2]
        top, left = (height - h) // 2, (width - w) // 2
        tile[top : top + h, left : left + w] = picture
    return tiles


def _png(tiles: NDArray[np.uint8]) -> bytes:
    """Return tiles as a sheet in PNG, gray where all are."""
    rows = -(-len(tiles) // _ACROSS)
    sheet = montage(tiles, columns=-(-len(tiles) // rows), gap=2, background=255)
    gray = bool((sheet == sheet[..., :1]).all())
    content = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(sheet[..., 0]) if gray else sheet).save(
        content, "PNG", optimize=True
    )
    return content.getvalue()
