"""Graph Laplacian: weight/4 * sum_ij S_ij |f_i - f_j|^2 (GNMF, Cai et al. 2011)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from visnmf.errors import InvalidInputError
from visnmf.terms.checks import check_amount, check_columns
from visnmf.terms.protocol import Bound

__all__ = ["Graph"]


@dataclass(frozen=True, eq=False)
class Graph:
    """Columns of F that are drawn to those of their neighbors.

    With the degrees D = diag(S 1) and the Laplacian L = D - S the penalty is
    weight/2 * tr(F L F'), the sum over neighbors i < j of weight/2 * S_ij |f_i - f_j|^2.
    On H neighbors are images (see `neighbor_graph`), on W pixels (see `smooth_pictures`).

    Parameters
    ----------
    weights : array or sparse array (q, q)
        S, symmetric and non-negative; kept in float64 as a CSR array. The diagonal has no
        influence and is left out.
    weight : float
        Of the whole penalty; at least 0. As a term of `visnmf.factorize` it holds the parts to
        length one, so that they cannot grow to evade it: with pictures of length one, a
        weight of 1 to 10 then does what 100 does in Cai's paper, where nothing holds them
        (`visnmf.recipes.gnmf` takes the paper's).

    Raises
    ------
    InvalidInputError
        S is not square, not symmetric, negative or not finite, or the weight is.

    Notes
    -----
    Multiplicative steps with the exponent 1 are those of Cai et al. They never raise the
    penalty beside the Frobenius loss: a step is one along the gradient, by
    K^-1 = diag(F / pos), and that lowers a quadratic of curvature C if 2 K - C is positive
    semi-definite; K is at least the loss's curvature (Lee & Seung 2001) and weight D at
    least half of weight L. The quadratic bound rests on the same L <= 2 D.

    References
    ----------
    Cai, He, Han & Huang, "Graph regularized nonnegative matrix factorization for data
    representation", IEEE TPAMI 33 (2011).

    Examples
    --------
    >>> import numpy as np
    >>> chain = Graph([[0, 1, 0], [1, 0, 1], [0, 1, 0]], weight=2.0)
    >>> chain.value(np.array([[1.0, 2.0, 5.0]]))
    10.0
    """

    weights: Any
    weight: float = 1.0

    name = "graph"
    convex = True
    separable = False
    degrees = (1.0, 2.0)

    def __post_init__(self) -> None:
        """Check the weights, and keep a copy in one form."""
        object.__setattr__(self, "weight", check_amount(self.weight, "weight"))
        object.__setattr__(self, "weights", _checked_weights(self.weights))

    def check(self, shape: tuple[int, int]) -> None:
        """Refuse a factor that does not have one column a node."""
        check_columns(shape, self.weights.shape[0], "the nodes of the graph are")

    def scaled(self, share: float) -> Graph:
        """Return the penalty with a share of its weight, as beside some of the images."""
        return replace(self, weight=share * self.weight)

    def value(self, F: np.ndarray) -> float:
        """Return the penalty at F, from the differences of neighbors."""
        left, right, S = self._pairs
        total = 0.0
        for row in F:
            difference = (row[left] - row[right]).astype(np.float64)
            total += float(S @ (difference * difference))
        return 0.5 * self.weight * total

    def split(self, F: np.ndarray) -> tuple[np.ndarray | float, np.ndarray | float]:
        """Return weight F D and weight F S."""
        D, drawn = self._parts(F)
        return F * D, drawn

    def bound(self, F: np.ndarray) -> Bound:
        """Return the separable bound with d = 2 weight D and B = F diag(d) - weight F L."""
        D, drawn = self._parts(F)
        return Bound(B=F * D + drawn, d=2 * D)

    def _parts(self, F: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the diagonal of weight D, and weight F S."""
        S = self.weights.astype(F.dtype, copy=False)
        drawn = np.ascontiguousarray((S @ F.T).T)
        drawn *= F.dtype.type(self.weight)
        return (self.weight * self._degree).astype(F.dtype), drawn

    @cached_property
    def _degree(self) -> np.ndarray:
        return np.asarray(self.weights.sum(axis=1)).ravel()

    @cached_property
    def _pairs(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Both ends of each edge and its weight."""
        from scipy.sparse import triu

        upper = triu(self.weights).tocoo()
        return upper.row, upper.col, upper.data


def _checked_weights(weights: Any) -> Any:
    from scipy.sparse import csr_array

    try:
        S = csr_array(weights, dtype=np.float64, copy=True)
    except (TypeError, ValueError) as error:
        raise InvalidInputError(
            f"the weights of a graph are not a matrix of numbers: {error}"
        ) from error
    if S.ndim != 2 or S.shape[0] != S.shape[1]:
        raise InvalidInputError(
            f"the weights of a graph must be square, nodes x nodes, but their shape is {S.shape}"
        )
    S.sum_duplicates()
    if S.nnz and not (np.isfinite(S.data).all() and S.data.min() >= 0):
        raise InvalidInputError("the weights of a graph must be finite and at least 0")
    if S.nnz and abs(S - S.T).max() > 1e-6 * S.data.max():
        raise InvalidInputError(
            "the weights of a graph must be symmetric; (S + S.T) / 2 makes them so"
        )
    S.setdiag(0)
    S.eliminate_zeros()
    return (0.5 * (S + S.T)).tocsr()  # to the last bit, as the gradient supposes
