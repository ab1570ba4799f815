"""The sweeps compiled: tiles of 64 columns that stay in the first cache.

`visnmf.kernels.reference` tells what is computed; these must equal it to rounding.
Numba is imported with this module, never before. The compiled code takes a range of
tiles and lets go of the interpreter's lock.
"""

from __future__ import annotations

import numpy as np

from visnmf.kernels.compiling import compiler
from visnmf.kernels.reference import FIRST_LOOK
from visnmf.kernels.reference import push as reference_push
from visnmf.kernels.threads import spread
from visnmf.kernels.tiles import TILE, Sums, inverse_diagonal, tile_count
from visnmf.kernels.vectors import copy, row_residual, row_step

__all__ = ["SWEEP_COST", "hals", "nnls", "push", "sums"]

_USUAL = 20
"""Sweeps that a least-squares problem takes, more or less."""

SWEEP_COST = 1.0
"""What a multiply-add of a sweep costs, over one of a matrix product."""


def hals(F: np.ndarray, G: np.ndarray, B: np.ndarray, sweeps: int, ratio: float) -> None:
    """Do what `visnmf.kernels.reference.hals` does."""
    model, limit = _model(F, G, B), F.dtype.type(ratio)

    def share(first: int, last: int) -> None:
        T, C, _ = _workspace(F)
        _hals_tiles(F, *model, sweeps, limit, first, last, T, C)

    spread(share, tile_count(F), 0.5 * sweeps * len(F) * F.size)


def nnls(F: np.ndarray, G: np.ndarray, B: np.ndarray, sweeps: int, goal: float) -> int:
    """Do what `visnmf.kernels.reference.nnls` does."""
    model, aim = _model(F, G, B), F.dtype.type(goal)
    taken = np.zeros(tile_count(F), np.int64)

    def share(first: int, last: int) -> None:
        late = np.empty((2, TILE), F.dtype)
        _nnls_tiles(F, *model, sweeps, aim, first, last, *_workspace(F), late, taken)

    spread(share, len(taken), float(_USUAL) * len(F) * F.size)
    return int(taken.max(initial=0))


def sums(F: np.ndarray, G: np.ndarray, B: np.ndarray) -> Sums:
    """Do what `visnmf.kernels.reference.sums` does."""
    totals = np.zeros((tile_count(F), len(Sums._fields)))
    G, _, B = _model(F, G, B)

    def share(first: int, last: int) -> None:
        _sums_tiles(F, G, B, first, last, *_workspace(F), totals)

    spread(share, len(totals), float(len(F)) * F.size)
    return Sums(*totals.sum(axis=0).tolist())


def push(behind: np.ndarray, F: np.ndarray, beta: float) -> np.ndarray:
    """Do what `visnmf.kernels.reference.push` does."""
    if behind.flags.c_contiguous and F.flags.c_contiguous:
        _push(behind.reshape(-1), F.reshape(-1), F.dtype.type(beta))
        return behind
    return reference_push(behind, F, beta)


def _model(F: np.ndarray, G: np.ndarray, B: np.ndarray) -> tuple[np.ndarray, ...]:
    return np.ascontiguousarray(G), inverse_diagonal(G), np.ascontiguousarray(B)


