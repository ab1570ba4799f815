"""Whether an archive takes more pictures, and whether some are such as it takes."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from visnmf.archive.container import Container
from visnmf.archive.further import bounded_sheets
from visnmf.archive.header import Base
from visnmf.errors import InvalidInputError
from visnmf.images.layout import ImageLayout

__all__ = ["check_kind", "check_layout"]


def check_kind(file: Container) -> None:
    """Refuse an archive that cannot take more pictures.

    Raises
    ------
    InvalidInputError
        If it holds contact sheets of a lossy codec.
    """
    if file.header.base == Base.SHEETS and not bounded_sheets(file.header):
        raise InvalidInputError(
            f"{file.path} holds contact sheets of a lossy codec, which are written whole: pictures "
            "cannot be put onto them without a loss to those that are there. Compress all "
            "pictures anew, or the new ones into an archive of their own"
        )


def check_layout(new: ImageLayout, old: ImageLayout) -> None:
    """Refuse pictures of another layout than those in the archive.

    Raises
    ------
    InvalidInputError
        Told what differs, and what to do.
    """
    if _plain(new) == _plain(old):
        return
    differing = [
        f"{what} {_told(mine)}, not {_told(theirs)}"
        for what, mine, theirs in (
            ("size", (old.height, old.width), (new.height, new.width)),
            ("channels", old.channels, new.channels),
            ("type", old.dtype, new.dtype),
            ("range", (old.low, old.high), (new.low, new.high)),
        )
        if mine != theirs
    ]
    hint = "prepare them as those in it were (size=, mode=; on the command line --size, --mode)"
    told = ", ".join(differing) or "another mask"
    raise InvalidInputError(f"the archive takes pictures of {told}; {hint}")


def _plain(layout: ImageLayout) -> ImageLayout:
    """Return a layout without a mask that keeps all."""
    if layout.mask is not None and layout.mask.all():
        return replace(layout, mask=None)
    return layout


def _told(what: Any) -> str:
    return " x ".join(f"{part:g}" for part in what) if isinstance(what, tuple) else str(what)
