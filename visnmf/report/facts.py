"""How the parts came about, as the page tells it: settings, and the course of the fit."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from visnmf.model.course import history_of as records_of

if TYPE_CHECKING:
    from visnmf.model.model import Model

__all__ = ["facts_of", "history_of"]

_POINTS = 400
_LONGEST = 300


def facts_of(model: Model) -> list[list[str]]:
    """Return the provenance of a model as pairs of a name and a text."""
    told = {name: value for name, value in model.provenance.items() if name != "history"}
    return [[name, text[:_LONGEST]] for name, text in _rows(told, "")]


def history_of(model: Model) -> list[list[Any]] | None:
    """Return [phase, seconds, objective] of records of the fit, or None where it is not known."""
    records = [r for r in records_of(model) if math.isfinite(r.objective)]
    if len(records) < 2:
        return None
    step = -(-len(records) // _POINTS)
    kept = records[::step]
    if kept[-1] is not records[-1]:
        kept.append(records[-1])
    return [[r.phase, round(r.seconds, 4), float(r.objective)] for r in kept]


def _rows(value: Any, name: str) -> Iterator[tuple[str, str]]:
    if isinstance(value, dict) and value:
        for key, inner in value.items():
            yield from _rows(inner, f"{name} {key}".strip().replace("_", " "))
    elif isinstance(value, list) and any(isinstance(inner, dict) for inner in value):
        for place, inner in enumerate(value):
            yield from _rows(inner, f"{name} {place + 1}")
    elif isinstance(value, float):
        yield name, f"{value:.6g}"
    elif isinstance(value, int) and not isinstance(value, bool):
        yield name, f"{value:,}"
    elif value not in (None, "", [], {}):
        yield name, str(value)
