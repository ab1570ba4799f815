r"""Whole numbers in place of real ones: a factor on a lattice, by coordinate descent.

With one factor held as E (rank x m, levels per step), the other one is sought in whole numbers:

.. math:: \min_{Q \in \mathbb{N}^{r \times n}} \|V - E'Q\|_F^2 + \lambda \sum_{kj} b_k(Q_{kj})

where b_k(c) is what the value c costs in row k, in bits. Rounding each entry for itself is
poor: rows of E are far from orthogonal, so that errors add up. Instead rows are renewed in
turn. With G = E E' and B = E V, row k's ideal real value is t = Q_k + (B_k - G_k Q) / G_kk, and
of floor(t), floor(t) + 1, floor(t) - 1 and 0 that one is taken for which
G_kk (c - t)^2 + lambda b_k(c) is least: no step raises the sum. (Rate-distortion optimized
quantization: Sullivan & Wiegand 1998; the descent is that of integer least squares.)
"""

from __future__ import annotations

import numpy as np

from visnmf.kernels.threads import spread

__all__ = ["TRADE", "row_bits", "settle"]

TRADE = 0.14
"""lambda over the squared step of H: what a bit may cost in squared levels.

At high rates 2 ln 2 / 12 = 0.1155: a step D errs by D^2 / 12, and a bit halves it.
"""

_BLOCK = 1024  # columns that are settled together, so that they stay in cache
_SMOOTHING = 0.5  # added to each count, so that no value costs infinitely much


def settle(
    Q: np.ndarray,
    G: np.ndarray,
    B: np.ndarray,
    *,
    trade: float = 0.0,
    sweeps: int = 4,
    like: np.ndarray | None = None,
) -> None:
    """Lower ||V - E'Q||^2 + trade * bits(Q) over whole numbers Q >= 0, in place.

    What a value costs is taken from the row's own histogram, anew before each sweep.

    Parameters
    ----------
    Q : ndarray of int32, shape (rank, n)
        Whole numbers to begin with.
    G, B : ndarray of float32 or float64, shape (rank, rank) and (rank, n)
        E E' and E V.
    trade : float
        lambda, in the squared units of V a bit. 0 looks at the error alone.
    sweeps : int
        The most sweeps; fewer if one changes nothing.
    like : ndarray of int32, shape (rank, n'), optional
        Whole numbers that tell the order of rows and what values cost instead of Q, so that
        what becomes of a column does not hang on the others.
    """
    rank, n = Q.shape
    told = Q if like is None else like
    energy = np.diag(G) * np.einsum("kj,kj->k", told, told, dtype=np.float64)
    order = [int(k) for k in np.argsort(-energy, kind="stable")]
    G = G.astype(B.dtype, copy=False)
    blocks = range(0, n, _BLOCK)
    for _ in range(sweeps):
        size = min(int(Q.max(initial=0)) + 3, 2**16)
        size = max(size, int(told.max(initial=0)) + 3)
        prices = (trade * row_bits(told, size)).astype(B.dtype)
        changed = np.zeros(len(blocks), dtype=np.int64)

        def renew(
            first: int, last: int, prices: np.ndarray = prices, changed: np.ndarray = changed
        ) -> None:
            for i in range(first, last):
                columns = slice(blocks[i], min(n, blocks[i] + _BLOCK))
                changed[i] = _sweep(Q[:, columns], G, B[:, columns], prices, order, trade > 0)

        spread(renew, len(blocks), 4.0 * rank * (rank + 20) * n)
        if not changed.any():
            break


def row_bits(Q: np.ndarray, size: int) -> np.ndarray:
    """Return what each value costs in each row, in bits: -log2 of how often it comes.

    Parameters
    ----------
    Q : ndarray of int32, shape (rank, n)
        Whole numbers from 0 to size - 1.
    size : int
        How many values there are.

    Returns
    -------
    bits : ndarray of float64, shape (rank, size)
        Values that do not come cost what half of one would.
    """
    counts = np.stack([np.bincount(row, minlength=size) for row in Q]).astype(np.float64)
    # A value that has not come yet beside one that has is likelier than a far one.
    near = counts + 0.25 * (_shifted(counts, 1) + _shifted(counts, -1))
    near += _SMOOTHING
    return -np.log2(near / near.sum(axis=1, keepdims=True))


def _shifted(counts: np.ndarray, by: int) -> np.ndarray:
    """Return the counts moved by one value."""
    moved = np.zeros_like(counts)
    if by > 0:
        moved[:, 1:] = counts[:, :-1]
    else:
        moved[:, :-1] = counts[:, 1:]
    return moved


def _sweep(
    Q: np.ndarray,
    G: np.ndarray,
    B: np.ndarray,
    prices: np.ndarray,
    order: list[int],
    priced: bool,
) -> int:
    """Renew all rows of some columns once; return how many entries changed."""
    work = Q.astype(B.dtype)
    most = work.dtype.type(prices.shape[1] - 1)
    changed = 0
    for k in order:
        own = G[k, k]
        if not own > 0:
            best = np.zeros_like(work[k])
        else:
            t = work[k] + (B[k] - G[k] @ work) / own
            low = np.minimum(np.maximum(np.floor(t), 0), most)
            if priced:
                best = _cheapest(t, low, most, own, prices[k])
            else:
                best = np.minimum(np.maximum(np.rint(t), 0), most)
        changed += int(np.count_nonzero(best != work[k]))
        work[k] = best
    Q[...] = work
    return changed


def _cheapest(
    t: np.ndarray, low: np.ndarray, most: np.floating, own: np.floating, price: np.ndarray
) -> np.ndarray:
    """Return which of four whole numbers near t has the least error and price."""
    best, least = low, own * (low - t) ** 2 + price[low.astype(np.intp)]
    candidates = (np.minimum(low + 1, most), np.maximum(low - 1, 0), np.zeros_like(low))
    for value in candidates:
        cost = own * (value - t) ** 2 + price[value.astype(np.intp)]
        better = cost < least
        best, least = np.where(better, value, best), np.where(better, cost, least)
    return best
