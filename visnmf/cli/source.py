"""Reading the pictures that a command line names."""

from __future__ import annotations

import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from visnmf.cli.text import read_progress

if TYPE_CHECKING:
    from visnmf.images.imageset import ImageSet
    from visnmf.model import Model

__all__ = [
    "MAX_PIXELS_KEY",
    "limits",
    "load_model",
    "quiet_libraries",
    "read_like",
    "read_pictures",
]

MAX_PIXELS_KEY = "visnmf.max_pixels"
"""Where the context of a command keeps the option of that name."""


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

    with quiet_libraries(), read_progress() as progress:
        return load_images(source, progress=progress, **{**options, **limits()})


def limits() -> dict[str, Any]:
    """Return `max_pixels` for the loader where the command line raises it, and Pillow's with it."""
    context = click.get_current_context(silent=True)
    most = None if context is None else context.meta.get(MAX_PIXELS_KEY)
    if most is None:
        return {}
    from PIL import Image

    Image.MAX_IMAGE_PIXELS = max(most, Image.MAX_IMAGE_PIXELS or 0)
    return {"max_pixels": most}


@contextmanager
def quiet_libraries() -> Iterator[None]:
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


def read_like(encoder: Any, source: str | list[str], **options: Any) -> Any:
    """Read pictures with a progress bar, as those were that parts were learned from.

    Parameters
    ----------
    encoder : Model, PatchEncoder or Encoder
        What they will be encoded by.
    source : str or list of str
        A folder, file or glob; or files.
    **options
        As of `visnmf.load_images`.

    Returns
    -------
    ImageSet or Pictures
        ImageSet for a model.
    """
    from visnmf.tasks.encoders import encoder_of

    with quiet_libraries(), read_progress() as progress:
        return encoder_of(encoder).load(source, progress=progress, **{**options, **limits()})


def load_model(path: Path, instead: str) -> Model:
    """Load a model of whole pictures; of a patch encoder tell what to do instead."""
    from visnmf.model.modelfile import FORMAT, kind_of

    if kind_of(path) not in (FORMAT, ""):
        from visnmf.tasks.encoders import encoder_of

        encoder_of(path)  # what is neither says so itself
        raise click.UsageError(f"{path} holds parts of patches, not of whole pictures; {instead}")
    from visnmf.model import Model

    return Model.load(path)
