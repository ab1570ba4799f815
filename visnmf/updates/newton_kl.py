"""Coordinate descent for the Kullback-Leibler divergence.

Cyclic over the entries of a factor (Hsieh & Dhillon 2011, "Fast coordinate descent methods
with variable selection for non-negative matrix factorization", KDD), each
moved by a scalar Newton step that cannot raise the divergence (Hien & Gillis 2021,
"Algorithms for nonnegative matrix factorization with the Kullback-Leibler divergence",
Journal of Scientific Computing 87, the algorithm SN).
"""

from __future__ import annotations

import importlib
from dataclasses import dataclass
from typing import TYPE_CHECKING, ClassVar, cast

import numpy as np

from visnmf.kernels import newton_reference, reference
from visnmf.kernels.choose import Kernels
from visnmf.matrices.dense import Dense
from visnmf.matrices.protocol import Matrix
from visnmf.terms.protocol import Constraint

if TYPE_CHECKING:
    from visnmf.matrices.sparse import Sparse

__all__ = ["Entries", "NewtonKL"]

_BLOCK = 1 << 18  # entries of V that are copied, or divided by, at a time


@dataclass(frozen=True)
class Entries:
    """What an entry-wise update sees: V itself, the factor held, and penalties by entry.

    Parameters
    ----------
    matrix : Dense or Sparse
        V (m x q), not weighted, one column for each of F; the transposed matrix where F is W'.
    A : ndarray (rank, m)
        The factor held.
    l1, l2 : float
        The loss has l1 sum F + l2/2 |F|^2 beside it.
    free : ndarray of int, optional
        The rows of F that may move, where others are known; all if not given.
    """

    matrix: Matrix
    A: np.ndarray
    l1: float = 0.0
    l2: float = 0.0
    free: np.ndarray | None = None


@dataclass(frozen=True)
class NewtonKL:
    r"""Sweeps of scalar Newton steps on the Kullback-Leibler divergence.

    For each entry x of F in turn, with y = A'F kept up to date, the derivative and the curvature

    .. math::
        g = \sum_i a_i + l_1 + l_2 x - \sum_i a_i v_i / y_i, \qquad
        h = \sum_i a_i^2 v_i / y_i^2 + l_2

    (Hsieh & Dhillon 2011) give a step that never passes the minimum along x, so
    that no step raises the loss; `visnmf.kernels.newton_reference` tells how. Entries become
    exactly zero and come back. A sweep costs a division for each entry of V that is not
    known to be zero and each part; A'F is formed anew for each sweep, so rounding does not add up.

    Parameters
    ----------
    kernels : Kernels
        The module whose kind of sweeps runs, as chosen for the problem.
    sweeps : int
        Sweeps a step. A sweep of the other factor costs as much, so one is best.
    """

    kernels: Kernels
    sweeps: int = 1

    name: ClassVar[str] = "newton kl"
    needs: ClassVar[str] = "entries"
    couples: ClassVar[frozenset[str]] = frozenset()
    convex_only: ClassVar[bool] = True
    uniform_only: ClassVar[bool] = True

    def step(
        self,
        F: np.ndarray,
        problem: Entries,
        effort: float = 1.0,
        constraint: Constraint | None = None,
    ) -> None:
        """Lower the divergence and its penalties over F >= 0, in place.

        Parameters
        ----------
        F : ndarray (rank, q)
            The factor, changed in place.
        problem : Entries
            V and the factor held.
        effort : float
            The share of the sweeps to do; at least one is done.
        constraint : None
            No set beside F >= 0 can be held.
        """
        sweeps = max(1, round(self.sweeps * effort))
        # The same rule as for all kernels, settled by whoever chose them
        compiled = self.kernels is not reference
        newton = importlib.import_module("visnmf.kernels.newton") if compiled else newton_reference
        matrix, A = problem.matrix, problem.A
        penalties = (problem.l1, problem.l2, problem.free)
        if isinstance(matrix, Dense):
            width = max(1, _BLOCK // max(1, matrix.shape[0]))
            for start in range(0, F.shape[1], width):
                columns = slice(start, start + width)
                block = np.ascontiguousarray(matrix.values[:, columns].T)
                newton.newton_dense(F[:, columns], A, block, sweeps, *penalties)
            return
        stored = cast("Sparse", matrix).columns
        for first, last in _blocks(stored.indptr):
            bounds = stored.indptr[first : last + 1]
            part = F[:, first:last]
            newton.newton_sparse(part, A, bounds, stored.indices, stored.data, sweeps, *penalties)


def _blocks(indptr: np.ndarray) -> list[tuple[int, int]]:
    """Return ranges of columns of at most _BLOCK stored entries in all, or of one column."""
    blocks, first, q = [], 0, len(indptr) - 1
    while first < q:
        last = int(np.searchsorted(indptr, indptr[first] + _BLOCK, side="right")) - 1
        blocks.append((first, min(q, max(first + 1, last))))
        first = blocks[-1][1]
    return blocks
