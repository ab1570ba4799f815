"""Nesterov's optimal gradient method on a quadratic model: NeNMF.

Guan, Tao, Luo & Yuan 2012, "NeNMF: an optimal gradient method for nonnegative matrix
factorization", IEEE Transactions on Signal Processing 60; with the adaptive restart of
O'Donoghue & Candes 2015, "Adaptive restart for accelerated gradient schemes",
Foundations of Computational Mathematics 15.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import ClassVar

import numpy as np

from visnmf.losses.models import Quadratic
from visnmf.terms.protocol import Constraint
from visnmf.updates.gradient import ProjectedGradient

__all__ = ["FastGradient"]


@dataclass(frozen=True)
class FastGradient:
    r"""Accelerated projected gradient steps of length 1 / L.

    .. math::
        F_{i} &= P[Y_i - \nabla f(Y_i) / L], \\
        t_{i+1} &= \tfrac12 \bigl(1 + \sqrt{4 t_i^2 + 1}\bigr), \\
        Y_{i+1} &= F_i + \frac{t_i - 1}{t_{i+1}} (F_i - F_{i-1})

    (Guan et al. 2012), L being the largest curvature and P the projection. The momentum is
    dropped, t = 1, where it points uphill,
    :math:`\langle Y_i - F_i, F_i - F_{i-1} \rangle > 0` (the gradient scheme of O'Donoghue &
    Candes 2015). The iterates need not fall one by one, so the last is compared with the
    start.

    Parameters
    ----------
    inner : int
        The most iterations a step.
    ratio : float
        Iterations stop when one moves F by less than this share of the first one's move.
    """

    inner: int = 50
    ratio: float = 0.05

    name: ClassVar[str] = "fast gradient"
    needs: ClassVar[str] = "quadratic"
    couples: ClassVar[frozenset[str]] = frozenset({"entry", "part", "image"})
    convex_only: ClassVar[bool] = True
    uniform_only: ClassVar[bool] = False

    def step(
        self,
        F: np.ndarray,
        model: Quadratic,
        effort: float = 1.0,
        constraint: Constraint | None = None,
    ) -> None:
        """Lower the model over F >= 0 and the constraint's set, in place.

        Parameters
        ----------
        F : ndarray (rank, q)
            The factor, in the set; changed in place.
        model : Quadratic
            The function to lower; convex.
        effort : float
            The share of the inner iterations to do; at least one is done.
        constraint : Constraint, optional
            A convex set that F is held to, of any coupling.
        """
        curvature = _largest_curvature(model)
        if curvature <= np.finfo(F.dtype).tiny:
            ProjectedGradient().step(F, model, effort, constraint)
            return
        slope = gradient = model.gradient(F)
        last, t, goal = F, 1.0, 0.0
        Y = F
        for iteration in range(max(1, round(self.inner * effort))):
            if iteration:
                gradient = model.gradient(Y)
            new = Y - gradient * (1.0 / curvature)
            if constraint is None:
                np.maximum(new, 0, out=new)
            else:
                constraint.project(new)
            move = new - last
            length = float(np.linalg.norm(move))
            if iteration == 0:
                goal = self.ratio * length
            uphill = np.vdot(Y - new, move) > 0
            last = new
            if length <= goal and (iteration or length == 0):
                break
            if uphill:
                t, Y = 1.0, new
            else:
                following = 0.5 * (1 + np.sqrt(4 * t * t + 1))
                Y = new + move * float((t - 1) / following)
                t = following
        if _rise(last - F, slope, model) <= 0:
            F[...] = last
        else:
            ProjectedGradient(inner=1).step(F, model, constraint=constraint)


def _largest_curvature(model: Quadratic) -> float:
    """Return the largest eigenvalue of the curvature over all columns, or no less."""
    stack = model.G.astype(np.float64).reshape(*model.G.shape[:2], -1).transpose(2, 0, 1)
    largest = float(np.linalg.eigvalsh(stack)[:, -1].max(initial=0.0))
    if model.d is not None:
        largest += float(model.d.max(initial=0.0))
    return largest * (1 + 1e-6)


def _rise(D: np.ndarray, slope: np.ndarray, model: Quadratic) -> float:
    """Return by how much the move D raises the model, its gradient before being `slope`."""
    return float(np.einsum("kj,kj->k", slope + 0.5 * model.times(D), D).sum(dtype=np.float64))
