"""Reading the pictures that a command line names."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

from visnmf.cli.text import read_progress
from visnmf.errors import InvalidInputError

if TYPE_CHECKING:
    from visnmf.images.imageset import ImageSet
    from visnmf.model import Model

__all__ = ["read_like", "read_pictures"]

_READ_ALIKE = ("size", "mode", "fit", "background", "cube")


def read_pictures(source: str, **options: Any) -> ImageSet:
    """Read pictures with a progress bar.

    Parameters
    ----------
    source : str
        A folder, file or glob.
    **options
        As of `visnmf.load_images`.
    """
    from visnmf.images.load import load_images

    with _quiet_libraries(), read_progress() as progress:
        return load_images(source, progress=progress, **options)


@contextmanager
def _quiet_libraries() -> Iterator[None]:
    """Let Python alone write to standard error.

    Decoders written in C tell pages about damaged files there, past `sys.stderr`; what
    matters of it is in the `ImageReadError`.
    """
    if sys.stderr is None:  # closed by the shell: 2>&-
        yield
        return
    sys.stderr.flush()
    outer, kept = sys.stderr, os.dup(2)
    try:
        with open(os.devnull, "w") as nowhere, os.fdopen(kept, "w", closefd=False) as ours:
            os.dup2(nowhere.fileno(), 2)
            if outer is sys.__stderr__:
                sys.stderr = ours
            yield
    finally:
        sys.stderr = outer
        os.dup2(kept, 2)
        os.close(kept)


def read_like(model: Model, source: str, **options: Any) -> ImageSet:
    """Read and prepare pictures as those were that a model was learned from.

    Parameters
    ----------
    model : Model
        Its provenance tells how; where it does not, its layout gives size and colors.
    source : str
        A folder, file or glob.
    **options
        As of `visnmf.load_images`.
    """
    from visnmf.images.preparing import apply_preparation

    layout = model.layout
    alike: dict[str, Any] = {
        "size": (layout.height, layout.width),
        "mode": {1: "gray", 3: "rgb"}.get(layout.channels, "keep"),
    }
    steps = model.provenance.get("preparation", [])
    for step in steps:
        if step.get("step") == "load":
            alike |= {name: step[name] for name in _READ_ALIKE if name in step}
        elif step.get("step") == "patches":
            raise InvalidInputError(
                "the model is of patches of pictures, which this command does not cut; in Python "
                "visnmf.extract_patches does, and Model.encode takes what it gives"
            )
    if tuple(alike["size"]) == (layout.height, layout.width):
        alike["mask"] = layout.mask
    return apply_preparation(read_pictures(source, **alike, **options), steps)
