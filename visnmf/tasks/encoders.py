"""What turns pictures into rows of features, behind one protocol, and what is kept in files."""

from __future__ import annotations

import hashlib
import json
import os
from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar, Protocol

import numpy as np
from numpy.typing import NDArray

from visnmf.arguments import check_path
from visnmf.errors import InvalidInputError
from visnmf.images.imageset import ImageSet
from visnmf.images.pictures import Pictures
from visnmf.model.model import Model
from visnmf.model.modelfile import FORMAT, kind_of, refuse

if TYPE_CHECKING:
    from visnmf.tasks.patch_features import PatchFeatures

__all__ = ["Encoder", "ModelEncoder", "encoder_of", "open_encoder", "reading_of"]

_ENCODER = ("digest", "n_features", "feature_names", "gram", "keeps_sizes", "load", "encode")
_READ_ALIKE = ("size", "mode", "fit", "background", "cube")


class Encoder(Protocol):
    """Turns pictures into rows of features."""

    @property
    def digest(self) -> str:
        """What the features depend on, as a short text: another encoder has another one."""
        ...

    @property
    def n_features(self) -> int:
        """How many features a picture gets."""
        ...

    @property
    def feature_names(self) -> list[str]:
        """What each feature is called."""
        ...

    @property
    def gram(self) -> NDArray[Any] | None:
        """W'W of the parts that the features are amounts of; None where they are none."""
        ...

    @property
    def keeps_sizes(self) -> bool:
        """Whether pictures are read in sizes of their own, so that memory bounds how many."""
        ...

    def load(self, source: Any, **options: Any) -> ImageSet | Pictures:
        """Read pictures from files as `visnmf.load_images` does, ready for `encode`."""
        ...

    def encode(self, pictures: Any) -> NDArray[np.float32]:
        """Return features (n, features), a row a picture."""
        ...


@dataclass(frozen=True, eq=False)
class ModelEncoder:
    """Encodings by a `Model`: a row a picture, a column a part.

    Attributes
    ----------
    model : Model
        The parts.
    kernels : {"auto", "compiled", "numpy"}
        As of `Model.encode`.
    """

    model: Model
    kernels: str = "auto"
    keeps_sizes: ClassVar[bool] = False

    @cached_property
    def digest(self) -> str:
        """The parts, their layout, and how pictures are read for them."""
        told = [
            self.model.layout.to_dict(),
            self.model.loss,
            self.model.provenance.get("preparation", []),
        ]
        digest = hashlib.sha256(np.ascontiguousarray(self.model.W).tobytes())
        digest.update(json.dumps(told, sort_keys=True).encode())
        return digest.hexdigest()

    @property
    def parts(self) -> Model:
        """The model, for `visnmf.plots`."""
        return self.model

    @property
    def n_features(self) -> int:
        """The rank."""
        return self.model.rank

    @property
    def feature_names(self) -> list[str]:
        """The names of the parts."""
        return list(self.model.part_names)

    @cached_property
    def gram(self) -> NDArray[Any]:
        """W'W."""
        W = self.model.W.astype(np.float64)
        return W.T @ W

    def load(self, source: Any, **options: Any) -> Any:
        """Read and prepare pictures as those were that the model was learned from.

        With ``lazy=True`` they are LazyImages, unless they are to be prepared further.
        """
        from visnmf.images.lazy import LazyImages
        from visnmf.images.load import load_images
        from visnmf.images.preparing import apply_preparation

        alike, steps = reading_of(self.model)
        images = load_images(source, **alike, **options)
        if isinstance(images, LazyImages):
            if not steps:
                return images
            images = images.load()
        return apply_preparation(images, steps)

    def encode(self, pictures: Any) -> NDArray[np.float32]:
        """Return H'."""
        return np.ascontiguousarray(self.model.encode(pictures, kernels=self.kernels).T)


def encoder_of(source: Any, *, kernels: str = "auto") -> Encoder:
    """Take a Model, a PatchEncoder, an encoder, or the file of one.

    Parameters
    ----------
    source : Model, PatchEncoder, Encoder, or path
        What encodes pictures.
    kernels : {"auto", "compiled", "numpy"}
        As of `Model.encode`.

    Returns
    -------
    Encoder

    Raises
    ------
    ModelNotFoundError, ModelFormatError
        As of `Model.load`; or the file is of neither kind.
    InvalidInputError
        It is none of these.
    """
    if isinstance(source, (str, os.PathLike)):
        return open_encoder(source, kernels=kernels)
    if isinstance(source, Model):
        return ModelEncoder(source, kernels)
    if all(hasattr(source, name) for name in _ENCODER):
        return source
    if hasattr(source, "feature_maps"):  # told so, since sklearn takes long to import
        from visnmf.tasks.patch_features import PatchFeatures

        return PatchFeatures(source)
    raise InvalidInputError(
        "need a Model or a PatchEncoder, or the file of one, to encode pictures with; "
        f"got {source!r:.60}"
    )


def open_encoder(
    path: str | os.PathLike[str], *, kernels: str = "auto"
) -> ModelEncoder | PatchFeatures:
    """Open the file of a model or of a patch encoder.

    Parameters
    ----------
    path : str or path-like
        As `Model.save`, `PatchEncoder.save` or `PatchFeatures.save` wrote it.
    kernels : {"auto", "compiled", "numpy"}
        As of `Model.encode`.

    Returns
    -------
    ModelEncoder or PatchFeatures

    Raises
    ------
    ModelNotFoundError, ModelFormatError
        As of `Model.load`; or the file is of neither kind.
    """
    file = check_path(path, "path")
    kind = kind_of(file)
    if kind == FORMAT:
        return ModelEncoder(Model.load(file), kernels)
    from visnmf.tasks.patch_features import KIND, PatchFeatures

    if kind == KIND:
        return PatchFeatures.open(file)
    told = f"says {kind[:40]!r}" if kind else "does not say what it is"
    refuse(file, f"neither a model of visnmf nor a patch encoder (its header {told})")


def reading_of(model: Model) -> tuple[dict[str, Any], list[dict[str, Any]]]:
    """Tell how the pictures of a model were read: options of `load_images`, and steps after it.

    Its provenance tells how; where it does not, its layout gives size and colors.

    Parameters
    ----------
    model : Model
        The model.

    Returns
    -------
    options : dict
        Of `visnmf.load_images`.
    steps : list of dict
        For `apply_preparation`.

    Raises
    ------
    InvalidInputError
        The model is of patches.
    """
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
                "the model is of patches of pictures, which this does not cut; "
                "visnmf.extract_patches does, and Model.encode takes what it gives"
            )
    if tuple(alike["size"]) == (layout.height, layout.width):
        alike["mask"] = layout.mask
    return alike, steps
