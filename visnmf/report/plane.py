"""Encodings in two dimensions: the map of the pictures."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from visnmf.arguments import check_choice
from visnmf.errors import InvalidInputError, MissingDependencyError

__all__ = ["check_kind", "plane_of"]

KINDS = ("pca", "umap")
_FEWEST = 5


def check_kind(kind: str) -> None:
    """Refuse a kind of map that is not known, or that needs what is not installed."""
    check_choice(kind, "map", KINDS)
    if kind == "umap":
        from importlib.util import find_spec

        if find_spec("umap") is None:
            raise MissingDependencyError(
                "map='umap' needs umap-learn: pip install 'visnmf[umap]'; map='pca' needs nothing"
            )


def plane_of(contributions: NDArray[np.float32], chosen: NDArray[np.intp], kind: str) -> Any:
    """Lay pictures out by how much of each part they hold.

    Parameters
    ----------
    contributions : ndarray, shape (rank, n)
        The encodings, each part in units of its own length.
    chosen : ndarray of int
        The pictures to place.
    kind : {"pca", "umap"}
        By the two principal components over all pictures, or by UMAP of the chosen ones.

    Returns
    -------
    dict
        ``kind``, ``points`` as [x, y] in [0, 1], and ``explained``: of "pca" the share of the
        variance along each axis, of "umap" nothing.
    """
    if kind == "umap":
        places = _unit(_umap(contributions[:, chosen]))
        return {"kind": "umap", "points": places, "explained": []}
    mean = contributions.mean(axis=1, keepdims=True, dtype=np.float64)
    centered = contributions - mean.astype(np.float32)
    covariance = (centered @ centered.T).astype(np.float64)
    variances, axes = np.linalg.eigh(covariance)
    axes = axes[:, ::-1][:, :2]
    # Signs are free: the largest entry is made positive, so that a set gives one map
    strongest = np.abs(axes).argmax(axis=0)
    axes = axes * np.where(np.take_along_axis(axes, strongest[None], axis=0) < 0, -1, 1)
    points = centered[:, chosen].T @ axes
    if points.shape[1] < 2:
        points = np.column_stack([points, np.zeros(len(points))])
    total = max(float(variances.sum()), np.finfo(np.float64).tiny)
    shares = [float(max(v, 0.0) / total) for v in variances[::-1][:2]]
    return {"kind": "pca", "points": _unit(points), "explained": shares}


def _umap(encodings: NDArray[np.float32]) -> NDArray[np.float64]:
    from umap import UMAP

    n = encodings.shape[1]
    if n < _FEWEST:
        raise InvalidInputError(
            f"map='umap' needs {_FEWEST} pictures or more, not {n}; use map='pca'"
        )
    # A spectral start needs more pictures than it has dimensions and neighbors
    start = "spectral" if n > 50 else "random"
    mapper = UMAP(n_neighbors=min(15, n - 1), init=start, random_state=0, n_jobs=1)
    return np.asarray(mapper.fit_transform(encodings.T), dtype=np.float64)


def _unit(points: NDArray[Any]) -> list[list[float]]:
    """Scale points into the unit square, both axes alike."""
    low, high = points.min(axis=0), points.max(axis=0)
    span = max(float((high - low).max()), np.finfo(np.float64).tiny)
    unit = (points - (low + high) / 2) / span + 0.5
    return [[round(float(x), 5), round(float(y), 5)] for x, y in unit]
