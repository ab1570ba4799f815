"""Pictures of parts, encodings and runs.

Every figure function returns a matplotlib `Figure` that belongs to nobody:
pyplot, its back end and its settings are never touched, so that figures can
be made in threads and on machines without a screen. Save one with
``figure.savefig(path)``; a notebook shows it by itself.

Where parts are needed, the first argument is a `visnmf.Model`, or a basis W of
shape (m, rank) together with an `ImageLayout`. Colors are safe for color-blind
eyes. Everything is loaded on first use; `montage`, `save_montage` and
`save_build_up` do without matplotlib.
"""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from visnmf.images.tiling import montage
    from visnmf.plots.animation import save_build_up
    from visnmf.plots.anomaly_sheets import anomalies, anomaly_maps
    from visnmf.plots.charts import convergence, encodings
    from visnmf.plots.features import feature_parts
    from visnmf.plots.group_sheets import group_sheet, groups
    from visnmf.plots.map_sheets import feature_maps
    from visnmf.plots.matched import matched_parts
    from visnmf.plots.montages import save_montage
    from visnmf.plots.neighbor_sheets import neighbors
    from visnmf.plots.overlays import overlay
    from visnmf.plots.part_maps import parts_map
    from visnmf.plots.parts import basis
    from visnmf.plots.pictures import build_up, reconstruction
    from visnmf.plots.ranks import rank_curves
    from visnmf.plots.rates import rate_distortion
    from visnmf.plots.unmixing import abundances
    from visnmf.plots.words import topics, visual_words

_HOMES = {
    "abundances": "visnmf.plots.unmixing",
    "anomalies": "visnmf.plots.anomaly_sheets",
    "anomaly_maps": "visnmf.plots.anomaly_sheets",
    "basis": "visnmf.plots.parts",
    "build_up": "visnmf.plots.pictures",
    "convergence": "visnmf.plots.charts",
    "encodings": "visnmf.plots.charts",
    "feature_maps": "visnmf.plots.map_sheets",
    "feature_parts": "visnmf.plots.features",
    "group_sheet": "visnmf.plots.group_sheets",
    "groups": "visnmf.plots.group_sheets",
    "matched_parts": "visnmf.plots.matched",
    "montage": "visnmf.images.tiling",
    "neighbors": "visnmf.plots.neighbor_sheets",
    "overlay": "visnmf.plots.overlays",
    "parts_map": "visnmf.plots.part_maps",
    "rank_curves": "visnmf.plots.ranks",
    "rate_distortion": "visnmf.plots.rates",
    "reconstruction": "visnmf.plots.pictures",
    "save_build_up": "visnmf.plots.animation",
    "save_montage": "visnmf.plots.montages",
    "topics": "visnmf.plots.words",
    "visual_words": "visnmf.plots.words",
}

__all__ = [
    "abundances",
    "anomalies",
    "anomaly_maps",
    "basis",
    "build_up",
    "convergence",
    "encodings",
    "feature_maps",
    "feature_parts",
    "group_sheet",
    "groups",
    "matched_parts",
    "montage",
    "neighbors",
    "overlay",
    "parts_map",
    "rank_curves",
    "rate_distortion",
    "reconstruction",
    "save_build_up",
    "save_montage",
    "topics",
    "visual_words",
]


def __getattr__(name: str) -> Any:
    if name not in _HOMES:
        raise AttributeError(f"module 'visnmf.plots' has no attribute {name!r}")
    value = getattr(importlib.import_module(_HOMES[name]), name)
    globals()[name] = value
    return value


def __dir__() -> list[str]:
    return sorted(__all__)
