"""Hierarchical alternating least squares, accelerated.

Cyclic coordinate descent over the rows of a factor in closed form (Cichocki & Phan
2009), several sweeps for each product with V (Gillis & Glineur 2012).
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from visnmf.kernels.choose import Kernels
from visnmf.kernels.columns import choose_columns
from visnmf.losses.known import KnownEntries
from visnmf.losses.models import Quadratic
from visnmf.terms.protocol import Constraint

__all__ = ["Hals"]


@dataclass(frozen=True)
class Hals:
    """Sweeps over the rows of a factor.

    Parameters
    ----------
    kernels : Kernels
        The module whose sweeps run.
    sweeps : int
        The most sweeps a step; 1 is plain HALS.
    ratio : float
        A tile of columns is left when a sweep moves it by less than this share of the
        first sweep's move.
    """

    name: ClassVar[str] = "hals"
    needs: ClassVar[str] = "quadratic"
    couples: ClassVar[frozenset[str]] = frozenset({"entry", "part"})
    convex_only: ClassVar[bool] = False
    uniform_only: ClassVar[bool] = False

    kernels: Kernels
    sweeps: int = 8
    ratio: float = 0.05

    def step(
        self,
        F: np.ndarray,
        model: Quadratic,
        effort: float = 1.0,
        constraint: Constraint | None = None,
    ) -> None:
        """Lower the model over F >= 0, in place, with a share of the sweeps, but at least one."""
        sweeps = max(1, round(self.sweeps * effort))
        if model.uniform and constraint is None:
            self.kernels.hals(F, model.G, model.B, sweeps, self.ratio)
        elif constraint is None:
            self._step_columns(F, model, sweeps)
        else:
            self._step_held(F, model, sweeps, constraint)

    def _step_columns(self, F: np.ndarray, model: Quadratic, sweeps: int) -> None:
        """Sweep where columns differ in curvature."""
        columns = choose_columns(self.kernels)
        if isinstance(model, KnownEntries):
            model.descend(F, columns, sweeps, self.ratio)
            return
        G, B, d = model.G, model.B, model.d
        if d is not None and G.ndim == 2 and not np.ptp(d):
            self.kernels.hals(F, G + d[0] * np.eye(len(G), dtype=G.dtype), B, sweeps, self.ratio)
        elif d is not None and G.ndim == 2:
            columns.hals_beside(F, G, B, d, sweeps, self.ratio)
        else:
            if d is not None:
                G = G + np.eye(len(G), dtype=G.dtype)[:, :, None] * d
            columns.hals_each(F, G, B, sweeps, self.ratio)

    def _step_held(
        self, F: np.ndarray, model: Quadratic, sweeps: int, constraint: Constraint
    ) -> None:
        """Sweep where a row is projected after its step."""
        limit = None
        for _ in range(sweeps):
            moved = _sweep(F, model, constraint)
            if limit is None:
                limit = self.ratio**2 * moved
            elif moved <= limit:
                break


def _sweep(F: np.ndarray, model: Quadratic, constraint: Constraint) -> float:
    """Renew each row in turn; return the squared length of the move.

    A row's part of the model has a curvature of its own for each column of F. What couples
    the columns is projected under the largest of them: exact where they are alike, else a
    step on a bound above.
    """
    d = 0 if model.d is None else model.d
    moved = 0.0
    for k in range(len(F)):
        if model.G.ndim == 2:
            residual = model.B[k] - model.G[k] @ F
        else:
            residual = model.B[k] - np.einsum("lj,lj->j", model.G[k], F)
        residual -= d * F[k]
        curvature = np.asarray(model.G[k, k] + d)
        if constraint.couples != "entry":
            curvature = curvature.max()
        alive = curvature > np.finfo(F.dtype).tiny
        row = F[k] + np.where(alive, residual / np.where(alive, curvature, 1), 0)
        if np.any(alive):
            constraint.project(row[None])
        else:
            continue
        moved += float(np.square(row - F[k], dtype=np.float64).sum())
        F[k] = row
    return moved
