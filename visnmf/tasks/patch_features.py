"""A PatchEncoder as an encoder of files, which remembers how its pictures were read."""

from __future__ import annotations

import hashlib
import json
import os
import warnings
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cached_property
from typing import Any, ClassVar

import numpy as np
from numpy.typing import NDArray

from visnmf.arguments import check_path
from visnmf.errors import ImageReadError, SkippedImagesWarning
from visnmf.features.patch_encoder import PatchEncoder
from visnmf.features.patch_file import KIND, write_encoder
from visnmf.features.patch_settings import checked_levels, checked_patch_size
from visnmf.images.load import skipped_message
from visnmf.images.load_pictures import load_pictures
from visnmf.images.pictures import Pictures, as_pictures
from visnmf.images.sources import find_pictures
from visnmf.model.modelfile import read_model_file, refuse

__all__ = ["KIND", "PatchFeatures", "load_for_patches"]

_COUNT = ("contrast", "floor", "pooling", "root", "sparsity", "stride")
"""Settings that encodings depend on, beside those of more than one spelling."""


@dataclass(frozen=True, eq=False)
class PatchFeatures:
    """Features of pictures by the parts of a fitted `PatchEncoder`.

    Attributes
    ----------
    encoder : PatchEncoder
        The parts; fitted.
    max_side : int, optional
        Pictures whose longer side has more pixels are shrunk to that when they are read.
    size : (height, width), optional
        What pictures are brought to when they are read; their own size if not given.

    Examples
    --------
    >>> import numpy as np
    >>> pictures = [np.random.default_rng(i).random((20 + i, 30)) for i in range(5)]
    >>> encoder = PatchEncoder(8, patch_size=4, grid=2, max_iter=1).fit(pictures)
    >>> PatchFeatures(encoder, max_side=256).save("parts.safetensors")  # doctest: +SKIP
    """

    encoder: PatchEncoder
    max_side: int | None = None
    size: tuple[int, int] | None = None
    keeps_sizes: ClassVar[bool] = True
    gram: ClassVar[None] = None

    @classmethod
    def open(cls, path: str | os.PathLike[str]) -> PatchFeatures:
        """Read what `save` wrote, or `PatchEncoder.save`.

        Parameters
        ----------
        path : str or path-like
            The file.

        Returns
        -------
        PatchFeatures

        Raises
        ------
        ModelNotFoundError, ModelFormatError
            As of `visnmf.Model.load`.
        """
        file = check_path(path, "path")
        encoder = PatchEncoder.load(file)
        told = read_model_file(file, KIND)[1].get("reading", {})
        if not isinstance(told, dict) or not set(told) <= {"max_side", "size"}:
            refuse(file, "does not tell how its pictures are read; the file is damaged")
        side, size = told.get("max_side"), told.get("size")
        lengths = [*([] if side is None else [side]), *(size if isinstance(size, list) else [])]
        whole = all(type(length) is int and 1 <= length <= 10**6 for length in lengths)
        if not whole or (size is not None and (not isinstance(size, list) or len(size) != 2)):
            refuse(file, f"its pictures cannot be brought to max_side {side!r:.20}, {size!r:.20}")
        return cls(encoder, side, None if size is None else (size[0], size[1]))

    def save(self, path: str | os.PathLike[str]) -> None:
        """Write the encoder with how its pictures are read; `PatchEncoder.load` reads it too.

        Parameters
        ----------
        path : str or path-like
            Where to; ``.safetensors`` is the usual ending.
        """
        write_encoder(path, self.encoder, **({"reading": self.reading} if self.reading else {}))

    @property
    def reading(self) -> dict[str, Any]:
        """How pictures are read, as JSON can hold it: what is given of max_side and size."""
        size = None if self.size is None else list(self.size)
        told = {"max_side": self.max_side, "size": size}
        return {name: value for name, value in told.items() if value is not None}

    @property
    def parts(self) -> PatchEncoder:
        """The encoder, for `visnmf.plots`."""
        return self.encoder

    @property
    def mode(self) -> str:
        """The colors that pictures are read in."""
        return {1: "gray", 3: "rgb"}.get(self.encoder.channels_, "keep")

    @cached_property
    def digest(self) -> str:
        """The parts, what else features depend on, and how pictures are read for them."""
        encoder = self.encoder
        told = {name: getattr(encoder, name) for name in _COUNT} | self.reading
        told["shape"] = [*checked_patch_size(encoder.patch_size), encoder.channels_]
        told["levels"] = checked_levels(encoder.grid)
        digest = hashlib.sha256(np.ascontiguousarray(encoder.components_).tobytes())
        digest.update(json.dumps(told, sort_keys=True, default=float).encode())
        return digest.hexdigest()

    @property
    def n_features(self) -> int:
        """Cells times parts."""
        return len(self.feature_names)

    @property
    def feature_names(self) -> list[str]:
        """As scikit-learn calls them."""
        return [str(name) for name in self.encoder.get_feature_names_out()]

    def load(self, source: Any, **options: Any) -> Pictures:
        """Read pictures as those were that the parts were learned from.

        Parameters
        ----------
        source : str, path or list of paths
            A folder, file or glob; or files.
        **options
            As of `visnmf.load_pictures`. Pictures smaller than a patch are treated as ones that
            cannot be read.

        Returns
        -------
        Pictures
        """
        return load_for_patches(
            source,
            checked_patch_size(self.encoder.patch_size),
            mode=self.mode,
            max_side=self.max_side,
            size=self.size,
            **options,
        )

    def encode(self, pictures: Any) -> NDArray[np.float32]:
        """Encode pictures.

        Parameters
        ----------
        pictures : Pictures, or what else `PatchEncoder.transform` takes
            Of any sizes.

        Returns
        -------
        ndarray (n, cells * parts), float32
            A row a picture.
        """
        return self.encoder.transform(pictures)


