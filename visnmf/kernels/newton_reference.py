"""Coordinate descent on the Kullback-Leibler divergence in NumPy.

It says what `visnmf.kernels.newton` computes, and runs where numba is not installed: the rows of a
factor in turn, each for all columns at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import NamedTuple

import numpy as np

__all__ = ["newton_dense", "newton_sparse"]


class _Entries(NamedTuple):
    """The entries of V that weigh in, by whatever order they lie in."""

    v: np.ndarray
    of_part: Callable[[np.ndarray], np.ndarray]
    """A row of A -> its entries beside those of v; anything that broadcasts."""
    total: Callable[[np.ndarray], np.ndarray]
    """Entries -> their sum in each column."""
    largest: Callable[[np.ndarray], np.ndarray]
    """Entries -> the largest in each column."""
    spread: Callable[[np.ndarray], np.ndarray]
    """One number a column -> the same beside each of its entries."""


def newton_dense(
    F: np.ndarray,
    A: np.ndarray,
    V: np.ndarray,
    sweeps: int,
    l1: float = 0.0,
    l2: float = 0.0,
    free: np.ndarray | None = None,
) -> None:
    r"""Lower KL(V | A'F) + l1 sum F + l2/2 |F|^2 over F >= 0 by coordinate descent, in place.

    Each entry x of F in turn moves by a step that never passes the minimum along it. With
    y = A'F, the entry's column v, a its row of A and the sums

    .. math:: P = \sum a + l_1 + l_2 x, \quad N = \sum a v / y, \quad Q = \sum a^2 v / y^2,

    the derivative is P - N and the curvature Q + l2. Where the derivative is positive, a move by
    -s shrinks no y by more than the share s m, m = max a / y over v > 0, so that
    N grows to at most N + s Q / (1 - s m), and

    .. math:: s = \frac{P - N}{Q + l_2 + m (P - N)}

    is short of the minimum. It is Newton's step divided by 1 + m |Newton's step|, as the damped
    step for self-concordant functions in the algorithm SN of Hien & Gillis 2021, but with the
    entry's own m, which is never above their :math:`\sqrt{(Q + l_2) / \min v}`. Where the
    derivative is negative, the move s after which N would meet P if every a / y were the same,

    .. math:: P + l_2 s = \frac{N}{1 + s Q / N},

    is longer than Newton's (Hsieh & Dhillon 2011) and, since 1 / (1 + s u) is convex in u, short
    of the minimum too.

    Parameters
    ----------
    F : ndarray (rank, q)
        The factor, changed in place. Rows of parts that are empty stay as they are, unless l1
        pulls them to zero.
    A : ndarray (rank, m)
        The factor held.
    V : ndarray (q, m)
        The columns, as rows.
    sweeps : int
        How often all rows are renewed.
    l1, l2 : float
        Weights of the penalties.
    free : ndarray of int, optional
        The rows that are renewed, the others being held; all if not given.
    """
    entries = _Entries(
        V,
        lambda a: a,
        lambda x: x.sum(axis=1),
        lambda x: x.max(axis=1),
        lambda s: s[:, None],
    )
    _sweeps(F, A, entries, sweeps, pulls_of(A, l1, free), l2)


def newton_sparse(
    F: np.ndarray,
    A: np.ndarray,
    indptr: np.ndarray,
    indices: np.ndarray,
    data: np.ndarray,
    sweeps: int,
    l1: float = 0.0,
    l2: float = 0.0,
    free: np.ndarray | None = None,
) -> None:
    """Do what `newton_dense` does, for columns of V of which only entries are stored.

    Parameters
    ----------
    F, A, sweeps, l1, l2, free
        As in `newton_dense`.
    indptr, indices, data : ndarray
        V in compressed columns: column j holds data[indptr[j]:indptr[j+1]] at the rows
        indices[indptr[j]:indptr[j+1]]. What is not stored is zero.
    """
    counts = np.diff(indptr)
    full = counts > 0  # reduceat has no sum of nothing
    starts = indptr[:-1][full] - indptr[0]
    rows, v = indices[indptr[0] : indptr[-1]], data[indptr[0] : indptr[-1]]
    entries = _Entries(
        v,
        lambda a: a[rows],
        lambda x: np.add.reduceat(x, starts),
        lambda x: np.maximum.reduceat(x, starts),
        lambda s: np.repeat(s, counts[full]),
    )
    pulls = pulls_of(A, l1, free)
    if len(v):
        part = F[:, full]
        _sweeps(part, A, entries, sweeps, pulls, l2)
        F[:, full] = part
    F[np.ix_(pulls > 0, ~full)] = 0


def _sweeps(
    F: np.ndarray, A: np.ndarray, entries: _Entries, sweeps: int, pulls: np.ndarray, l2: float
) -> None:
    """Renew the rows of F in turn, `sweeps` times."""
    v, (share, least) = entries.v, floors_of(F.dtype)
    floor = entries.spread(share * entries.largest(v) + least)
    for _ in range(sweeps):
        y = np.zeros_like(v)
        for a, f in zip(A, F, strict=True):
            y += entries.of_part(a) * entries.spread(f)
        np.maximum(y, floor, out=y)
        for k in np.flatnonzero(pulls):
            a = entries.of_part(A[k])
            u = a / y
            w = u * v
            N, Q = entries.total(w), entries.total(w * u)
            steepest = entries.largest(np.where(v > 0, u, 0))
            new = _renewed(F[k], pulls[k] + l2 * F[k], N, Q, steepest, l2)
            new = np.where(new < least, 0, new).astype(F.dtype)
            y += a * entries.spread(new - F[k])
            np.maximum(y, floor, out=y)
            F[k] = new


def _renewed(
    x: np.ndarray, P: np.ndarray, N: np.ndarray, Q: np.ndarray, steepest: np.ndarray, l2: float
) -> np.ndarray:
    """Return what becomes of the entries x; `newton_dense` tells the formulas."""
    slope = P - N
    bend = Q + l2 + steepest * slope
    down = np.divide(slope, bend, out=x.copy(), where=(slope > 0) & (bend > 0))
    rise = np.maximum(-slope, 0)
    unit = np.divide(N, Q, out=np.zeros_like(N), where=slope < 0)
    b = P + l2 * unit
    up = 2 * rise * unit / (b + np.sqrt(b * b + 4 * l2 * unit * rise))
    return np.where(slope > 0, np.maximum(x - down, 0), x + up)


def pulls_of(A: np.ndarray, l1: float, free: np.ndarray | None = None) -> np.ndarray:
    """Return the pull to zero on each row of F; 0 where nothing pulls or the row is held."""
    pulls = A.sum(axis=1) + A.dtype.type(l1)
    pulls[pulls <= np.finfo(A.dtype).tiny] = 0
    if free is not None:
        pulls[np.setdiff1d(np.arange(len(A)), free)] = 0
    return pulls


def floors_of(dtype: np.dtype) -> tuple[float, float]:
    """Return how small an entry of A'F is divided by.

    A share of the largest entry of V's column, plus what is as good as zero: so no
    quotient overflows, and no number becomes denormal.
    """
    limits = np.finfo(dtype)
    return float(limits.eps) ** 1.5, float(limits.tiny) ** 0.5
