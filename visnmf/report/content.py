"""What the page is told: parts, pictures and their encodings, as JSON can hold them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import numpy as np
from numpy.typing import NDArray

from visnmf.report.choose import chosen_images
from visnmf.report.encoded import Encoded
from visnmf.report.facts import facts_of, fit_of, summary_of
from visnmf.report.packing import bits_as_text, image_sheets, quantized
from visnmf.report.partfacts import parts_of
from visnmf.report.plane import plane_of
from visnmf.report.view import View

if TYPE_CHECKING:
    from visnmf.model.model import Model

__all__ = ["content_of"]

_IMAGE_VALUES = 10_000_000
_ENCODING_VALUES = 2_000_000
"""Values that all pictures, and all encodings, may have in the page."""


def content_of(
    model: Model, view: View, told: Encoded | None, *, most: int, map_kind: str
) -> dict[str, Any]:
    """Return all that the page shows."""
    mask = view.mask
    images = None if told is None else _images(model, view, told, most, map_kind)
    white = 1.0 if images is None else images.pop("white")
    parts = parts_of(model, view, told)
    return {
        "view": {
            "height": view.height,
            "width": view.width,
            "channels": view.channels,
            "mask": None if mask is None else bits_as_text(mask),
            "white": white,
        },
        "parts": parts,
        "images": images,
        "about": _about(parts, images, view, white),
        "fit": fit_of(model),
        "summary": summary_of(model),
        "facts": facts_of(model),
    }


def _about(parts: dict[str, Any], images: dict[str, Any] | None, view: View, white: float) -> str:
    """Tell in a line what is in the page, and what is not as in the model."""
    rank = parts["rank"]
    told = [
        f"{rank} part{'s' * (rank != 1)} of pictures {view.layout.height} x {view.layout.width}, "
        f"kept here with {parts['bits']} bits an entry"
    ]
    if images is not None:
        count, total = len(images["names"]), images["total"]
        which = "" if count == total else ": the worst, those that use a part most, and a spread"
        told.append(f"{count:,} of {total:,} picture{'s' * (total != 1)}{which}")
        told.append(f"median error {_percent(images['median'])}")
    if view.about():
        told.append(f"shown: {view.about()}")
    if white < 1:
        told.append(f"white is {white:.2g} of the range")
    return "; ".join(told)


def _percent(share: float) -> str:
    return "under 0.1 %" if share < 0.001 else f"{100 * share:.3g} %"


def _images(model: Model, view: View, told: Encoded, most: int, map_kind: str) -> dict[str, Any]:
    values = view.height * view.width * view.channels
    room = min(most, _IMAGE_VALUES // values, _ENCODING_VALUES // model.rank)
    chosen = chosen_images(told.errors, told.H, max(room, 1))
    V, H = told.columns(chosen, model), told.H[:, chosen]
    pictures, seen = _pictures(view, V, told.known(chosen))
    white = _white(pictures)
    levels = _gray_levels(pictures, white)
    lengths = np.linalg.norm(model.W, axis=0)
    return {
        "total": len(told.errors),
        "names": told.names(chosen),
        "labels": told.labels(chosen),
        "errors": [round(float(e), 5) for e in told.errors[chosen]],
        "median": float(np.median(told.errors)),
        "white": white,
        "sheets": image_sheets(levels, seen),
        "tops": levels.reshape(len(levels), -1).max(axis=1).tolist(),
        "partial": told.masks is not None,
        "residual": _residual_peak(pictures, view.pictures(model.W), H, seen) / white,
        "map": plane_of(told.H * lengths[:, None], chosen, map_kind),
        "encodings": quantized(H, 16),
    }


def _pictures(
    view: View, V: NDArray[np.float32], known: NDArray[np.bool_] | None
) -> tuple[NDArray[np.float32], NDArray[np.bool_] | None]:
    """Return pictures as the page shows them, and where something is known of them."""
    if known is None:
        return view.pictures(V), view.mask
    shares = view.pictures(known.astype(np.float32))
    sums = view.pictures(np.where(known, V, 0))
    pictures = np.divide(sums, shares, out=np.zeros_like(sums), where=shares > 0)
    return pictures, shares.max(axis=-1) >= 0.5


def _white(pictures: NDArray[np.float32]) -> float:
    """Return the value shown as white: 1, or the brightest where all is dark."""
    brightest = float(pictures.max())
    return brightest if 0 < brightest < 0.5 else 1.0


def _gray_levels(pictures: NDArray[np.float32], white: float) -> NDArray[np.uint8]:
    return np.rint(np.clip(pictures / white, 0, 1) * 255).astype(np.uint8)


def _residual_peak(
    pictures: NDArray[np.float32],
    parts: NDArray[np.float32],
    H: NDArray[np.float32],
    seen: NDArray[np.bool_] | None,
) -> float:
    """Return the size of residual that gets full color, from a hundred of the pictures."""
    some = np.linspace(0, len(pictures) - 1, min(100, len(pictures))).round().astype(np.intp)
    rebuilt = H[:, some].T @ parts.reshape(len(parts), -1)
    sizes = np.abs(pictures[some] - rebuilt.reshape(pictures[some].shape))
    if seen is not None:
        sizes = sizes[np.broadcast_to(seen if seen.ndim == 2 else seen[some], sizes.shape[:3])]
    return max(float(np.quantile(sizes, 0.995)), 1e-3) if sizes.size else 1.0
