"""Non-negative sparse coding: encodings of few parts each, and parts learned from batches of them.

Where an image holds few of many parts, its encoding is nearly all zeros: greedy descent from zero
then takes a few steps where sweeps go over all parts again and again, and one pass over the
images, batch by batch, learns what many iterations over all of them would.
"""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import NDArray

from visnmf.kernels.greedy import Greedy, choose_greedy
from visnmf.kernels.threads import jobs, spread

__all__ = ["GOAL", "gram_of_units", "sparse_encode", "sparse_parts"]

GOAL = 1e-2
"""An encoding is done when no part would change by more than this share of the first step."""

_BLOCK = 2048
"""Rows encoded at a time, whose products with the parts stay in cache."""

_BATCH, _FEWEST = 512, 256
"""Rows whose encodings the parts are improved by, a twelfth of all where these are few."""

_Array = NDArray[Any]


def gram_of_units(W: _Array) -> _Array:
    """Return W'W of parts of unit length, (rank, rank), its diagonal exactly 1."""
    G = np.ascontiguousarray(W.T @ W)
    np.fill_diagonal(G, 1)
    return G


def sparse_encode(
    X: _Array,
    W: _Array,
    G: _Array,
    cost: float | _Array,
    *,
    limit: int | None = None,
    goal: float = GOAL,
    kernels: Greedy | None = None,
) -> _Array:
    r"""Encode rows by parts of unit length.

    Minimizes, for each row x,

    .. math:: \tfrac12 \|x - W h\|^2 + \lambda \sum_k h_k, \quad h \ge 0

    by greedy coordinate descent from h = 0, in blocks that stay in cache, on the threads set.

    Parameters
    ----------
    X : ndarray (n, length)
        A row an image.
    W : ndarray (length, rank)
        Parts, each of unit length or all zeros.
    G : ndarray (rank, rank)
        `gram_of_units` of W.
    cost : float or ndarray (n, 1)
        Lambda: of all rows, or of each its own.
    limit : int, optional
        The most steps of a row; a fourth of the rank and 40 at least if not given.
    goal : float
        As `GOAL`.
    kernels : Greedy, optional
        What `choose_greedy` gave for all that is to be encoded, where this is a part of it.

    Returns
    -------
    ndarray (n, rank)
        Rows of encodings, of X's dtype.
    """
    n, rank = len(X), W.shape[1]
    limit = max(rank // 4, 40) if limit is None else limit
    cost = np.asarray(cost, X.dtype)
    descend = (kernels or choose_greedy(n * rank)).descend
    H = np.empty((n, rank), X.dtype)

    def share(first: int, last: int) -> None:
        with jobs(1):
            for i in range(first, last):
                block = slice(i * _BLOCK, (i + 1) * _BLOCK)
                B = X[block] @ W
                B -= cost[block] if cost.ndim else cost
                descend(B, G, H[block], limit, goal)

    spread(share, -(-n // _BLOCK), float(n) * W.size)
    return H


def sparse_parts(
    X: _Array, rank: int, cost: float, *, passes: int, rng: np.random.Generator
) -> _Array:
    r"""Learn parts under which rows have sparse encodings (Hoyer 2002), by batches.

    .. math:: \min_{W, H \ge 0} \tfrac12 \|X' - W H\|^2 + \lambda \sum_{kj} h_{kj},
              \quad \|w_k\| = 1

    Each batch is encoded; sums of h h' and x h' over about as many rows as there are then
    improve the parts, one after the other (Mairal, Bach, Ponce & Sapiro, "Online learning for
    matrix factorization and sparse coding", JMLR 2010, algorithm 2, with their forgetting).

    Parameters
    ----------
    X : ndarray (n, length)
        Non-negative; no row is all zeros.
    rank : int
        How many parts.
    cost : float
        Lambda, above 0, for rows whose lengths are about 1.
    passes : int
        How often each row is seen.
    rng : Generator
        Chooses the rows that parts begin as, and the order.

    Returns
    -------
    ndarray (length, rank)
        Parts of unit length, of X's dtype.

    Notes
    -----
    A pass costs 2 n length rank operations for the products with the parts and as many for the
    sums of x h', and 2 n rank^2 for those of h h'.
    """
    n, length = X.shape
    W = np.ascontiguousarray(X[rng.choice(n, rank, replace=n < rank)].T)
    W /= np.linalg.norm(W, axis=0)
    pairs, pulls = np.zeros((rank, rank)), np.zeros((length, rank))
    seen, kernels = 0, choose_greedy(passes * n * rank)
    size = min(_BATCH, max(n // 12, _FEWEST))
    for _ in range(passes):
        order = rng.permutation(n)
        for start in range(0, n, size):
            batch = X[order[start : start + size]]
            H = sparse_encode(batch, W, gram_of_units(W), cost, kernels=kernels)
            seen = min(seen + len(batch), n)
            keep = 1 - len(batch) / seen
            pairs = keep * pairs + H.T @ H
            pulls = keep * pulls + batch.T @ H
            W = _improved(W, pairs, pulls, batch, rng)
    return W


def _improved(
    W: _Array, pairs: _Array, pulls: _Array, batch: _Array, rng: np.random.Generator
) -> _Array:
    """Return parts after two sweeps over them; one that is in no row begins anew as a row."""
    parts = W.T.astype(np.float64)  # a row each
    used = np.diagonal(pairs).copy()
    for k in np.flatnonzero(used <= 0):
        parts[k] = batch[rng.integers(len(batch))]
        parts[k] /= np.linalg.norm(parts[k])
    for _ in range(2):
        for k in np.flatnonzero(used > 0):
            w = np.maximum(parts[k] + (pulls[:, k] - pairs[k] @ parts) / used[k], 0)
            size = np.sqrt(w @ w)
            if size > 0:
                parts[k] = w / size
    return np.ascontiguousarray(parts.T.astype(W.dtype))
