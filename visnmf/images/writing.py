"""Pictures into files: PNG for 8 and 16 bits, TIFF for floats and for many channels."""

from __future__ import annotations

import io
import os
import re
from collections.abc import Sequence
from pathlib import PurePosixPath
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visnmf.arguments import check_path
from visnmf.errors import InvalidInputError
from visnmf.files import write_atomically
from visnmf.images.layout import ImageLayout

__all__ = ["encode_picture", "save_images", "suffix_of"]


def save_images(
    images: NDArray[np.floating],
    layout: ImageLayout,
    names: Sequence[str],
    folder: str | os.PathLike[str],
) -> list[str]:
    """Write pictures into a folder, in the value range and type of the originals.

    Parameters
    ----------
    images : array, shape (n, height, width[, channels])
        Floats in [0, 1]; `layout` maps them to original values.
    layout : ImageLayout
        Value range and dtype.
    names : sequence of str
        One a picture. A suffix is replaced, "/" makes subfolders; what is not fit
        for a file name becomes "_", and a name met before gets a number.
    folder : str or path
        Made if it is not there.

    Returns
    -------
    paths : list of str
        The files written, in order.

    Raises
    ------
    InvalidInputError
        If `folder` is a file.
    """
    root = check_path(folder, "folder")
    if root.exists() and not root.is_dir():
        raise InvalidInputError(f"cannot save into {root}: it is not a folder")
    suffix = suffix_of(layout)
    taken: set[str] = set()
    paths = []
    for image, name in zip(images, names, strict=True):
        path = root / _free_name(name, suffix, taken)
        path.parent.mkdir(parents=True, exist_ok=True)
        write_atomically(path, encode_picture(layout.to_original(image), suffix), sync=False)
        paths.append(str(path))
    return paths


def encode_picture(picture: NDArray[Any], suffix: str) -> bytes:
    """Encode one picture without loss.

    Parameters
    ----------
    picture : array, shape (height, width) or (height, width, channels)
        For ".png": bool, uint8 or uint16, with 1 or 3 channels. For ".tif": any.
    suffix : {".png", ".tif"}
        The format.

    Returns
    -------
    data : bytes
        The file.
    """
    if picture.dtype == np.bool_:
        picture = picture * np.uint8(255)
    if suffix == ".tif":
        return _tiff(picture)
    if picture.dtype == np.uint16 and picture.ndim == 3:
        return _png_deep_color(picture)
    from PIL import Image

    buffer = io.BytesIO()
    Image.fromarray(np.ascontiguousarray(picture)).save(buffer, "PNG")
    return buffer.getvalue()


def suffix_of(layout: ImageLayout) -> str:
    """Return the format for pictures of a layout: ".png", or ".tif" where PNG cannot hold them."""
    fits_png = layout.dtype in {"bool", "uint8", "uint16"} and layout.channels in {1, 3}
    return ".png" if fits_png else ".tif"


def _png_deep_color(picture: NDArray[np.uint16]) -> bytes:
    import cv2  # Pillow cannot write 16-bit color

    done, data = cv2.imencode(".png", np.ascontiguousarray(picture[..., ::-1]))
    if not done:
        raise InvalidInputError(f"OpenCV cannot write a 16-bit PNG of shape {picture.shape}")
    return data.tobytes()


def _tiff(picture: NDArray[Any]) -> bytes:
    import tifffile

    color = picture.ndim == 3 and picture.shape[-1] == 3
    buffer = io.BytesIO()
    tifffile.imwrite(
        buffer,
        picture,
        photometric="rgb" if color else "minisblack",
        planarconfig="contig" if picture.ndim == 3 else None,
        metadata=None,
    )
    return buffer.getvalue()


def _free_name(name: str, suffix: str, taken: set[str]) -> str:
    parts = [part for part in name.replace("\\", "/").split("/") if part not in {"", ".", ".."}]
    clean = [re.sub(r'[\x00-\x1f<>:"|?*]', "_", part) for part in parts] or ["picture"]
    path = PurePosixPath(*clean)
    # A dot in a plain name ("0.5 mm") is no suffix; a suffix is short and has a letter first.
    if re.fullmatch(r"\.[A-Za-z]\w{1,4}", path.suffix):
        path = path.with_suffix("")
    candidate, number = f"{path}{suffix}", 2
    while candidate.lower() in taken:
        candidate, number = f"{path}_{number}{suffix}", number + 1
    taken.add(candidate.lower())
    return candidate
