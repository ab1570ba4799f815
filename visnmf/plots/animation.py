"""A picture built up part by part, as an animation."""

from __future__ import annotations

import io
import os
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visnmf.arguments import check_integer, check_number, check_path
from visnmf.errors import InvalidInputError
from visnmf.files import write_atomically
from visnmf.images.fitting import resize_values
from visnmf.images.layout import ImageLayout
from visnmf.images.tiling import montage
from visnmf.model.columns import column_errors
from visnmf.plots.inputs import encodings_of, one_picture, parts_from
from visnmf.plots.strength import by_strength
from visnmf.plots.tones import PAPER, colored, largest, visible

if TYPE_CHECKING:
    from PIL import Image

__all__ = ["FORMATS", "save_build_up"]

FORMATS = {".gif": "GIF", ".webp": "WebP"}
_LAST = 2500  # milliseconds that the whole picture stays
_SHORTEST = 40  # milliseconds; viewers do not show shorter ones
_MOST_PIXELS = 200_000_000  # of all frames together
_WIDEST = 16_000  # pixels; WebP takes no more
_GAP = 8
_LINE = 17  # pixels, of a line of text
_ROOMY = 110  # pixels that a line may take


def save_build_up(
    path: str | os.PathLike[str],
    source: Any,
    image: Any,
    *,
    layout: ImageLayout | None = None,
    H: ArrayLike | None = None,
    channels: int | tuple[int, int, int] | None = None,
    seconds: float = 6.0,
    max_frames: int = 60,
    side: int = 240,
) -> int:
    """Write an animation of a picture that is rebuilt part by part, the strongest part first.

    Each frame shows the sum so far, what was just added (on its own scale), and the original,
    and says how many parts there are and the relative error that is left. The strength of
    part k in the picture is ``h_k ||w_k||``. The whole sum stays for 2.5 seconds; then it begins
    anew.

    Parameters
    ----------
    path : str or path
        A ``.gif`` or ``.webp`` file, replaced at once or not at all. Gray pictures are exact in
        both, colors are exact in WebP and reduced to 256 in a GIF.
    source, image, layout, H, channels
        As for `build_up`.
    seconds : float
        How long the building takes, about.
    max_frames : int
        At most so many frames: of more parts, later ones are added several at a time.
    side : int
        Pixels of a picture's longer side, about: smaller ones are enlarged by a whole number,
        larger ones shrunk.

    Returns
    -------
    frames : int
        How many were written.

    Raises
    ------
    InvalidInputError
        As for `build_up`, an option is out of range, or the file is of another kind.
    """
    file = check_path(path, "path")
    if file.suffix.lower() not in FORMATS:
        raise InvalidInputError(f"{file} should end in .gif or .webp")
    for name, value, least in (("max_frames", max_frames, 2), ("side", side, 16)):
        check_integer(value, name, least)
    if not 0 < check_number(seconds, "seconds") <= 600:
        raise InvalidInputError(f"seconds must be above 0 and at most 600, not {seconds}")
    parts = parts_from(source, layout)
    v = one_picture(image, parts.layout)
    W, h = parts.values, encodings_of(v[:, None], parts, H)[:, 0]
    order = by_strength(W, h)
    counts = _counts(len(order), max_frames)
    sums = np.stack([W[:, order[:c]] @ h[order[:c]] for c in counts], axis=1)
    errors = column_errors(np.repeat(v[:, None], len(counts), axis=1), sums)
    rows = _panels(v, sums, parts.layout, channels, side)
    _check_size(parts.layout, side, len(counts))
    words = [
        [
            f"{count} of {len(order)} part{'s' * (len(order) != 1)}, error {100 * error:.1f} %",
            "added" if count - before == 1 else f"{count - before} added",
            "original",
        ]
        for count, before, error in zip(counts, [0, *counts], errors, strict=False)
    ]
    frames = [_frame(panels, texts) for panels, texts in zip(rows, words, strict=True)]
    if len({frame.mode for frame in frames}) > 1:  # gray ones among those in color
        frames = [frame.convert("RGB") for frame in frames]
    each = max(_SHORTEST, round(1000 * seconds / len(counts)))
    durations = [each] * (len(frames) - 1) + [_LAST]
    write_atomically(file, _encoded(frames, durations, FORMATS[file.suffix.lower()]))
    return len(frames)


