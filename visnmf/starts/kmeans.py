"""A start from clusters: centroids are parts, memberships encodings."""

from __future__ import annotations

from typing import Any

import numpy as np

from visnmf.errors import InvalidInputError
from visnmf.starts.columns import inverse, rows_of, scaled, squared_lengths

__all__ = ["cluster", "kmeans_start"]

_OFFSET = 0.2
"""What is added to each membership (Ding, Li & Jordan 2010): a start has no zeros."""


def kmeans_start(
    V: Any, rank: int, rng: np.random.Generator, *, spherical: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Return W' (rank x m) and H (rank x n) from a clustering of the columns of V.

    Parameters
    ----------
    V : ndarray or scipy.sparse array (m, n)
        Columns are images; of either sign.
    rank : int
        How many clusters, at most n.
    rng : Generator
        Chooses where the clusters begin.
    spherical : bool
        Cluster by the angles between columns and not by their distances (Dhillon & Modha
        2001). Centroids then have unit length.

    Returns
    -------
    W, H : ndarray (rank, m), (rank, n)
        The centroids; and for each column its coefficient in its own cluster (1, or for
        spherical clusters the projection on the centroid, which is at least 0 where V is),
        with 0.2 times the mean coefficient added to every entry.

    Raises
    ------
    InvalidInputError
        If the rank exceeds the number of columns.

    References
    ----------
    S. Wild, J. Curry, A. Dougherty (2004). Improving non-negative matrix factorizations
    through structured initialization. Pattern Recognition 37(11).
    """
    centers, labels = cluster(V, rank, rng, spherical=spherical)
    columns = np.arange(len(labels))
    H = np.zeros((rank, len(labels)), centers.dtype)
    H[labels, columns] = np.maximum((centers @ V)[labels, columns], 0) if spherical else 1
    H += H.dtype.type(_OFFSET * H.sum(dtype=np.float64) / H.shape[1])
    return centers, H


def cluster(
    V: Any, rank: int, rng: np.random.Generator, *, spherical: bool = False, max_iter: int = 50
) -> tuple[np.ndarray, np.ndarray]:
    """Return the centroids (rank x m) and labels (n,) of k-means clusters of V's columns.

    Lloyd's iteration from a k-means++ start (Arthur & Vassilvitskii 2007). A cluster that
    becomes empty takes the column that its own cluster fits worst.
    """
    n = V.shape[1]
    if rank > n:
        raise InvalidInputError(
            f"a k-means start needs rank <= n, but the rank is {rank} and V has {n} columns; "
            "use init='random'"
        )
    if spherical:
        V = scaled(V, inverse(np.sqrt(squared_lengths(V))))
    squares = squared_lengths(V)
    centers = _seeds(V, squares, rank, rng)
    labels = np.full(n, -1)
    for _ in range(max_iter):
        distances = _distances(V, squares, centers)
        before, labels = labels, distances.argmin(axis=0)
        _fill_empty(labels, distances)
        if np.array_equal(before, labels):
            break
        members = np.zeros((rank, n), V.dtype)
        members[labels, np.arange(n)] = 1
        sums = members @ V.T
        if spherical:
            size = np.linalg.norm(sums, axis=1, keepdims=True)
            size[size == 0] = 1
        else:
            size = members.sum(axis=1, keepdims=True)
        centers = (sums / size).astype(V.dtype, copy=False)
    return np.ascontiguousarray(centers), labels


def _seeds(V: Any, squares: np.ndarray, rank: int, rng: np.random.Generator) -> np.ndarray:
    """Choose columns one by one, the likelier the farther from those chosen; none twice."""
    n = len(squares)
    chosen = [int(rng.integers(n))]
    nearest = np.full(n, np.inf)
    for _ in range(1, rank):
        latest = rows_of(V, chosen[-1:])
        nearest = np.minimum(nearest, _distances(V, squares, latest)[0])
        nearest[chosen] = 0
        total = nearest.sum(dtype=np.float64)
        free = np.ones(n)
        free[chosen] = 0
        weights = nearest / total if total > 0 else free / free.sum()
        chosen.append(int(rng.choice(n, p=weights / weights.sum(dtype=np.float64))))
    return rows_of(V, chosen)


def _distances(V: Any, squares: np.ndarray, centers: np.ndarray) -> np.ndarray:
    """Return the squared distances (rank x n), in float64."""
    products = np.asarray(centers @ V, np.float64)
    own = np.einsum("km,km->k", centers, centers, dtype=np.float64)
    return np.maximum(own[:, None] - 2 * products + squares, 0)


def _fill_empty(labels: np.ndarray, distances: np.ndarray) -> None:
    """Move the worst-fitted columns of clusters that can spare them to the empty ones."""
    sizes = np.bincount(labels, minlength=len(distances))
    empty = np.flatnonzero(sizes == 0)
    if not len(empty):
        return
    worst = iter(np.argsort(-distances[labels, np.arange(len(labels))], kind="stable"))
    for k in empty:
        j = next(j for j in worst if sizes[labels[j]] > 1)
        sizes[labels[j]] -= 1
        labels[j], sizes[k] = k, 1
