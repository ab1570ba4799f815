"""The course of the fit, small enough to be kept in the file of a model."""

from __future__ import annotations

import math
from collections.abc import Sequence
from typing import TYPE_CHECKING, Any

import numpy as np

from visnmf.solve.result import Record

if TYPE_CHECKING:
    from visnmf.model.model import Model

__all__ = ["KEPT", "course_of", "history_of"]

KEPT = 200
"""About how many records of a run are kept; the first and the last of each phase always are."""
_MOST = 10 * KEPT  # that are read: a file may come from anyone


def course_of(history: Sequence[Record]) -> list[list[Any]]:
    """Return records of a run as JSON can hold them, thinned out.

    Half of those that are kept are spread evenly, half lie close at the beginning, where most
    happens.

    Parameters
    ----------
    history : sequence of Record
        Of a `visnmf.Factorization`.

    Returns
    -------
    list of list
        ``[phase, iteration, seconds, objective, kkt]`` of each, with None for a KKT norm that
        was not measured. Records whose objective is not finite are left out.
    """
    records = [record for record in history if math.isfinite(record.objective)]
    n = len(records)
    places = set(range(n))
    if n > KEPT:
        even = np.linspace(0, n - 1, KEPT // 2).round()
        early = np.geomspace(1, n, KEPT // 2).round() - 1
        ends = {i for i in range(1, n) if records[i].phase != records[i - 1].phase}
        places = {0, n - 1, *ends, *(i - 1 for i in ends)}
        places |= {int(i) for i in (*even, *early)}
    return [_row(records[i]) for i in sorted(places)]


def history_of(model: Model) -> list[Record]:
    """Return what is known of the course of a model's fit.

    Parameters
    ----------
    model : Model
        Fresh from `visnmf.learn`, with all records of its run, or loaded, with those that its
        file keeps: none, in files of visnmf before 0.6.

    Returns
    -------
    list of Record
        Empty where nothing is known. A row of a file that is no record is left out.

    Examples
    --------
    >>> import visnmf
    >>> from visnmf.model.course import history_of
    >>> model = visnmf.learn(visnmf.samples.load_faces(), 4, max_iter=5)
    >>> [record.phase for record in history_of(model)]
    ['V', 'V', 'V', 'V', 'V', 'closing']
    """
    if model.factorization is not None:
        return list(model.factorization.history)
    rows = model.provenance.get("history")
    if not isinstance(rows, list):
        return []
    return [_record(row) for row in rows[:_MOST] if _is_row(row)]


def _row(record: Record) -> list[Any]:
    kkt = float(f"{record.kkt:.6g}")
    return [
        record.phase,
        record.iteration,
        round(record.seconds, 4),
        float(f"{record.objective:.9g}"),
        kkt if math.isfinite(kkt) else None,
    ]


def _record(row: list[Any]) -> Record:
    phase, iteration, seconds, objective, kkt = row
    return Record(phase, iteration, seconds, objective, math.nan if kkt is None else kkt)


def _is_row(row: Any) -> bool:
    """Tell whether what a file holds is a record; it may come from anyone."""
    if not (isinstance(row, list) and len(row) == 5):
        return False
    phase, iteration, *numbers, kkt = row
    if kkt is not None:
        numbers.append(kkt)
    return (
        isinstance(phase, str)
        and len(phase) <= 40
        and type(iteration) is int
        and 0 <= iteration < 10**12
        and all(type(v) in (int, float) and abs(v) < 1e300 for v in numbers)
    )
