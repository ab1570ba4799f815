"""`visnmf.kernels.columns` compiled: LANES columns side by side, one in each lane of a vector.

Numba is imported with this module, never before; the compiled code lets go of the
interpreter's lock.
"""

from __future__ import annotations

import numpy as np

from visnmf.kernels.columns import LANES
from visnmf.kernels.compiled_sampling import aligned, padded
from visnmf.kernels.compiling import compiler
from visnmf.kernels.lanes import add_outer, load_row, step_lanes
from visnmf.kernels.threads import spread
from visnmf.kernels.tiles import TILE, tile_count
from visnmf.kernels.vectors import row_residual

__all__ = ["descend", "hals_beside", "hals_each"]

_PACKED = 128  # entries of a column whose rows of A' are gathered at a time

_compile = compiler("columns.py", "lanes.py", "vectors.py", "tiles.py")


def hals_beside(
    F: np.ndarray, G: np.ndarray, B: np.ndarray, d: np.ndarray, sweeps: int, ratio: float
) -> None:
    """Do what `visnmf.kernels.columns.hals_beside` does."""
    rank = len(F)
    G, limit, d = np.ascontiguousarray(G), F.dtype.type(ratio), np.ascontiguousarray(d, F.dtype)

    def share(first: int, last: int) -> None:
        room = aligned((3 * rank + 2, TILE), F.dtype)
        T, C, inverse = (room[i * rank : (i + 1) * rank] for i in range(3))
        _beside(F, G, B, d, sweeps, limit, first, last, T, C, inverse, room[-2], room[-1])

    spread(share, tile_count(F), 0.5 * sweeps * rank * F.size)


def hals_each(F: np.ndarray, G: np.ndarray, B: np.ndarray, sweeps: int, ratio: float) -> None:
    """Do what `visnmf.kernels.columns.hals_each` does."""
    limit = F.dtype.type(ratio)

    def share(first: int, last: int) -> None:
        _each(F, G, B, sweeps, limit, first, last, *_room(F))

    spread(share, _groups(F), 2.0 * sweeps * len(F) * F.size)


def descend(
    F: np.ndarray,
    A: np.ndarray,
    places: tuple[np.ndarray, np.ndarray],
    data: np.ndarray,
    weights: np.ndarray,
    sweeps: int,
    ratio: float,
    B: np.ndarray | None = None,
    d: np.ndarray | None = None,
) -> None:
    """Do what `visnmf.kernels.columns.descend` does."""
    rows, limit = padded(A, 1), F.dtype.type(ratio)
    wide = rows.shape[1]
    given, alike = B is not None, bool((weights == 1).all())
    pull = F if B is None else B  # numba wants an array in any case
    more = np.zeros(F.shape[1], F.dtype) if d is None else np.ascontiguousarray(d, F.dtype)

    def share(first: int, last: int) -> None:
        packed = aligned((2, _PACKED, wide), F.dtype)
        gram = aligned((wide, wide), F.dtype)
        _descend(
            F, rows, *places, data, weights, alike, given, pull, more, sweeps, limit, first, last,
            packed[0], packed[1], gram, *_room(F),
        )  # fmt: skip

    work = float(len(data)) * wide * wide + 2.0 * sweeps * len(F) * F.size
    spread(share, _groups(F), work)


