"""Warm starts from one rank to a lower one: the two parts that are most nearly one are merged."""

from __future__ import annotations

import numpy as np

__all__ = ["merge"]


def merge(W: np.ndarray, H: np.ndarray, rank: int) -> tuple[np.ndarray, np.ndarray]:
    """Return a start of a lower rank from a fit: what W H loses is little.

    Parameters
    ----------
    W, H : ndarray (m, r), (r, n)
        The fit, of a rank of at least `rank`.
    rank : int
        Of the start, at least 1.

    Returns
    -------
    W, H : ndarray (m, rank), (rank, n)
        Pairs of parts are replaced by the best fit of rank one to what the two explain together,
        the pair that loses least first. A part that explains nothing goes like this, and so do
        two that share what is one part.

    Notes
    -----
    What a pair loses is the smaller eigenvalue of A B, with A and B the 2 x 2 Gram matrices of its
    two parts and of their encodings; the leading singular vectors of a non-negative matrix are
    non-negative. All pairs cost rank^2 (m + n) multiplications.
    """
    W, H = W.copy(), H.copy()
    while W.shape[1] > rank:
        first, second = _nearest_pair(W, H)
        pair = [first, second]
        part, code = _leading(W[:, pair], H[pair])
        W[:, first], H[first] = part, code
        W, H = np.delete(W, second, axis=1), np.delete(H, second, axis=0)
    return W, H


def _nearest_pair(W: np.ndarray, H: np.ndarray) -> tuple[int, int]:
    A, B = (np.asarray(F @ F.T, np.float64) for F in (W.T, H))
    a, b = np.diag(A), np.diag(B)
    energy = a * b
    trace = energy[:, None] + energy + 2 * A * B
    determinant = (np.outer(a, a) - A**2) * (np.outer(b, b) - B**2)
    lost = (trace - np.sqrt(np.maximum(trace**2 - 4 * determinant, 0))) / 2
    lost[np.tril_indices_from(lost)] = np.inf
    first, second = np.unravel_index(int(np.argmin(lost)), lost.shape)
    return int(first), int(second)


def _leading(W: np.ndarray, H: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the best part and encodings for two, which are non-negative as they are."""
    Q, R = np.linalg.qr(W)
    left, values, right = np.linalg.svd(R @ H, full_matrices=False)
    return np.abs(Q @ left[:, 0]) * values[0], np.abs(right[0])
