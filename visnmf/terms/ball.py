"""Parts of bounded length: |f_k| <= 1 for each row of F, in the 2-norm or the 1-norm."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from visnmf.errors import InvalidInputError
from visnmf.terms.simplex import project_to_simplex

__all__ = ["UnitBall"]


@dataclass(frozen=True)
class UnitBall:
    """Rows of F that are non-negative and no longer than one.

    It goes beside a penalty on the other factor: W H does not change when that one shrinks
    while this one grows, and the penalty would be evaded. So held, nothing needs to
    be rescaled during the run.

    Parameters
    ----------
    norm : {2, 1}
        Which length: the root of the sum of squares, or the sum.

    Raises
    ------
    InvalidInputError
        The norm is neither 1 nor 2.

    References
    ----------
    Mairal, Bach, Ponce & Sapiro, "Online learning for matrix factorization and sparse
    coding", JMLR 11 (2010). Duchi, Shalev-Shwartz, Singer & Chandra, "Efficient projections
    onto the l1-ball for learning in high dimensions", ICML 2008.

    Examples
    --------
    >>> import numpy as np
    >>> F = np.array([[3.0, 4.0], [-1.0, 0.5]])
    >>> UnitBall().project(F)
    >>> F
    array([[0.6, 0.8],
           [0. , 0.5]])
    """

    norm: int = 2

    name = "unit ball"
    couples = "part"
    convex = True
    total = 1.0
    exact = False

    def __post_init__(self) -> None:
        """Check the norm."""
        if self.norm not in (1, 2):
            raise InvalidInputError(f"norm must be 1 or 2, not {self.norm!r}")

    @property
    def degree(self) -> int:
        """Whether a row's entries are summed up, or their squares."""
        return self.norm

    def check(self, shape: tuple[int, int]) -> None:
        """Accept any factor."""

    def project(self, F: np.ndarray) -> None:
        """Move F to the nearest point whose rows are no longer than one, in place."""
        if self.norm == 2:
            np.maximum(F, 0, out=F)
            lengths = np.linalg.norm(F, axis=1, keepdims=True)
            F /= np.maximum(lengths, 1)
            return
        over = np.maximum(F, 0).sum(axis=1, dtype=np.float64) > 1
        rows = F[over]
        np.maximum(F, 0, out=F)
        if len(rows):
            project_to_simplex(rows)
            F[over] = rows
