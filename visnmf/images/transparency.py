"""Which files hold transparent pictures, told from their headers."""

from __future__ import annotations

import os

from visnmf.errors import VisnmfError
from visnmf.images.sources import find_pictures

__all__ = ["transparent_files"]

_MODES = {"RGBA", "LA", "PA", "La", "RGBa"}


def transparent_files(source: str | os.PathLike[str], *, recursive: bool = False) -> list[str]:
    """Return the files of a source whose pictures have opacity, as far as Pillow can tell.

    Loading puts such pictures on a background, whatever the mode, and keeps no opacity.

    Parameters
    ----------
    source : str or path
        As of `load_images`.
    recursive : bool
        Whether folders in a folder count too.

    Returns
    -------
    list of str
        Empty if the source is no files of pictures.
    """
    from PIL import Image

    try:
        paths = find_pictures(os.fspath(source), recursive=recursive)
    except VisnmfError:
        return []
    found = []
    for path in paths:
        try:
            with Image.open(path) as image:
                if image.mode in _MODES or "transparency" in image.info:
                    found.append(path)
        except (OSError, ValueError, SyntaxError, Image.DecompressionBombError):
            continue  # of a kind that others read, or refused when it is loaded
    return found
