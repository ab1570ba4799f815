"""How the parts came about, as the page tells it: settings, and the course of the fit."""

from __future__ import annotations

import math
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any, TypeGuard

from visnmf.model.course import course_of, history_of

if TYPE_CHECKING:
    from visnmf.model.model import Model

__all__ = ["facts_of", "fit_of", "summary_of"]

_LONGEST = 300
_MOST = 200
"""Characters of a fact, and facts, that the page shows; a model may come from anyone."""

_SAMPLES = ("sample", "part")  # phases whose objective is that of some of V only

_REASONS = {
    "kkt": "it converged: the gradient met its tolerance",
    "change": "it converged: the error hardly fell any more",
    "precision": "it converged, as far as the precision allows",
    "max_iter": "the greatest number of iterations was reached",
    "time_limit": "its time was over",
    "passes": "all pictures were seen",
    "interrupted": "it was interrupted",
    "callback": "a callback ended it",
    "picked": "parts were picked, not iterated",
}


def facts_of(model: Model) -> list[list[str]]:
    """Return the provenance of a model as pairs of a name and a text."""
    told = {name: value for name, value in model.provenance.items() if name != "history"}
    return [[name, text[:_LONGEST]] for name, text in _rows(told, "")][:_MOST]


def summary_of(model: Model) -> list[list[str]]:
    """Return what is asked first, as pairs of a name and a text."""
    told = model.provenance
    settings, versions = _object(told.get("settings")), _object(told.get("versions"))
    error = told.get("relative_error")
    rows = [
        ("pictures", told.get("source")),
        ("how many", told.get("n_images")),
        ("relative error", f"{100 * error:.3g} %" if _is_number(error) else None),
        ("loss", settings.get("loss")),
        ("seed", settings.get("seed")),
        ("made", told.get("date")),
        ("visnmf", versions.get("visnmf")),
    ]
    return [
        [name, (f"{value:,}" if type(value) is int else str(value))[:_LONGEST]]
        for name, value in rows
        if value is not None
    ]


def fit_of(model: Model) -> dict[str, Any]:
    """Return the course of the fit: records, their relative errors where known, and its end.

    Returns
    -------
    dict
        ``history``: [phase, iteration, seconds, objective, kkt] of each record, or None where
        there are fewer than two; ``errors``: the relative error of each, where the loss is
        1/2 ||V - W H||^2 and nothing is added to it, None for records on a sample of V;
        ``ended``: in words, how it ended.
    """
    history = course_of(history_of(model))
    return {
        "history": history if len(history) > 1 else None,
        "errors": _errors(model, history),
        "ended": _ended(model),
    }


def _errors(model: Model, history: list[list[Any]]) -> list[float | None] | None:
    """Return relative errors; ||V|| follows from the last objective and the last error."""
    settings = _object(model.provenance.get("settings"))
    last = model.provenance.get("relative_error")
    if not (_is_number(last) and len(history) > 1):
        return None
    plain = (
        settings.get("loss") == "frobenius"
        and "recipe" not in model.provenance
        and not any(settings.get(name) for name in ("terms_W", "terms_H", "weighted"))
    )
    final = history[-1][3]
    if not plain or any(not 1e-100 < row[3] < 1e100 for row in history):
        return None
    return [
        None if row[0] in _SAMPLES else float(f"{last * math.sqrt(row[3] / final):.6g}")
        for row in history
    ]


def _ended(model: Model) -> str:
    told = model.provenance
    n_iter, seconds, reason = (told.get(name) for name in ("n_iter", "seconds", "reason"))
    if type(n_iter) is not int:
        return ""
    took = f" in {seconds:.3g} seconds" if _is_number(seconds) else ""
    why = f": {_REASONS.get(reason, reason)}" if isinstance(reason, str) else ""
    return f"It ended after {n_iter:,} iteration{'s' * (n_iter != 1)}{took}{why[:_LONGEST]}."


def _object(value: Any) -> dict[str, Any]:
    """Return a JSON object, empty where it is none: provenance may come from anyone."""
    return value if isinstance(value, dict) else {}


def _is_number(value: Any) -> TypeGuard[float]:
    return type(value) in (int, float) and abs(value) < 1e300


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
