"""Factorizations that are not V ~ W H with both factors free and non-negative.

Each file is one method with its own short loop: arrays in, a `Factorization` out.

==============  ===============================  ==============================
method          model                            signs
==============  ===============================  ==============================
semi_nmf        V ~ W H                          H >= 0; V and W of either sign
convex_nmf      V ~ V C H                        C, H >= 0; V of either sign
symmetric_nmf   S ~ H'H                          H >= 0; S a similarity matrix
separable_nmf   V ~ V[:, K] H, or V ~ W V[K, :]  all >= 0
deep_nmf        V ~ W1 W2 ... H                  all >= 0
projective_nmf  V ~ W W'V                        all >= 0
local_nmf       V ~ W H, W local                 all >= 0
==============  ===============================  ==============================

Convolutive (shift-invariant) parts are left out: their W H is no matrix product, so that
nothing below this floor could serve them.
"""

from visnmf.kin.convex import ConvexFactorization, convex_nmf
from visnmf.kin.deep import DeepFactorization, deep_nmf
from visnmf.kin.local import local_nmf
from visnmf.kin.projective import projective_nmf
from visnmf.kin.semi import semi_nmf
from visnmf.kin.separable import SeparableFactorization, separable_nmf
from visnmf.kin.symmetric import symmetric_nmf

__all__ = [
    "ConvexFactorization",
    "DeepFactorization",
    "SeparableFactorization",
    "convex_nmf",
    "deep_nmf",
    "local_nmf",
    "projective_nmf",
    "semi_nmf",
    "separable_nmf",
    "symmetric_nmf",
]
