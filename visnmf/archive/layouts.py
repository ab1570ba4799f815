"""The layout of the pictures in an archive, also of one that lost its mask."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from visnmf.archive.canvas import Canvas
from visnmf.archive.container import Container
from visnmf.archive.decoding import read_mask, read_parts
from visnmf.archive.header import Base, Header
from visnmf.archive.room import Room
from visnmf.errors import ArchiveFormatError
from visnmf.images.layout import ImageLayout

__all__ = ["read_layout"]


def read_layout(
    file: Container, room: Room, *, salvage: bool = False
) -> tuple[ImageLayout, list[str]]:
    """Return the layout of a picture, with its mask.

    Parameters
    ----------
    file : Container
        The archive.
    room : Room
        What may be taken.
    salvage : bool
        Do without the mask where it is hurt.

    Returns
    -------
    layout : ImageLayout
    told : list of str
        What was found wrong.

    Raises
    ------
    ArchiveFormatError
        If the mask is hurt, and nothing is to be salvaged.
    ArchiveTooLargeError
        If the mask takes more memory than is allowed.
    """
    header = file.header
    mask: NDArray[np.bool_] | None = None
    told: list[str] = []
    if header.masked:
        room.mask()
        try:
            mask = read_mask(file)
        except ArchiveFormatError as error:
            if not salvage:
                raise
            mask = _guessed_mask(file, room)
            told.append(f"{error}; {_SHOWN if mask is not None else _unknown(header)}")
    size = (header.height, header.width, header.channels)
    return ImageLayout(*size, mask, header.low, header.high, header.dtype), told


def _guessed_mask(file: Container, room: Room) -> NDArray[np.bool_] | None:
    """Return the mask as the parts show it; None where they do not.

    Parts are 0 where the mask keeps nothing. Where they are not 0 at just as many pixels as the
    header says are kept, those are the mask.
    """
    header = file.header
    if header.base != Base.FACTORS:
        return None
    room.parts()
    canvas = Canvas(header.height, header.width, 1 if header.apart else header.channels)
    try:
        parts = read_parts(file, canvas).whole
    except ArchiveFormatError:
        return None
    values = parts.any(axis=0).reshape(header.height, header.width, -1)
    seen = np.asarray(values.any(axis=2))
    return seen if np.count_nonzero(seen) == header.kept else None


_SHOWN = "the parts show which pixels it kept, so that pictures come back as they were"


def _unknown(header: Header) -> str:
    return (
        f"pictures come back as they were at the {header.kept} pixels that it kept, which nobody "
        "knows now, and of any value at the others"
    )
