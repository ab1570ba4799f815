r"""Newton steps for beta-divergences, on a curvature that all columns share but for its scale.

With the gradient g_j of column j and its curvature s_j s_j' * G (`visnmf.losses.curvature`),
the entries of :math:`s \circ F` see one quadratic for all columns,

.. math:: \langle g / s, M \rangle + \tfrac12 \langle G, M M' \rangle, \qquad
          M = s \circ F - s \circ F_0,

which sweeps of HALS lower as they do for the Frobenius loss. Nothing keeps such a step from
raising the divergence: who takes it looks at what came of it.
"""

from __future__ import annotations

import numpy as np

from visnmf.kernels.choose import Kernels
from visnmf.losses.curvature import Curvature
from visnmf.losses.models import Split
from visnmf.updates.multiplicative import lift

__all__ = ["scaled_newton"]


def scaled_newton(
    F: np.ndarray,
    A: np.ndarray,
    model: Split,
    curvature: Curvature,
    kernels: Kernels,
    *,
    damping: float,
    sweeps: int = 2,
) -> None:
    """Take one step from where the model was built, in place.

    Parameters
    ----------
    F, A : ndarray (rank, q), (rank, m)
        The factor, and the one held.
    model : Split
        The gradient at F.
    curvature : Curvature
        That in F, of here or of somewhere near.
    kernels : Kernels
        Whose sweeps run.
    damping : float
        What the curvature is multiplied by; 1 or more.
    sweeps : int
        Over all rows of F.
    """
    G, scale = curvature.scaled(A, damping)
    # A curvature of elsewhere may send an entry out of range: then nothing moves
    with np.errstate(over="ignore", invalid="ignore", divide="ignore"):
        stretched = F * scale
        pull = np.matmul(G, stretched)
        pull -= model.gradient(F) / scale
        kernels.hals(stretched, G, pull, sweeps, 0.0)
        stretched /= scale
        if not np.isfinite(stretched.sum()):
            return
    np.copyto(F, stretched)
    lift(F)
