"""Features of pictures: other ways from pictures to the non-negative columns of V.

Each is a scikit-learn transformer that takes pictures as they come: an ImageSet, `Pictures` of
different sizes, a stack of arrays, or rows whose `image_shape` is told. Everything is loaded on
first use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from visnmf.features.color_histogram import ColorHistogram
    from visnmf.features.daisy import Daisy
    from visnmf.features.gabor import Gabor
    from visnmf.features.hog import HOG
    from visnmf.features.onoff import OnOff
    from visnmf.features.patch_encoder import PatchEncoder
    from visnmf.features.pixels import Pixels
    from visnmf.features.sampling import sample_patches
    from visnmf.features.words import VisualWords
    from visnmf.images.signs import join_signs, split_signs

_HOMES: dict[str, str] = {
    "ColorHistogram": "visnmf.features.color_histogram",
    "Daisy": "visnmf.features.daisy",
    "Gabor": "visnmf.features.gabor",
    "HOG": "visnmf.features.hog",
    "OnOff": "visnmf.features.onoff",
    "PatchEncoder": "visnmf.features.patch_encoder",
    "Pixels": "visnmf.features.pixels",
    "VisualWords": "visnmf.features.words",
    "join_signs": "visnmf.images.signs",
    "sample_patches": "visnmf.features.sampling",
    "split_signs": "visnmf.images.signs",
}

__all__ = [
    "ColorHistogram",
    "Daisy",
    "Gabor",
    "HOG",
    "OnOff",
    "PatchEncoder",
    "Pixels",
    "VisualWords",
    "join_signs",
    "sample_patches",
    "split_signs",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'visnmf.features' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
