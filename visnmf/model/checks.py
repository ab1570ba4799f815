"""What a model is made of, checked before it is kept."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike

from visnmf.arguments import check_floats, check_sequence
from visnmf.errors import InvalidInputError

__all__ = [
    "checked_basis",
    "checked_energy",
    "checked_hidden",
    "checked_name",
    "checked_names",
    "checked_stability",
    "digest_of",
    "is_share",
    "loss_of",
    "plain_json",
    "stability_of",
]


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


def checked_names(names: Any, rank: int) -> list[str]:
    """Return a name for each part: those given, or their numbers."""
    if names is None:
        return [f"part {k + 1}" for k in range(rank)]
    listed = check_sequence(names, "part_names", "names, one a part")
    if len(listed) != rank:
        raise InvalidInputError(f"{len(listed)} part names for {rank} parts; give one each")
    return [checked_name(name) for name in listed]


def checked_energy(energy: Any, rank: int) -> np.ndarray:
    """Return the energy shares as an array, all NaN where they are not given."""
    if energy is None:
        return np.full(rank, np.nan)
    shares = check_floats(energy, "energy").copy()
    if shares.shape != (rank,) or (shares < 0).any() or np.isinf(shares).any():
        raise InvalidInputError(
            f"energy must be {rank} non-negative shares, one a part; got shape {shares.shape}"
        )
    return shares


def checked_hidden(hidden: Any, rank: int) -> np.ndarray:
    """Return which parts are hidden as an array of booleans, none where it is not given."""
    if hidden is None:
        return np.zeros(rank, dtype=bool)
    marks = np.array(hidden)
    if marks.shape != (rank,) or marks.dtype != bool:
        raise InvalidInputError(
            f"hidden must be {rank} booleans, one a part; got {marks.dtype} of shape {marks.shape}"
        )
    return marks


def plain_json(provenance: Mapping[str, Any]) -> dict[str, Any]:
    """Return a copy in the form in which a file gives it back."""
    try:
        return json.loads(json.dumps(dict(provenance), allow_nan=False))
    except (TypeError, ValueError, RecursionError) as error:
        raise InvalidInputError(f"provenance must be JSON-able: {error}") from error


def is_share(value: object) -> bool:
    """Tell whether a JSON value is a number or null."""
    return value is None or type(value) in (int, float)


def checked_stability(cosines: Any, rank: int) -> list[float]:
    """Return mean cosines as JSON can hold them, one a part."""
    found = check_floats(cosines, "stability")
    if found.shape != (rank,) or not ((found >= 0) & (found <= 1)).all():
        raise InvalidInputError(
            f"stability must be {rank} numbers from 0 to 1, one a part; got shape {found.shape}"
        )
    return [float(cosine) for cosine in found]


def digest_of(W: np.ndarray) -> str:
    """Return SHA-256, in hex, of W' as float32 in C order."""
    return hashlib.sha256(np.ascontiguousarray(W.T, dtype="<f4").tobytes()).hexdigest()


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
