"""The sweeps in NumPy: what they compute, and what runs where numba is not installed."""

from __future__ import annotations

from collections.abc import Iterator

import numpy as np

from visnmf.kernels.tiles import TILE, Sums, inverse_diagonal

__all__ = ["SWEEP_COST", "hals", "nnls", "push", "sums"]

SWEEP_COST = 4.0
"""What a multiply-add of a sweep costs, over one of a matrix product."""

FIRST_LOOK = 4
"""Sweeps of a least-squares problem before its gradient is looked at."""

_BLOCK = 64 * TILE  # columns that are swept together, so that they stay in cache


def hals(F: np.ndarray, G: np.ndarray, B: np.ndarray, sweeps: int, ratio: float) -> None:
    """Lower 1/2 <G, F F'> - <B, F> over F >= 0 by cyclic coordinate descent, in place.

    Each sweep renews the rows in turn, F[k] = max(0, F[k] + (B[k] - G[k] F) / G[k, k])
    (Cichocki & Phan 2009). A tile of columns is left when a sweep moves it by less
    than `ratio` times what its first sweep did (Gillis & Glineur 2012).

    Parameters
    ----------
    F : ndarray (rank, q)
        The factor, changed in place.
    G, B : ndarray (rank, rank), (rank, q)
        The quadratic model, of F's dtype.
    sweeps : int
        The most sweeps.
    ratio : float
        The least move worth another sweep, over the first one's.
    """
    alive, G, B = _scaled(G, B)
    for columns in _blocks(F):
        part, target = F[:, columns].copy(), B[:, columns]
        left = np.arange(part.shape[1])  # the columns whose tiles still move
        work = part
        limit = None
        for _ in range(sweeps):
            before = work.copy()
            _sweep(work, alive, G, target)
            before -= work
            moved = np.add.reduceat(
                np.einsum("kj,kj->j", before, before), np.arange(0, len(left), TILE)
            )
            if limit is None:
                limit = ratio * ratio * moved
                continue
            go_on = moved > limit
            if not go_on.all():
                part[:, left] = work
                keep = np.repeat(go_on, TILE)[: len(left)]
                left, limit = left[keep], limit[go_on]
                work, target = work[:, keep], target[:, keep]
                if not len(left):
                    break
        part[:, left] = work
        F[:, columns] = part


def nnls(F: np.ndarray, G: np.ndarray, B: np.ndarray, sweeps: int, goal: float) -> int:
    """Solve min 1/2 <G, F F'> - <B, F> over F >= 0, each column for itself, in place.

    Sweeps go on until, in each column of a tile, the projected gradient is at most
    `goal` times as long as B's column, its length at F = 0; at most `sweeps` times.
    Return the most sweeps that a tile took, `sweeps` + 1 where one did not get there.

    The gradient costs what a sweep does, so it is looked at when a sweep moves the tile so
    little that it may have got there, and in any case when twice as many were done; then again
    an eighth of the sweeps later.
    """
    inverse = inverse_diagonal(G)
    alive, scaled, targets = _scaled(G, B)
    most = 0
    for columns in _blocks(F):
        part, target = F[:, columns].copy(), B[:, columns]
        aim = targets[:, columns]
        left = np.arange(part.shape[1])
        work = part
        allowed = goal * goal * np.einsum("kj,kj->j", target, target)
        starts = np.arange(0, len(left), TILE)
        with np.errstate(over="ignore"):  # a bound that is infinite is none
            near = np.float64(inverse.mean()) ** 2 * np.add.reduceat(allowed, starts)
        look = np.full(len(starts), FIRST_LOOK)
        for sweep in range(1, sweeps + 1):
            before = work.copy()
            _sweep(work, alive, scaled, aim)
            before -= work
            starts = np.arange(0, len(left), TILE)
            moved = np.add.reduceat(np.einsum("kj,kj->j", before, before), starts)
            looked = (sweep >= look) & ((moved <= near) | (sweep >= 2 * look))
            if not looked.any():
                continue
            free = _projected(work, target - G @ work)
            late = np.einsum("kj,kj->j", free, free) > allowed
            go_on = ~looked | (np.add.reduceat(late, starts) > 0)
            look[looked] = sweep + max(2, sweep // 8)
            most = max(most, sweep)
            if go_on.all():
                continue
            keep = np.repeat(go_on, TILE)[: len(left)]
            part[:, left] = work
            left, allowed = left[keep], allowed[keep]
            work, target, aim = work[:, keep], target[:, keep], aim[:, keep]
            near, look = near[go_on], look[go_on]
            if not len(left):
                break
        else:
            most = sweeps + 1
        part[:, left] = work
        F[:, columns] = part
    return most


def sums(F: np.ndarray, G: np.ndarray, B: np.ndarray) -> Sums:
    """Return the sums that tell the objective and the KKT residual at F."""
    total = np.zeros(4)
    for columns in _blocks(F):
        part, target = F[:, columns], B[:, columns]
        residual = target - G @ part
        free = _projected(part, residual)
        total += (
            np.einsum("kj,kj->k", target, part).sum(dtype=np.float64),
            np.einsum("kj,kj->k", residual, part).sum(dtype=np.float64),
            np.abs(free).sum(dtype=np.float64),
            np.einsum("kj,kj->k", free, free).sum(dtype=np.float64),
        )
    return Sums(*total.tolist())


def push(behind: np.ndarray, F: np.ndarray, beta: float) -> np.ndarray:
    """Write max(0, F + beta (F - behind)) over `behind`, the place that F came from."""
    if beta == 0:
        np.copyto(behind, F)
        return behind
    np.subtract(F, behind, out=behind)
    behind *= F.dtype.type(beta)
    behind += F
    return np.maximum(behind, 0, out=behind)


def _blocks(F: np.ndarray) -> Iterator[slice]:
    for start in range(0, F.shape[1], _BLOCK):
        yield slice(start, start + _BLOCK)


def _scaled(G: np.ndarray, B: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return the rows to renew, and G (less its diagonal) and B over G's diagonal."""
    inverse = inverse_diagonal(G)
    scaled = G * inverse[:, None]
    np.fill_diagonal(scaled, 0)
    return np.flatnonzero(inverse), scaled, B * inverse[:, None]


def _sweep(F: np.ndarray, alive: np.ndarray, G: np.ndarray, B: np.ndarray) -> None:
    """Renew each row of F in turn, the model being scaled."""
    for k in alive:
        row = G[k] @ F
        np.subtract(B[k], row, out=row)
        np.maximum(row, 0, out=F[k])


def _projected(F: np.ndarray, residual: np.ndarray) -> np.ndarray:
    """Return the projected negative gradient: nothing pulls an entry at zero below zero."""
    return np.where(F > 0, residual, np.maximum(residual, 0))
