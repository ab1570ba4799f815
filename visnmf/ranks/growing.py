"""Warm starts from one rank to the next: parts added where most is left over."""

from __future__ import annotations

import numpy as np

__all__ = ["grow"]

_SWEEPS = 3  # of the fit of rank one to the residual: it is only a start


def grow(
    V: np.ndarray, observed: np.ndarray | None, W: np.ndarray, H: np.ndarray, rank: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return a start of a higher rank from a fit: it explains at least as much.

    Parameters
    ----------
    V : ndarray (m, n)
        Images as columns.
    observed : ndarray of bool (m, n), optional
        Which entries are known; the others are not looked at.
    W, H : ndarray (m, r), (r, n)
        The fit, of a rank of at most `rank`.
    rank : int
        Of the start.

    Returns
    -------
    W, H : ndarray (m, rank), (rank, n)
        Each new part is the non-negative fit of rank one to the residual, both signs of it: what
        lies above W H in some images and below it in others is noise, and the fit sees that. It
        begins at the image that is explained least and at the mean of all, and the better of the
        two is kept: the first finds a part of few images, the second one of all, such as a
        background. It costs some fifteen passes over V.
    """
    if W.shape[1] >= rank:
        return W, H
    residual = V - W @ H
    if observed is not None:
        residual[~observed] = 0
    parts, codes = [W], [H]
    for _ in range(rank - W.shape[1]):
        part, code = _most_of(residual)
        parts.append(part[:, None])
        codes.append(code[None])
        residual -= np.outer(part, code)
        if observed is not None:
            residual[~observed] = 0
    return np.concatenate(parts, axis=1), np.concatenate(codes, axis=0)


def _most_of(residual: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the part and its encodings that explain most of a residual of either sign."""
    above = np.maximum(residual, 0)
    worst = above[:, int(np.argmax(np.einsum("ij,ij->j", above, above)))]
    mean = np.maximum(residual.mean(axis=1), 0)
    begun = [_rank_one(residual, part, 2) for part in (worst, mean)]
    part, code = max(begun, key=lambda pair: float(pair[1] @ pair[1]))
    return _rank_one(residual, np.maximum(residual @ code, 0), _SWEEPS)


def _rank_one(residual: np.ndarray, part: np.ndarray, sweeps: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a fit of rank one from a part, by alternating least squares; zero if there is none.

    The part has length 1, so that the two explain the square of the length of the encodings.
    """
    code = np.zeros(residual.shape[1], residual.dtype)
    for sweep in range(sweeps):
        if sweep:
            part = np.maximum(residual @ code, 0)
        length = np.sqrt(part @ part)
        if not length > 0:
            return np.zeros_like(part), np.zeros_like(code)
        part = part / length
        code = np.maximum(part @ residual, 0)
    return part, code
