"""What the page is told of each part: how it looks, how much it is used, and where."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from visnmf.curate.merging import usage_of
from visnmf.measure.factors import hoyer_sparseness
from visnmf.report.encoded import Encoded
from visnmf.report.packing import quantized
from visnmf.report.view import View

if TYPE_CHECKING:
    from visnmf.model.model import Model

__all__ = ["parts_of"]

_FINE = 1_500_000  # values of all parts that get 16 bits each
_BINS = 32
_PLACES = 160
"""Bars of a histogram, and points of a course along the set."""


def parts_of(model: Model, view: View, told: Encoded | None) -> dict[str, Any]:
    """Return the parts, and of each its energy, sparseness, and uses in the pictures."""
    rows = view.pictures(model.W).reshape(model.rank, -1)
    squares = np.square(model.W, dtype=np.float64).sum(axis=0)
    energy, histograms, along = model.energy, None, None
    if told is not None:
        energies = squares * np.square(told.H, dtype=np.float64).sum(axis=1)
        energy = energies / max(float(energies.sum()), np.finfo(np.float64).tiny)
        histograms = [_histogram(row) for row in told.H]
        along = _along(told.H) if told.H.shape[1] > 2 else None
    sparseness = hoyer_sparseness(model.W) if len(model.W) > 1 else np.zeros(model.rank)
    return {
        "rank": model.rank,
        "digest": model.digest,
        "names": model.part_names,
        "hidden": model.hidden.tolist(),
        "energy": [None if np.isnan(share) else float(share) for share in energy],
        "sparseness": np.asarray(sparseness).tolist(),
        "stability": None if np.isnan(model.stability).any() else model.stability.tolist(),
        "usage": usage_of(model, None if told is None else told.H).tolist(),
        "whites": _whites(rows).tolist(),
        "histograms": histograms,
        "along": along,
        "spectra": _levels(_spectra(model)) if model.layout.channels > 3 else None,
        **quantized(rows, 16 if rows.size <= _FINE else 8),
    }


def _whites(rows: NDArray[np.float32]) -> NDArray[np.float64]:
    """Return what is shown as white of each part: a few bright pixels do not darken the rest."""
    tops = rows.max(axis=1, initial=0.0).astype(np.float64)
    place = min(rows.shape[1] - 1, int(0.99 * rows.shape[1]))
    high = np.partition(rows, place, axis=1)[:, place].astype(np.float64)
    return np.maximum(high, tops / 3)


def _histogram(values: NDArray[Any]) -> dict[str, Any]:
    """Count values from 0 to the largest one; those that are 0 apart."""
    top = float(values.max())
    positive = values[values > 0]
    counts, _ = np.histogram(positive, bins=_BINS, range=(0.0, top if top > 0 else 1.0))
    return {"counts": counts.tolist(), "top": top, "zeros": int(len(values) - len(positive))}


def _along(H: NDArray[np.float32]) -> list[list[int]]:
    """Return each row of H in the order of the set, as means, from 0 to 255."""
    n = H.shape[1]
    starts = np.unique(np.linspace(0, n, min(n, _PLACES), endpoint=False).astype(np.intp))
    means = np.add.reduceat(H, starts, axis=1) / np.diff([*starts, n])
    return _levels(means)


def _spectra(model: Model) -> NDArray[np.float32]:
    """Return the mean of each channel of each part, (rank, channels)."""
    return model.W.T.reshape(model.rank, -1, model.layout.channels).mean(axis=1)


def _levels(rows: NDArray[Any]) -> list[list[int]]:
    """Return rows from 0 to 255, the largest entry of each row."""
    tops = rows.max(axis=1, keepdims=True)
    levels = np.divide(255 * rows, tops, out=np.zeros_like(rows), where=tops > 0)
    return np.rint(levels).astype(int).tolist()
