"""Parts as files for other programs: pictures, a stack, masks, regions of interest."""

from __future__ import annotations

import csv
import io
import os
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any, Literal, get_args

import numpy as np
from numpy.typing import NDArray

from visnmf.archive.safe_names import safe_names
from visnmf.arguments import check_choice, check_path
from visnmf.curate.masks import check_threshold, thresholds_of
from visnmf.curate.rois import outlines_of, roi_of, roi_set
from visnmf.curate.stack import check_stack, stack_bytes
from visnmf.errors import InvalidInputError
from visnmf.files import write_atomically
from visnmf.images.layout import ImageLayout
from visnmf.images.writing import encode_picture
from visnmf.model.model import Model
from visnmf.plots.tones import largest, visible

__all__ = ["FORMATS", "export_parts"]

Format = Literal["png", "tiff", "masks", "rois"]
FORMATS: tuple[Format, ...] = get_args(Format)
_LONGEST = 200  # bytes of a name in a file name: endings and numbers are added

Row = dict[str, Any]
"""What the table tells of a part, beside its number and name."""
Made = tuple[dict[str, Callable[[], bytes]], list[Row]]
"""The files, each made when it is written, and the rows of the table."""


@dataclass(frozen=True, eq=False)
class _Parts:
    """The parts to write: those that are not hidden, or all.

    Attributes
    ----------
    numbers : list of int
        Their numbers in the model.
    names, files : list of str
        What they are called, and a name for a file of each, without its ending.
    W : ndarray, shape (m, k)
        Their values.
    """

    numbers: list[int]
    names: list[str]
    files: list[str]
    W: NDArray[np.float32]
    layout: ImageLayout


def export_parts(
    model: Model,
    folder: str | os.PathLike[str],
    *,
    format: Format = "png",
    scale: Literal["part", "common"] = "part",
    threshold: str | float = "otsu",
    channels: int | tuple[int, int, int] | None = None,
    hidden: bool = False,
    overwrite: bool = False,
) -> list[str]:
    """Write the parts of a model into a folder, as files for other programs.

    Beside them a table ``parts-FORMAT.csv`` tells number, name and file of each part, and how
    values became pixels: value = white * pixel / largest pixel value.

    Parameters
    ----------
    model : Model
        The parts.
    folder : str or path
        Made if it is not there.
    format : {"png", "tiff", "masks", "rois"}
        "png": a picture of 8 bits a part, in color where it has three channels. "tiff":
        one stack of 16 bits, ``parts.tif``, with the names as labels, which ImageJ opens as a
        (hyper)stack of all channels. "masks": a picture a part, 255 where the part is above the
        threshold and 0 elsewhere. "rois": the outlines of those masks, a region a part, in
        ``parts-rois.zip`` for ImageJ's ROI Manager.
    scale : {"part", "common"}
        White is the largest value of each part, which shows the shape of weak ones; or of
        all parts, which compares them. Of "png" and "tiff".
    threshold : "otsu" or float
        Of masks and regions: by Otsu's method for each part, or a share of its largest
        value, from 0 to below 1.
    channels : int or three ints, optional
        Which channel to write, or which three. By default three are color, and other numbers are
        averaged; "tiff" keeps all. Masks and regions are of the mean of the channels.
    hidden : bool
        Write hidden parts too.
    overwrite : bool
        Replace files that are there already.

    Returns
    -------
    paths : list of str
        The files written; the table comes last.

    Raises
    ------
    InvalidInputError
        An option is out of range, a file is there already (then nothing is written), all
        parts are hidden, or the stack would be too large for ImageJ's TIFF.

    Examples
    --------
    >>> import tempfile, visnmf
    >>> model = visnmf.learn(visnmf.samples.load_faces(), 3, max_iter=20)
    >>> model.rename_part(0, "light / shade")
    >>> with tempfile.TemporaryDirectory() as folder:
    ...     paths = visnmf.export_parts(model, folder, format="masks", threshold=0.5)
    ...     [Path(path).name for path in paths]
    ['light _ shade-mask.png', 'part 2-mask.png', 'part 3-mask.png', 'parts-masks.csv']
    """
    if not isinstance(model, Model):
        raise InvalidInputError(f"export_parts takes a Model, got {type(model).__name__}")
    check_choice(format, "format", FORMATS)
    limit = check_threshold(threshold)
    parts = _parts_of(model, hidden)
    writer = {
        "png": partial(_pictures, scale=scale, channels=channels),
        "tiff": partial(_stack, scale=scale, channels=channels),
        "masks": partial(_masks, threshold=limit, channels=channels),
        "rois": partial(_rois, threshold=limit, channels=channels),
    }[format]
    return _write(check_path(folder, "folder"), parts, writer, f"parts-{format}.csv", overwrite)


