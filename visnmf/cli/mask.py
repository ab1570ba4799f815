"""The option that tells which pixels of the pictures are known."""

from __future__ import annotations

from pathlib import Path
from typing import TYPE_CHECKING

import click

from visnmf.cli.source import read_pictures
from visnmf.errors import InvalidInputError

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import NDArray

    from visnmf.images.layout import ImageLayout

__all__ = ["mask_option", "read_mask"]

mask_option = click.option(
    "--mask",
    "mask_file",
    metavar="PICTURE",
    type=click.Path(path_type=Path),
    help="White where the pictures are known, black where something hides them: what is there "
    "is not looked at. One for all, resized to the model's size.",
)


def read_mask(file: Path | None, layout: ImageLayout) -> NDArray[np.bool_] | None:
    """Return the mask (h, w) that a picture draws, True where it is bright; None for no file.

    Parameters
    ----------
    file : Path, optional
        The picture.
    layout : ImageLayout
        Of the pictures that it is for.

    Raises
    ------
    InvalidInputError
        The picture is black, or the file holds several.
    """
    if file is None:
        return None
    drawn = read_pictures(str(file), size=(layout.height, layout.width), mode="gray")
    if len(drawn) != 1:
        raise InvalidInputError(f"{file} holds {len(drawn)} pictures; a mask is one for all")
    # Half of its own brightest: masks are written with 1 for white too
    brightest = float(drawn.V.max())
    if not brightest > 0:
        raise InvalidInputError(f"{file} is black; a mask is white where the pictures are known")
    known: NDArray[np.bool_] = drawn.to_images()[0] > 0.5 * brightest
    return known
