"""Sweeps over columns that differ in curvature, in NumPy: what the compiled ones must equal.

Where each image has other pixels missing, each column of F has a matrix G of its own; where a
penalty says so, a number d beside one G of all. What is known at few places is
swept straight from these entries: a group of columns at a time has its matrices formed, and they
are forgotten.
"""

from __future__ import annotations

import importlib
from typing import Any, Protocol, cast

import numpy as np

from visnmf.kernels import reference, sampling
from visnmf.kernels.choose import Kernels
from visnmf.kernels.tiles import TILE

__all__ = ["LANES", "ColumnKernels", "choose_columns", "descend", "hals_beside", "hals_each"]

LANES = 16
"""Columns that are swept side by side, and left together, where each has a matrix of its own."""

_HELD = 1 << 22  # numbers in the matrices of columns that are formed at a time


class ColumnKernels(Protocol):
    """A module of sweeps; this one tells what each does."""

    def hals_beside(  # noqa: D102
        self, F: np.ndarray, G: np.ndarray, B: np.ndarray, d: np.ndarray, sweeps: int, ratio: float
    ) -> None: ...

    def hals_each(  # noqa: D102
        self, F: np.ndarray, G: np.ndarray, B: np.ndarray, sweeps: int, ratio: float
    ) -> None: ...

    def descend(  # noqa: D102
        self,
        F: np.ndarray,
        A: np.ndarray,
        places: tuple[np.ndarray, np.ndarray],
        data: np.ndarray,
        weights: np.ndarray,
        sweeps: int,
        ratio: float,
        B: np.ndarray | None = None,
        d: np.ndarray | None = None,
    ) -> None: ...


def choose_columns(kernels: Kernels) -> ColumnKernels:
    """Return the sweeps that go with a module of kernels: NumPy's with NumPy's."""
    name = "columns" if kernels is cast(Any, reference) else "compiled_columns"
    return cast(ColumnKernels, importlib.import_module(f"visnmf.kernels.{name}"))


def hals_beside(
    F: np.ndarray, G: np.ndarray, B: np.ndarray, d: np.ndarray, sweeps: int, ratio: float
) -> None:
    """Lower 1/2 <G, F F'> + 1/2 sum_j d_j |f_j|^2 - <B, F> over F >= 0, in place.

    As `visnmf.kernels.reference.hals`, a tile of columns at a time.

    Parameters
    ----------
    F, B : ndarray (rank, q)
        The factor, changed in place, and the pull.
    G, d : ndarray (rank, rank), (q,)
        The curvature, of F's dtype.
    sweeps : int
        The most sweeps.
    ratio : float
        The least move worth another sweep, over the first one's.
    """

    def residual(k: int, work: np.ndarray, left: np.ndarray) -> np.ndarray:
        return B[k, left] - G[k] @ work - d[left] * work[k]

    _sweep(F, np.diagonal(G)[:, None] + d, residual, TILE, sweeps, ratio)


def hals_each(F: np.ndarray, G: np.ndarray, B: np.ndarray, sweeps: int, ratio: float) -> None:
    """Do the same where each column of F has a curvature of its own.

    Parameters
    ----------
    F, B, sweeps, ratio
        As of `hals_beside`; but LANES columns are left together.
    G : ndarray (rank, rank, q)
        The curvatures.
    """

    def residual(k: int, work: np.ndarray, left: np.ndarray) -> np.ndarray:
        return B[k, left] - np.einsum("lj,lj->j", G[k][:, left], work)

    _sweep(F, np.einsum("kkj->kj", G), residual, LANES, sweeps, ratio)


def _sweep(
    F: np.ndarray, curvature: np.ndarray, residual: Any, width: int, sweeps: int, ratio: float
) -> None:
    """Sweep over F, groups of `width` columns being left when they move little."""
    floor = np.finfo(F.dtype).tiny
    inverse = np.where(curvature > floor, 1 / np.maximum(curvature, floor), 0).astype(F.dtype)
    left, work, limit = np.arange(F.shape[1]), F.copy(), None
    for _ in range(sweeps):
        before = work.copy()
        for k in range(len(F)):
            step = inverse[k, left]
            new = np.maximum(work[k] + step * residual(k, work, left), 0)
            work[k] = np.where(step > 0, new, work[k])
        before -= work
        moves = np.einsum("kj,kj->j", before, before)
        moved = np.add.reduceat(moves, np.arange(0, len(left), width))
        if limit is None:
            limit = ratio * ratio * moved
            continue
        go_on = moved > limit
        F[:, left] = work
        keep = np.repeat(go_on, width)[: len(left)]
        left, work, limit = left[keep], work[:, keep], limit[go_on]
        if not len(left):
            return
    F[:, left] = work


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
    """Lower the weighted squared residuals of the known entries over F >= 0, in place.

    Column j has G = sum_i w_ij a_i a_i' and b = sum_i w_ij v_ij a_i over its known
    entries. They are formed, swept as by `hals_each`, and forgotten.

    Parameters
    ----------
    F, A : ndarray (rank, n), (rank, m)
        The factor, changed in place, and the one that is held.
    places : tuple of ndarray (n + 1,), (nnz,)
        Where each column begins, and the row of each entry.
    data, weights : ndarray (nnz,)
        The entries, and their weights.
    sweeps, ratio
        As of `hals_each`.
    B : ndarray (rank, n), optional
        The pull, where it is another.
    d : ndarray (n,), optional
        Curvature beside G.
    """
    indptr, indices = places
    rank, n = F.shape
    width = max(1, _HELD // max(rank * rank * LANES, 1)) * LANES
    diagonal = np.arange(rank)
    for start in range(0, n, width):
        stop = min(start + width, n)
        part = slice(indptr[start], indptr[stop])
        own = indptr[start : stop + 1] - indptr[start], indices[part]
        G = np.empty((rank, rank, stop - start), F.dtype)
        for k in range(rank):
            G[k, k:] = G[k:, k] = sampling.contract(A[k:] * A[k], *own, weights[part])
        if d is not None:
            G[diagonal, diagonal] += d[start:stop]
        if B is None:
            pull = sampling.contract(A, *own, data[part] * weights[part])
        else:
            pull = B[:, start:stop]
        share = F[:, start:stop].copy()
        hals_each(share, G, pull, sweeps, ratio)
        F[:, start:stop] = share
