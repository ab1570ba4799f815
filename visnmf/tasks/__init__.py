"""What features are for: finding similar pictures, grouping, tables for other programs.

Everything is loaded on first use.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from visnmf.tasks.groups import Groups, group
    from visnmf.tasks.index import Neighbors, SimilarIndex
    from visnmf.tasks.likeness import Likeness
    from visnmf.tasks.patch_features import PatchFeatures
    from visnmf.tasks.pixel_scores import map_scores
    from visnmf.tasks.table import write_table

_HOMES = {
    "Groups": "visnmf.tasks.groups",
    "Likeness": "visnmf.tasks.likeness",
    "Neighbors": "visnmf.tasks.index",
    "PatchFeatures": "visnmf.tasks.patch_features",
    "SimilarIndex": "visnmf.tasks.index",
    "group": "visnmf.tasks.groups",
    "map_scores": "visnmf.tasks.pixel_scores",
    "write_table": "visnmf.tasks.table",
}

__all__ = [
    "Groups",
    "Likeness",
    "Neighbors",
    "PatchFeatures",
    "SimilarIndex",
    "group",
    "map_scores",
    "write_table",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'visnmf.tasks' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
