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
    from visnmf.tasks.table import write_table

_HOMES = {
    "Groups": "visnmf.tasks.groups",
    "Likeness": "visnmf.tasks.likeness",
    "Neighbors": "visnmf.tasks.index",
    "SimilarIndex": "visnmf.tasks.index",
    "group": "visnmf.tasks.groups",
    "write_table": "visnmf.tasks.table",
}

__all__ = [
    "Groups",
    "Likeness",
    "Neighbors",
    "SimilarIndex",
    "group",
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