def load_for_patches(
    source: str | os.PathLike[str] | Sequence[str],
    patch_size: tuple[int, int],
    *,
    size: tuple[int, int] | None = None,
    on_error: str = "raise",
    **options: Any,
) -> Pictures:
    """Load pictures none of which is smaller than a patch.

    Parameters
    ----------
    source : str, path or list of paths
        A folder, file or glob; or files.
    patch_size : (height, width)
        The least size.
    size : (height, width), optional
        What all are brought to.
    on_error : {"raise", "warn", "skip"}
        What to do about files that cannot be read, or hold smaller pictures.
    **options
        As of `visnmf.load_pictures`.

    Returns
    -------
    Pictures

    Raises
    ------
    ImageReadError, InvalidInputError
        As of `visnmf.load_pictures`.
    """
    pictures = load_pictures(source, on_error="skip" if on_error == "warn" else on_error, **options)
    if size is not None:
        pictures = as_pictures(pictures.to_image_set(size))
    large = [h >= patch_size[0] and w >= patch_size[1] for h, w in pictures.sizes]
    if not all(large):
        least = f"{patch_size[0]} x {patch_size[1]}"
        files = _files_of(source, pictures, options)
        small = [
            ImageReadError(files[i], f"is of {h} x {w} pixels, less than a patch of {least}")
            for i, (h, w) in enumerate(pictures.sizes)
            if not large[i]
        ]
        if on_error == "raise":
            raise small[0]
        if not any(large):
            count = len(set(files)) + len(pictures.skipped)
            raise ImageReadError(
                pictures.source, f"none of the {count} file(s) will do; the first: {small[0]}"
            ) from small[0]
        pictures = pictures[np.flatnonzero(large)]
        pictures.skipped += small
    if on_error == "warn" and pictures.skipped:
        message = skipped_message(pictures.skipped, pictures.source)
        warnings.warn(message, SkippedImagesWarning, stacklevel=3)
    return pictures


def _files_of(source: Any, pictures: Pictures, options: dict[str, Any]) -> list[str]:
    """Return the file of each picture."""
    labels = options.get("labels")
    deeper = bool(options.get("recursive")) or (isinstance(labels, str) and labels == "folder")
    place = os.fspath(source) if isinstance(source, os.PathLike) else source
    broken = {error.path for error in pictures.skipped}
    files = [path for path in find_pictures(place, recursive=deeper) if path not in broken]
    return files if len(files) == len(pictures) else files[:1] * len(pictures)
