"""What the page is told: parts, pictures and their encodings, as JSON can hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from visnmf.measure.factors import hoyer_sparseness
from visnmf.report.choose import chosen_images
from visnmf.report.encoded import Encoded
from visnmf.report.facts import facts_of, history_of
from visnmf.report.packing import bits_as_text, image_sheets, quantized
from visnmf.report.plane import plane_of
from visnmf.report.view import View

if TYPE_CHECKING:
    from visnmf.model.model import Model

__all__ = ["content_of", "digest_of"]

_FINE = 1_500_000  # values of all parts that get 16 bits each
_IMAGE_VALUES = 8_000_000
_ENCODING_VALUES = 2_000_000
"""Values that all pictures, and all encodings, may have in the page."""
_BINS = 32
_MASKED = 210


def content_of(
    model: Model, view: View, told: Encoded | None, *, most: int, map_kind: str
) -> dict[str, Any]:
    """Return all that the page shows."""
    mask = view.mask
    images = None if told is None else _images(model, view, told, most, map_kind)
    return {
        "view": {
            "height": view.height,
            "width": view.width,
            "channels": view.channels,
            "mask": None if mask is None else bits_as_text(mask),
            "about": view.about(),
            "white": 1.0 if images is None else images.pop("white"),
        },
        "parts": _parts(model, view, told),
        "images": images,
        "history": history_of(model),
        "facts": facts_of(model),
    }


def digest_of(model: Model) -> str:
    """Return what a selection knows its model by."""
    return model.digest


def _parts(model: Model, view: View, told: Encoded | None) -> dict[str, Any]:
    rows = view.pictures(model.W).reshape(model.rank, -1)
    energy, histograms, means = model.energy, None, None
    if told is not None:
        energies = np.square(model.W, dtype=np.float64).sum(axis=0)
        energies *= np.square(told.H, dtype=np.float64).sum(axis=1)
        energy = energies / max(float(energies.sum()), np.finfo(np.float64).tiny)
        histograms = [_histogram(row) for row in told.H]
        means = told.H.mean(axis=1, dtype=np.float64).tolist()
    sparseness = hoyer_sparseness(model.W) if len(model.W) > 1 else np.zeros(model.rank)
    return {
        "rank": model.rank,
        "digest": digest_of(model),
        "names": model.part_names,
        "hidden": model.hidden.tolist(),
        "energy": [None if np.isnan(share) else float(share) for share in energy],
        "sparseness": np.asarray(sparseness).tolist(),
        "histograms": histograms,
        "means": means,
        **quantized(rows, 16 if rows.size <= _FINE else 8),
    }


def _images(model: Model, view: View, told: Encoded, most: int, map_kind: str) -> dict[str, Any]:
    values = view.height * view.width * view.channels
    room = min(most, _IMAGE_VALUES // values, _ENCODING_VALUES // model.rank)
    chosen = chosen_images(told.errors, told.H, max(room, 1))
    V, H = told.columns(chosen, model), told.H[:, chosen]
    pictures = view.pictures(V)
    white = _white(pictures)
    lengths = np.linalg.norm(model.W, axis=0)
    return {
        "total": len(told.errors),
        "names": told.names(chosen),
        "labels": told.labels(chosen),
        "errors": [round(float(e), 5) for e in told.errors[chosen]],
        "median": float(np.median(told.errors)),
        "white": white,
        "sheets": image_sheets(_gray_levels(pictures, white, view.mask)),
        "residual": _residual_peak(pictures, view.pictures(model.W), H) / white,
        "map": plane_of(told.H * lengths[:, None], chosen, map_kind),
        "encodings": quantized(H, 16),
    }


def _white(pictures: NDArray[np.float32]) -> float:
    """Return the value shown as white: 1, or the brightest where all is dark."""
    brightest = float(pictures.max())
    return brightest if 0 < brightest < 0.5 else 1.0


def _gray_levels(
    pictures: NDArray[np.float32], white: float, mask: NDArray[np.bool_] | None
) -> NDArray[np.uint8]:
    levels = np.rint(np.clip(pictures / white, 0, 1) * 255).astype(np.uint8)
    if mask is not None:
        levels[:, ~mask] = _MASKED
    return levels


def _residual_peak(
    pictures: NDArray[np.float32], parts: NDArray[np.float32], H: NDArray[np.float32]
) -> float:
    """Return the size of residual that gets full color, from a hundred of the pictures."""
    some = np.linspace(0, len(pictures) - 1, min(100, len(pictures))).round().astype(np.intp)
    rebuilt = H[:, some].T @ parts.reshape(len(parts), -1)
    sizes = np.abs(pictures[some].reshape(len(some), -1) - rebuilt)
    return max(float(np.quantile(sizes, 0.995)), 1e-3)


def _histogram(values: NDArray[Any]) -> dict[str, Any]:
    """Count values from 0 to the largest one; those that are 0 apart."""
    top = float(values.max())
    positive = values[values > 0]
    counts, _ = np.histogram(positive, bins=_BINS, range=(0.0, top if top > 0 else 1.0))
    return {"counts": counts.tolist(), "top": top, "zeros": int(len(values) - len(positive))}
