"""Exact non-negative least squares for all columns at once, by block principal pivoting.

Kim & Park 2011, "Fast nonnegative matrix factorization: an active-set-like method and
comparisons", SIAM Journal on Scientific Computing 33: block principal pivoting with
columns grouped by passive set.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from visnmf.kernels import reference
from visnmf.losses.models import Quadratic
from visnmf.terms.protocol import Constraint

__all__ = ["BlockPivoting"]

_PATIENCE = 3  # exchanges of whole blocks that may go by without progress
_NOISE = 1e-12  # what counts as zero, over the largest entry of a column
_SWEEPS = 500  # coordinate descent sweeps where pivoting does not end


@dataclass(frozen=True)
class BlockPivoting:
    r"""The minimum of a convex quadratic over F >= 0, column by column.

    For each column f with pull b, the entries are split into a passive set, where f is
    free, and an active one, where it is zero,

    .. math:: G_{PP} f_P = b_P, \qquad y_A = G_{AP} f_P - b_A,

    and entries with f < 0 or y < 0 change sides until there are none, which are the
    optimality conditions (Kim & Park 2011). All of them change at
    once; after three exchanges that left no fewer of them, only the one of the largest index
    does (Murty's rule), until there are fewer. Columns of one passive set share a
    Cholesky factor. The start is the passive set F > 0.

    The work is done in float64. Where parts are so alike that this does not end, coordinate
    descent takes the columns left; and no column is given back worse than it came.
    """

    name: ClassVar[str] = "block pivoting"
    needs: ClassVar[str] = "quadratic"
    couples: ClassVar[frozenset[str]] = frozenset()
    convex_only: ClassVar[bool] = True
    uniform_only: ClassVar[bool] = True

    def step(
        self,
        F: np.ndarray,
        model: Quadratic,
        effort: float = 1.0,
        constraint: Constraint | None = None,
    ) -> None:
        """Minimize the model over F >= 0, in place.

        Parameters
        ----------
        F : ndarray (rank, q)
            The factor, changed in place. Rows whose curvature is zero stay as they are.
        model : Quadratic
            Convex, of one curvature for all columns.
        effort : float
            Has no say: the minimum is exact.
        constraint : None
            No set beside F >= 0 can be held.
        """
        alive = np.flatnonzero(np.diagonal(model.G) > np.finfo(model.G.dtype).tiny)
        if not len(alive):
            return
        part = model if len(alive) == len(F) else model.of_rows(alive, F)
        G, B = part.G.astype(np.float64), part.B.astype(np.float64)
        start = F[alive].astype(np.float64)
        X, left = _pivot(G, B, start > 0)
        if len(left):
            rest = np.ascontiguousarray(start[:, left])
            reference.nnls(rest, G, B[:, left], _SWEEPS, _NOISE)
            X[:, left] = rest
        D = X - start
        rise = np.einsum("kj,kj->j", G @ (start + 0.5 * D) - B, D)
        F[np.ix_(alive, np.flatnonzero(rise <= 0))] = X[:, rise <= 0]


def _pivot(G: np.ndarray, B: np.ndarray, passive: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Return the solutions, and the columns for which there is none yet.

    Parameters
    ----------
    G, B : ndarray (rank, rank), (rank, q)
        The quadratic, float64.
    passive : ndarray of bool (rank, q)
        The first passive sets; changed.
    """
    rank, q = B.shape
    X = np.zeros_like(B)
    fewest = np.full(q, rank + 1)  # wrong entries at best so far
    patience = np.full(q, _PATIENCE)
    slack = _NOISE * np.abs(B).max(axis=0)
    left = np.arange(q)
    for _ in range(50 + 10 * rank):
        inside = passive[:, left]
        x, target = _solve(G, B[:, left], inside), B[:, left]
        y = G @ x - target
        wrong = np.where(inside, x < -_NOISE * np.abs(x).max(axis=0), y < -slack[left])
        count = wrong.sum(axis=0)
        solved = count == 0
        X[:, left[solved]] = np.maximum(x[:, solved], 0)
        left, wrong, count = left[~solved], wrong[:, ~solved], count[~solved]
        if not len(left):
            break
        better = count < fewest[left]
        fewest[left[better]] = count[better]
        patience[left] = np.where(better, _PATIENCE, patience[left] - 1)
        stuck = np.flatnonzero(patience[left] < 0)
        last = rank - 1 - wrong[::-1, stuck].argmax(axis=0)
        wrong[:, stuck] = np.arange(rank)[:, None] == last
        passive[:, left] ^= wrong
    return X, left


def _solve(G: np.ndarray, B: np.ndarray, passive: np.ndarray) -> np.ndarray:
    """Return the least-squares solutions of which only the passive entries are not zero."""
    from scipy.linalg.lapack import dposv

    X = np.zeros_like(B)
    for columns in _groups(passive):
        rows = np.flatnonzero(passive[:, columns[0]])
        if not len(rows):
            continue
        part = G[np.ix_(rows, rows)]
        at = np.ix_(rows, columns)
        _, solution, info = dposv(part, B[at])
        if info:  # parts that are one another's mixtures: a ridge picks one of many solutions
            ridge = 1e-10 * np.trace(part) * np.eye(len(rows))
            _, solution, info = dposv(part + ridge, B[at])
        if not info:
            X[at] = solution
    return X


def _groups(passive: np.ndarray) -> Iterator[np.ndarray]:
    """Yield the columns of each different passive set."""
    bits = np.ascontiguousarray(np.packbits(passive, axis=0).T)
    keys = bits.view(np.dtype((np.void, bits.shape[1]))).ravel()
    _, group, sizes = np.unique(keys, return_inverse=True, return_counts=True)
    yield from np.split(np.argsort(group, kind="stable"), np.cumsum(sizes)[:-1])