def _counts(used: int, max_frames: int) -> list[int]:
    """Choose after how many parts there is a frame: after each at first, later after more."""
    if used <= max_frames:
        return list(range(1, used + 1))
    spread = max_frames
    while True:  # of evenly spread ones in the logarithm, the first fall together
        found = np.unique(np.geomspace(1, used, spread).round().astype(int))
        if len(found) >= max_frames or spread > 50 * max_frames:
            return found[: max_frames - 1].tolist() + [used]
        spread += max(1, max_frames - len(found))


def _check_size(layout: ImageLayout, side: int, frames: int) -> None:
    """Refuse an animation that would not fit in memory, or in a file of its kind."""
    width = 3 * side * layout.width / max(layout.height, layout.width)
    pixels = width * side * layout.height / max(layout.height, layout.width) * frames
    if pixels > _MOST_PIXELS or width > _WIDEST:
        raise InvalidInputError(
            f"{frames} frames with pictures of {side} pixels make {pixels:,.0f} pixels, "
            f"{width:,.0f} across; at most {_MOST_PIXELS:,} and {_WIDEST:,} can be written: "
            "give a smaller side, or fewer frames with max_frames"
        )


def _panels(
    v: NDArray[Any],
    sums: NDArray[Any],
    layout: ImageLayout,
    channels: int | tuple[int, int, int] | None,
    side: int,
) -> Iterator[NDArray[np.uint8]]:
    """Yield for each step the sum, what was added and the original, (3, h, w, 3)."""
    original = visible(v[:, None], layout, channels)
    peak = largest(original, "part")
    beside = _sized(colored(original, peak, layout.mask)[0], side)
    before = np.zeros_like(v[:, None])
    for total in np.split(sums, sums.shape[1], axis=1):
        added = visible(total - before, layout, channels)
        above = colored(visible(total, layout, channels), peak, layout.mask)[0]
        below = colored(added, largest(added, "part"), layout.mask)[0]
        yield np.stack([_sized(above, side), _sized(below, side), beside])
        before = total


def _sized(picture: NDArray[np.uint8], side: int) -> NDArray[np.uint8]:
    """Enlarge a picture by a whole number, or shrink it, to about `side` pixels."""
    height, width = picture.shape[:2]
    longer = max(height, width)
    if longer > side:
        size = max(1, round(height * side / longer)), max(1, round(width * side / longer))
        return resize_values(picture, size)
    return picture.repeat(side // longer, axis=0).repeat(side // longer, axis=1)


def _frame(panels: NDArray[np.uint8], texts: list[str]) -> Image.Image:
    """Lay panels out in a row, with words above each."""
    from PIL import Image, ImageDraw, ImageFont

    row = montage(panels, columns=3, gap=_GAP, background=PAPER)
    height, width = row.shape[0] + 2 * (_GAP + _LINE), row.shape[1] + 2 * _GAP
    sheet = np.full((height, width, 3), 255, np.uint8)
    sheet[_GAP + 2 * _LINE : -_GAP, _GAP:-_GAP] = row
    gray = bool((sheet == sheet[..., :1]).all())
    frame = Image.fromarray(np.ascontiguousarray(sheet[..., 0]) if gray else sheet)
    draw, font = ImageDraw.Draw(frame), ImageFont.load_default(12)
    ink = 34 if gray else (34, 34, 34)
    # Over narrow pictures there is room for the first text alone.
    for place, text in enumerate(texts if panels.shape[2] >= _ROOMY else texts[:1]):
        x = _GAP + place * (panels.shape[2] + _GAP)
        lines = text.split(", ")
        for number, line in enumerate(lines):
            draw.text((x, _GAP + (number + 2 - len(lines)) * _LINE - 3), line, fill=ink, font=font)
    return frame


def _encoded(frames: list[Image.Image], durations: list[int], kind: str) -> bytes:
    """Return the animation as a file."""
    from PIL import Image

    if kind == "GIF" and frames[0].mode == "RGB":
        # One palette for all: a frame of its own colors would flicker.
        seen = [*frames[::4], frames[-1]]
        strip = Image.fromarray(np.concatenate([np.asarray(frame) for frame in seen]))
        palette = strip.quantize(256, dither=Image.Dither.NONE)
        frames = [frame.quantize(palette=palette, dither=Image.Dither.NONE) for frame in frames]
    content = io.BytesIO()
    frames[0].save(
        content, kind, save_all=True, append_images=frames[1:], duration=durations, loop=0,
        **({"lossless": True} if kind == "WebP" else {"optimize": False}),
    )  # fmt: skip
    return content.getvalue()