def _pictures(parts: _Parts, *, scale: str, channels: Any) -> Made:
    shown = visible(parts.W, parts.layout, channels)
    white = largest(shown, scale)

    def picture(k: int) -> bytes:
        levels = np.rint(shown[k] / white[k] * 255).astype(np.uint8)
        return encode_picture(levels, ".png")

    files = [f"{file}.png" for file in parts.files]
    rows = [{"file": file, "white": float(top)} for file, top in zip(files, white, strict=True)]
    return {file: partial(picture, k) for k, file in enumerate(files)}, rows


def _stack(parts: _Parts, *, scale: str, channels: Any) -> Made:
    planes = parts.layout.to_images(parts.W)
    if channels is not None:
        planes = visible(parts.W, parts.layout, channels)
    check_stack(planes)
    white = largest(planes, scale)
    rows: list[Row] = [{"file": "parts.tif", "white": float(top)} for top in white]
    return {"parts.tif": lambda: stack_bytes(planes, white, parts.names)}, rows


def _masks(parts: _Parts, *, threshold: str | float, channels: Any) -> Made:
    brightness, levels = _levels(parts, threshold, channels)

    def mask(k: int) -> bytes:
        return encode_picture(brightness[k] > levels[k], ".png")

    files = [f"{file}-mask.png" for file in parts.files]
    rows = _rows_of_masks(brightness, levels)
    for row, file in zip(rows, files, strict=True):
        row["file"] = file
    return {file: partial(mask, k) for k, file in enumerate(files)}, rows


def _rois(parts: _Parts, *, threshold: str | float, channels: Any) -> Made:
    brightness, levels = _levels(parts, threshold, channels)
    rows = _rows_of_masks(brightness, levels)
    rois = []
    for k, row in enumerate(rows):
        outlines = outlines_of(brightness[k], float(levels[k]))
        row["file"] = f"{parts.files[k]}.roi" if outlines else ""
        if outlines:  # ImageJ has no region of nothing
            rois.append((parts.files[k], roi_of(outlines, parts.names[k])))
    return {"parts-rois.zip": lambda: roi_set(rois)}, rows


def _levels(
    parts: _Parts, threshold: str | float, channels: Any
) -> tuple[NDArray[Any], NDArray[np.float64]]:
    """Return the parts without channels, and the value above which a pixel belongs to each."""
    brightness = visible(parts.W, parts.layout, channels, color=False)
    return brightness, thresholds_of(brightness, parts.layout.mask, threshold)


def _rows_of_masks(brightness: NDArray[Any], levels: NDArray[np.float64]) -> list[Row]:
    counts = (brightness > levels[:, None, None]).sum(axis=(1, 2))
    return [
        {"threshold": float(level), "pixels": int(count)}
        for level, count in zip(levels, counts, strict=True)
    ]


def _parts_of(model: Model, hidden: bool) -> _Parts:
    numbers = [k for k in range(model.rank) if hidden or not model.hidden[k]]
    if not numbers:
        raise InvalidInputError(
            f"all {model.rank} parts are hidden; ask for hidden ones too (hidden=True, --hidden)"
        )
    names = [model.part_names[k] for k in numbers]
    safe = safe_names([f"{_flat(name)}.png" for name in names]).names
    files = [name.removesuffix(".png") for name in safe]
    return _Parts(numbers, names, files, model.W[:, numbers], model.layout)


def _flat(name: str) -> str:
    """Return a name that makes no folder and is not too long."""
    flat = name.replace("/", "_").replace("\\", "_")
    return flat.encode()[:_LONGEST].decode(errors="ignore").strip() or "_"


def _write(
    root: Path, parts: _Parts, writer: Callable[[_Parts], Made], table: str, overwrite: bool
) -> list[str]:
    """Write files and table, or nothing where something is there already."""
    if root.exists() and not root.is_dir():
        raise InvalidInputError(f"cannot write into {root}: it is not a folder")
    files, rows = writer(parts)
    told = {**files, table: lambda: _table(parts, rows)}
    there = [name for name in told if os.path.lexists(root / name)]
    if there and not overwrite:
        raise InvalidInputError(
            f"{root / there[0]} is there already; nothing was written. Name another folder, or "
            "ask to overwrite"
        )
    root.mkdir(parents=True, exist_ok=True)
    for name, content in told.items():
        write_atomically(root / name, content(), sync=False)
    return [str(root / name) for name in told]


def _table(parts: _Parts, rows: list[Row]) -> bytes:
    text = io.StringIO(newline="")
    columns = ["number", "name", *rows[0]]
    writer = csv.DictWriter(text, columns, lineterminator="\n")
    writer.writeheader()
    for number, name, row in zip(parts.numbers, parts.names, rows, strict=True):
        writer.writerow({"number": number, "name": name, **row})
    return text.getvalue().encode()