def _workspace(F: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return room for a tile of F, a tile of B and one row, each on a cache line's start."""
    assert F.flags.c_contiguous  # the compiled code counts addresses
    rank, size = len(F), F.dtype.itemsize
    raw = np.empty((2 * rank + 1) * TILE + 64 // size, F.dtype)
    skip = -raw.ctypes.data % 64 // size
    room = raw[skip : skip + (2 * rank + 1) * TILE].reshape(-1, TILE)
    return room[:rank], room[rank:-1], room[-1]


_compile = compiler("tiles.py", "vectors.py")


@_compile
def _push(behind, F, beta):  # type: ignore[no-untyped-def]
    zero = beta * 0
    for i in range(F.shape[0]):
        ahead = F[i] + beta * (F[i] - behind[i])
        behind[i] = ahead if ahead > zero else zero


@_compile
def _load(F, B, start, stop, T, C):  # type: ignore[no-untyped-def]
    """Copy columns start:stop of F and B into a tile, zeros behind them."""
    for k in range(F.shape[0]):
        copy(T, k, 0, F, k, start, stop - start)
        copy(C, k, 0, B, k, start, stop - start)
        for j in range(stop - start, T.shape[1]):
            T[k, j] = 0
            C[k, j] = 0


@_compile
def _store(F, start, stop, T):  # type: ignore[no-untyped-def]
    for k in range(F.shape[0]):
        copy(F, k, start, T, k, 0, stop - start)


@_compile
def _sweep(G, inverse, T, C):  # type: ignore[no-untyped-def]
    """Renew each row of the tile in turn; return the squared length of the move."""
    moved = inverse[0] * 0
    for k in range(C.shape[0]):
        if inverse[k] > 0:
            moved += row_step(G, T, C, k, inverse[k])
    return moved


@_compile
def _hals_tiles(F, G, inverse, B, sweeps, ratio, first, last, T, C):  # type: ignore[no-untyped-def]
    for tile in range(first, last):
        start = tile * TILE
        stop = min(start + TILE, F.shape[1])
        _load(F, B, start, stop, T, C)
        limit = _sweep(G, inverse, T, C) * ratio * ratio
        for _ in range(1, sweeps):
            if _sweep(G, inverse, T, C) <= limit:
                break
        _store(F, start, stop, T)


@_compile
def _is_late(G, T, C, row, allowed, violation):  # type: ignore[no-untyped-def]
    """Tell whether the projected gradient of any column is longer than allowed."""
    zero = row[0] * 0
    violation[:] = 0
    for k in range(C.shape[0]):
        row_residual(G, T, C, row, k)
        for j in range(row.shape[0]):
            free = max(row[j], zero) if T[k, j] <= 0 else row[j]
            violation[j] += free * free
    for j in range(row.shape[0]):
        if violation[j] > allowed[j]:
            return True
    return False


@_compile
def _nnls_tiles(F, G, inverse, B, sweeps, goal, first, last, T, C, row, late, taken):  # type: ignore[no-untyped-def]
    allowed, violation = late[0], late[1]
    step = inverse.sum() / inverse.shape[0]
    for tile in range(first, last):
        start = tile * TILE
        stop = min(start + TILE, F.shape[1])
        _load(F, B, start, stop, T, C)
        allowed[:] = 0
        for k in range(C.shape[0]):
            for j in range(row.shape[0]):
                allowed[j] += goal * goal * C[k, j] * C[k, j]
        near = step * step * allowed.sum()
        taken[tile] = sweeps + 1
        look = FIRST_LOOK
        for sweep in range(1, sweeps + 1):
            moved = _sweep(G, inverse, T, C)
            if sweep < look or (moved > near and sweep < 2 * look):
                continue
            if not _is_late(G, T, C, row, allowed, violation):
                taken[tile] = sweep
                break
            look = sweep + max(2, sweep // 8)
        _store(F, start, stop, T)


@_compile
def _sums_tiles(F, G, B, first, last, T, C, row, totals):  # type: ignore[no-untyped-def]
    for tile in range(first, last):
        start = tile * TILE
        stop = min(start + TILE, F.shape[1])
        _load(F, B, start, stop, T, C)
        for k in range(F.shape[0]):
            row_residual(G, T, C, row, k)
            zero = row[0] * 0
            linear, slope, absolute, square = zero, zero, zero, zero
            for j in range(row.shape[0]):
                linear += C[k, j] * T[k, j]
                slope += row[j] * T[k, j]
                free = max(row[j], zero) if T[k, j] <= 0 else row[j]
                absolute += abs(free)
                square += free * free
            totals[tile, 0] += linear
            totals[tile, 1] += slope
            totals[tile, 2] += absolute
            totals[tile, 3] += square
