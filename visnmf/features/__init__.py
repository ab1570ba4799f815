"""Features of pictures: other ways from pictures to the non-negative columns of V.

Each is a scikit-learn transformer that takes pictures as they come: an ImageSet, `Pictures` of
different sizes, a stack of arrays, or rows whose `image_shape` is told. Everything is loaded on
first use.
"""

from __future__ import annotations

import importlib
from typing import Any

_HOMES: dict[str, str] = {}

__all__: list[str] = []


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'visnmf.features' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
