"""What a model is made of, checked before it is kept."""

from __future__ import annotations

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from visnmf.errors import InvalidInputError
from visnmf.model.modelfile import refuse

__all__ = [
    "checked_basis", "checked_document", "checked_energy", "checked_name", "checked_stability",
    "is_share", "loss_of", "plain_json", "stability_of",
]  # fmt: skip


def checked_basis(basis: ArrayLike, m: int) -> np.ndarray:
    """Return W as float32 with each part contiguous, once it can be one."""
    W = np.asarray(basis)
    if W.ndim != 2 or W.shape[0] != m or W.shape[1] < 1:
        raise InvalidInputError(
            f"W has shape {W.shape}; the layout needs ({m}, rank), with at least one part"
        )
    if W.dtype.kind not in "fiu":
        raise InvalidInputError(f"W must hold real numbers; got dtype {W.dtype}")
    W = np.asfortranarray(W, dtype=np.float32)
    if not (np.isfinite(W).all() and W.min() >= 0):
        raise InvalidInputError("W has negative or non-finite values; parts are non-negative")
    return W


def checked_name(name: object) -> str:
    """Return the name of a part, once it is safe to show and to write into a table."""
    if not (isinstance(name, str) and name.strip() and name.isprintable() and len(name) <= 200):
        raise InvalidInputError(
            f"a part's name must be printable text of 1 to 200 characters; got {name!r:.60}"
        )
    return name


def checked_energy(energy: Any, rank: int) -> np.ndarray:
    """Return the energy shares as an array, all NaN where they are not given."""
    if energy is None:
        return np.full(rank, np.nan)
    shares = np.array(energy, dtype=np.float64)
    if shares.shape != (rank,) or (shares < 0).any() or np.isinf(shares).any():
        raise InvalidInputError(
            f"energy must be {rank} non-negative shares, one a part; got shape {shares.shape}"
        )
    return shares


def plain_json(provenance: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy in the form in which a file gives it back."""
    try:
        return json.loads(json.dumps(dict(provenance), allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInputError(f"provenance must be JSON-able: {error}") from error


def is_share(value: object) -> bool:
    """Tell whether a JSON value is a number or null."""
    return value is None or type(value) in (int, float)


def checked_document(
    file: Path, arrays: Mapping[str, np.ndarray], document: Mapping[str, Any]
) -> tuple[list[Any], list[Any], dict[str, Any]]:
    """Return part names, energy shares and provenance of a model file, or refuse it."""
    if list(arrays) != ["W"]:
        refuse(file, f"should hold one array W, but holds {sorted(arrays)!r:.80}")
    missing = {"layout", "part_names", "energy", "provenance"} - set(document)
    if missing:
        refuse(file, f"its description lacks {', '.join(sorted(missing))}")
    names, energy, provenance = (document[k] for k in ("part_names", "energy", "provenance"))
    if not (isinstance(names, list) and isinstance(provenance, dict)):
        refuse(file, "its part names must be a list and its provenance an object")
    steps = provenance.get("preparation", [])
    if not (isinstance(steps, list) and all(isinstance(step, dict) for step in steps)):
        refuse(file, "the preparation in its provenance must be a list of objects")
    if not (isinstance(energy, list) and all(is_share(e) for e in energy)):
        refuse(file, "its energy shares must be a list of numbers")
    return names, energy, provenance


def checked_stability(cosines: Any, rank: int) -> list[float]:
    """Return mean cosines as JSON can hold them, one a part."""
    found = np.asarray(cosines, dtype=np.float64)
    if found.shape != (rank,) or not ((found >= 0) & (found <= 1)).all():
        raise InvalidInputError(
            f"stability must be {rank} numbers from 0 to 1, one a part; got shape {found.shape}"
        )
    return [float(cosine) for cosine in found]


def loss_of(provenance: Mapping[str, Any]) -> str | float:
    """Return the loss that a provenance tells, "frobenius" where it does not."""
    settings = provenance.get("settings")
    loss = settings.get("loss") if isinstance(settings, dict) else None
    return loss if isinstance(loss, str | int | float) else "frobenius"


def stability_of(provenance: Mapping[str, Any], rank: int) -> np.ndarray:
    """Return what a provenance says of how sure the parts are; NaN where it does not."""
    told = provenance.get("stability")
    if not (isinstance(told, list) and len(told) == rank and all(map(_is_cosine, told))):
        return np.full(rank, np.nan)
    return np.array(told, dtype=np.float64)


def _is_cosine(value: object) -> bool:
    return type(value) in (int, float) and 0 <= value <= 1  # type: ignore[operator]