def _groups(F: np.ndarray) -> int:
    return -(-F.shape[1] // LANES)


def _room(F: np.ndarray) -> tuple[np.ndarray, ...]:
    """Return room for the matrices G, F, B and the steps of a group of columns."""
    rank = len(F)
    wide = -(-rank // 4) * 4
    shapes = (rank, wide, LANES), (wide, LANES), (rank, LANES), (rank, LANES)
    return tuple(aligned(shape, F.dtype) for shape in shapes)


@_compile
def _beside(F, G, B, d, sweeps, ratio, first, last, T, C, inverse, row, own):  # type: ignore[no-untyped-def]
    rank, zero = F.shape[0], ratio * 0
    floor = np.finfo(F.dtype).tiny
    for tile in range(first, last):
        start = tile * TILE
        count = min(TILE, F.shape[1] - start)
        T[:], C[:], own[:], inverse[:] = 0, 0, 0, 0
        for j in range(count):
            own[j] = d[start + j]
        for k in range(rank):
            for j in range(count):
                T[k, j], C[k, j] = F[k, start + j], B[k, start + j]
                curvature = G[k, k] + own[j]
                inverse[k, j] = 1 / curvature if curvature > floor else zero
        limit = zero
        for sweep in range(sweeps):
            moved = zero
            for k in range(rank):
                row_residual(G, T, C, row, k)
                for j in range(TILE):
                    old = T[k, j]
                    new = old + inverse[k, j] * (row[j] - own[j] * old)
                    new = new if new > 0 else zero
                    new = new if inverse[k, j] > 0 else old
                    T[k, j] = new
                    moved += (new - old) * (new - old)
            if sweep == 0:
                limit = moved * ratio * ratio
            elif moved <= limit:
                break
        for k in range(rank):
            for j in range(count):
                F[k, start + j] = T[k, j]


@_compile
def _sweeps(F, start, count, sweeps, ratio, G, T, C, inverse):  # type: ignore[no-untyped-def]
    """Sweep over a group of columns whose G and B are in place."""
    rank, floor = F.shape[0], np.finfo(F.dtype).tiny
    for k in range(rank):
        for j in range(LANES):
            curvature = G[k, k, j]
            inverse[k, j] = 1 / curvature if j < count and curvature > floor else 0
            T[k, j] = F[k, start + j] if j < count else 0
    limit = ratio * 0
    for sweep in range(sweeps):
        moved = ratio * 0
        for k in range(rank):
            moved += step_lanes(G, T, C, inverse, k)
        if sweep == 0:
            limit = moved * ratio * ratio
        elif moved <= limit:
            break
    for k in range(rank):
        for j in range(count):
            F[k, start + j] = T[k, j]


@_compile
def _each(F, G, B, sweeps, ratio, first, last, tile, T, C, inverse):  # type: ignore[no-untyped-def]
    rank = F.shape[0]
    for group in range(first, last):
        start = group * LANES
        count = min(LANES, F.shape[1] - start)
        for k in range(rank):
            for j in range(count):
                C[k, j] = B[k, start + j]
            for i in range(rank):
                for j in range(count):
                    tile[k, i, j] = G[k, i, start + j]
        _sweeps(F, start, count, sweeps, ratio, tile, T, C, inverse)


@_compile
def _descend(  # type: ignore[no-untyped-def]
    F, rows, indptr, indices, data, weights, alike, given, B, d, sweeps, ratio, first, last,
    packed, heavy, gram, tile, T, C, inverse,
):  # fmt: skip
    rank, one = F.shape[0], ratio * 0 + 1
    for group in range(first, last):
        start = group * LANES
        count = min(LANES, F.shape[1] - start)
        for j in range(count):
            gram[:] = 0
            begin, end = indptr[start + j], indptr[start + j + 1]
            for part in range(begin, end, _PACKED):
                size = min(_PACKED, end - part)
                for e in range(size):
                    row = np.intp(indices[part + e])
                    load_row(packed, e, rows, row, one)
                    packed[e, rank] = data[part + e]
                    if not alike:
                        load_row(heavy, e, rows, row, weights[part + e])
                if alike:
                    add_outer(gram, packed, packed, np.intp(size))
                else:
                    add_outer(gram, heavy, packed, np.intp(size))
            for k in range(rank):
                C[k, j] = B[k, start + j] if given else gram[k, rank]
                tile[k, k, j] = gram[k, k] + d[start + j]
                for i in range(k + 1, rank):
                    tile[k, i, j] = gram[k, i]
                    tile[i, k, j] = gram[k, i]
        _sweeps(F, start, count, sweeps, ratio, tile, T, C, inverse)
