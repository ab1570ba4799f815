"""Penalties and constraints of one factor, each one small file; they add up.

Penalties: `ElasticNet`, `Orthogonal`, `Graph` (with `neighbor_graph`), `smooth_pictures`,
`TotalVariation`, `Discriminant`, `Spread`. Constraints, one a factor: `Sparseness`, `Simplex`,
`UnitBall`.
"""

from visnmf.terms.ball import UnitBall
from visnmf.terms.discriminant import Discriminant
from visnmf.terms.elastic_net import ElasticNet
from visnmf.terms.graph import Graph
from visnmf.terms.hoyer import Sparseness
from visnmf.terms.neighbors import neighbor_graph
from visnmf.terms.orthogonal import Orthogonal
from visnmf.terms.simplex import Simplex
from visnmf.terms.smooth import smooth_pictures
from visnmf.terms.spread import Spread
from visnmf.terms.total_variation import TotalVariation

__all__ = [
    "Discriminant",
    "ElasticNet",
    "Graph",
    "Orthogonal",
    "Simplex",
    "Sparseness",
    "Spread",
    "TotalVariation",
    "UnitBall",
    "neighbor_graph",
    "smooth_pictures",
]
