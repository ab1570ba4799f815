"""A start from columns of V itself: those that the others are mixtures of.

V is near-separable if V ~ V[:, K] H for a few columns K (Arora et al. 2012): in pictures,
pure pixels or frames that hold one part each.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from visnmf.errors import InvalidInputError
from visnmf.kernels.choose import choose_kernels
from visnmf.starts.columns import inverse, rows_of, scaled, squared_lengths

__all__ = ["METHODS", "fit", "pick", "separable_start", "snpa", "spa"]

METHODS = ("spa", "snpa")

_MOST_STEPS = 100  # of the projection after each pick
_SMALLEST_STEP = 1e-4  # over the first one
_SWEEPS = 500
_GOAL = 1e-6


def spa(V: Any, rank: int, *, normalize: bool = False) -> np.ndarray:
    """Pick columns of V by the successive projection algorithm.

    The column of the largest norm is picked, and all columns are projected on the space
    orthogonal to it; and so on. V is only multiplied and never projected itself, so it may
    be sparse.

    Parameters
    ----------
    V : ndarray or scipy.sparse array (m, n)
        Columns are points.
    rank : int
        How many to pick, at most n.
    normalize : bool
        Work on columns that are scaled to the sum 1. Then any separable V will do, but
        noise in dark columns weighs as much as in bright ones. Without it the columns of
        the true H must sum to at most 1.

    Returns
    -------
    ndarray of int (rank,)
        Distinct columns in the order picked. Where nothing is left to explain after fewer,
        the rest are the longest columns not picked yet.

    Raises
    ------
    InvalidInputError
        If the rank exceeds the number of columns.

    References
    ----------
    M. C. U. Araujo et al. (2001). The successive projections algorithm for variable
    selection. Chemometrics and Intelligent Laboratory Systems 57(2).
    N. Gillis, S. A. Vavasis (2014). Fast and robust recursive algorithms for separable
    nonnegative matrix factorization. IEEE Trans. PAMI 36(4).
    """
    _check_rank(V, rank)
    if normalize:
        V = scaled(V, inverse(_sums(V)))
    squares = squared_lengths(V)
    left = squares.copy()
    basis = np.empty((rank, V.shape[0]))
    picked: list[int] = []
    while len(picked) < rank and left.max() > _noise(V, squares):
        j = int(left.argmax())
        direction = rows_of(V, [j])[0].astype(np.float64)
        found = basis[: len(picked)]
        for _ in range(2):  # twice is enough against rounding (Kahan, in Parlett 1980)
            direction -= (found @ direction) @ found
        direction /= np.linalg.norm(direction)
        basis[len(picked)] = direction
        picked.append(j)
        left -= np.asarray(direction.astype(V.dtype) @ V, np.float64) ** 2
        left[picked] = 0
    return _filled(picked, squares, rank)


def snpa(V: Any, rank: int, *, normalize: bool = False) -> tuple[np.ndarray, np.ndarray]:
    """Pick columns of V by the successive nonnegative projection algorithm.

    The column that is farthest from the convex hull of the origin and of the columns
    picked so far is picked next. It needs no linear independence of the true parts, stands
    more noise than `spa`, and takes longer.

    Parameters
    ----------
    V : ndarray or scipy.sparse array (m, n)
        Columns are points.
    rank : int
        How many to pick, at most n.
    normalize : bool
        As in `spa`.

    Returns
    -------
    picked : ndarray of int (rank,)
        Distinct columns in the order picked, filled up as in `spa`.
    H : ndarray (rank, n)
        Of V's dtype: V ~ V[:, picked] H with each column of H non-negative and of sum at
        most 1 (with `normalize`, so for the normalized columns).

    Raises
    ------
    InvalidInputError
        If the rank exceeds the number of columns.

    References
    ----------
    N. Gillis (2014). Successive nonnegative projection algorithm for robust nonnegative
    blind source separation. SIAM J. Imaging Sciences 7(2).
    """
    _check_rank(V, rank)
    dtype = V.dtype
    sums = _sums(V) if normalize else np.ones(V.shape[1])
    if normalize:
        V = scaled(V, inverse(sums))
    squares = squared_lengths(V)
    left = squares.copy()
    G, B, H = np.zeros((rank, rank)), np.zeros((rank, len(left))), np.zeros((rank, len(left)))
    picked: list[int] = []
    while len(picked) < rank and left.max() > _noise(V, squares):
        j = int(left.argmax())
        k = len(picked)
        picked.append(j)
        B[k] = rows_of(V, [j])[0] @ V
        B[k, j] = squares[j]
        G[k, : k + 1] = G[: k + 1, k] = B[: k + 1, j]
        H[: k + 1] = _project(H[: k + 1], G[: k + 1, : k + 1], B[: k + 1])
        left = squares + np.einsum("kj,kj->j", H, G @ H - 2 * B)
        left[picked] = 0
    indices = _filled(picked, squares, rank)
    H *= inverse(sums[indices])[:, None]
    H *= sums
    return indices, H.astype(dtype)


def separable_start(
    V: Any, rank: int, *, method: str = "spa", normalize: bool = False
) -> tuple[np.ndarray, np.ndarray]:
    """Return W' (rank x m), columns of V, and H (rank x n), fitted to V by them.

    Parameters
    ----------
    V : ndarray or scipy.sparse array (m, n)
        Non-negative; columns are images.
    rank : int
        How many parts, at most n.
    method : {"spa", "snpa"}
        How the columns are picked.
    normalize : bool
        As in `spa`.
    """
    if method not in METHODS:
        raise InvalidInputError(f"method={method!r} is not known; use one of {METHODS}")
    picked, H = pick(V, rank, method=method, normalize=normalize)
    W = rows_of(V, picked)
    fit(V, W, H)
    return W, H


def pick(V: Any, rank: int, *, method: str, normalize: bool) -> tuple[np.ndarray, np.ndarray]:
    """Return the columns picked, and an H (rank x n) from which `fit` goes on."""
    if method == "snpa":
        return snpa(V, rank, normalize=normalize)
    picked = spa(V, rank, normalize=normalize)
    H = np.zeros((rank, V.shape[1]), V.dtype)
    H[np.arange(rank), picked] = 1
    return picked, H


def fit(V: Any, W: np.ndarray, H: np.ndarray) -> None:
    """Lower 1/2 ||V - W H||^2 over H >= 0 to its least, in place, for W' (rank x m).

    Where many H are the best one, as for linearly dependent parts, it is one near to that
    where it began.
    """
    kernels = choose_kernels("auto", len(W), sum(V.shape))
    kernels.nnls(H, W @ W.T, np.ascontiguousarray(W @ V), _SWEEPS, _GOAL)


def _project(H: np.ndarray, G: np.ndarray, B: np.ndarray) -> np.ndarray:
    """Minimize 1/2 <G, H H'> - <B, H> over columns that are mixtures, from H on.

    By the fast projected gradient (Nesterov 1983) that starts anew when its momentum
    points uphill (O'Donoghue & Candes 2015).
    """
    step = 1 / float(np.linalg.norm(G, 2))
    ahead, momentum, first = H, 1.0, 0.0
    for _ in range(_MOST_STEPS):
        after = _mixtures(ahead - step * (G @ ahead - B))
        move = after - H
        length = float(np.linalg.norm(move))
        first = max(first, length)
        if length <= _SMALLEST_STEP * first:
            return after
        if np.vdot(ahead - after, move) > 0:
            momentum = 1.0
        faster = (1 + np.sqrt(1 + 4 * momentum**2)) / 2
        ahead = after + ((momentum - 1) / faster) * move
        H, momentum = after, faster
    return H


def _mixtures(H: np.ndarray) -> np.ndarray:
    """Return the nearest matrix with columns h >= 0 that sum to at most 1."""
    nearest = np.maximum(H, 0)
    over = np.flatnonzero(nearest.sum(axis=0) > 1)
    if len(over):
        falling = -np.sort(-H[:, over], axis=0)
        excess = falling.cumsum(axis=0) - 1
        count = np.arange(1, len(H) + 1)[:, None]
        last = (falling * count > excess).sum(axis=0) - 1
        shift = excess[last, np.arange(len(over))] / (last + 1)
        nearest[:, over] = np.maximum(H[:, over] - shift, 0)
    return nearest


def _check_rank(V: Any, rank: int) -> None:
    if rank > V.shape[1]:
        raise InvalidInputError(
            f"{rank} columns cannot be picked: V has {V.shape[1]}; use a rank of at most that"
        )


def _filled(picked: list[int], squares: np.ndarray, rank: int) -> np.ndarray:
    """Return the indices picked, and the longest columns beside them up to the rank."""
    rest = squares.copy()
    rest[picked] = -1
    longest = np.argsort(-rest, kind="stable")[: rank - len(picked)]
    return np.array([*picked, *longest], dtype=np.intp)


def _noise(V: Any, squares: np.ndarray) -> float:
    """Return the largest squared length that may be rounding."""
    return 16 * float(np.finfo(V.dtype).eps) * float(squares.max())


def _sums(V: Any) -> np.ndarray:
    return np.asarray(V.sum(axis=0, dtype=np.float64)).ravel()
