"""Whether parts come back from one restart to the next: silhouettes of matched parts."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from visnmf.measure.matching import match_parts, part_cosines

__all__ = ["matched_labels", "part_silhouettes"]

_ROUNDS = 10  # of matching to the means, which settle in two or three


def matched_labels(parts: Sequence[np.ndarray]) -> np.ndarray:
    """Return which cluster each part of each restart belongs to; each has one of each restart.

    Parameters
    ----------
    parts : sequence of ndarray (m, rank)
        W of each restart; the first one is where the clusters begin.

    Returns
    -------
    ndarray of int (restarts, rank)
        k-means with cosines, in which each restart gives each cluster one part (the assignment
        problem, by `visnmf.match_parts`), as NMFk does (Alexandrov et al. 2013).
    """
    units = [_units(W) for W in parts]
    means = units[0]
    labels = np.zeros((len(parts), means.shape[1]), np.intp)
    for _ in range(_ROUNDS):
        before = labels.copy()
        for run, unit in enumerate(units):
            found = match_parts(unit, means)
            labels[run, found.first] = found.second
        if np.array_equal(before, labels):
            break
        orders = np.argsort(labels, axis=1)
        means = np.mean([u[:, order] for u, order in zip(units, orders, strict=True)], axis=0)
    return labels


def part_silhouettes(parts: Sequence[np.ndarray], labels: np.ndarray) -> np.ndarray:
    """Return the silhouette of each part of each restart, from -1 to 1 (Rousseeuw 1987).

    Parameters
    ----------
    parts : sequence of ndarray (m, rank)
        W of each restart.
    labels : ndarray of int (restarts, rank)
        Of `matched_labels`.

    Returns
    -------
    ndarray of float64 (restarts, rank)
        With 1 - cosine as the distance: near 1 where a part is like those of its cluster and
        unlike all others; 1 where there is one cluster only.
    """
    from sklearn.metrics import silhouette_samples

    if labels.shape[1] < 2:
        return np.ones(labels.shape)
    all_parts = np.concatenate(parts, axis=1)
    apart = 1 - part_cosines(all_parts, all_parts)
    np.fill_diagonal(apart, 0)
    scores = silhouette_samples(apart, labels.ravel(), metric="precomputed")
    return np.asarray(scores, np.float64).reshape(labels.shape)


def _units(W: np.ndarray) -> np.ndarray:
    lengths = np.linalg.norm(W, axis=0)
    return np.asarray(W / np.where(lengths > 0, lengths, 1), np.float64)
