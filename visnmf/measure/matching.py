"""Which part of one set of parts is which of another."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from visnmf.arguments import check_floats
from visnmf.errors import InvalidInputError

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["Matching", "match_parts", "part_cosines"]


@dataclass(frozen=True, eq=False)
class Matching:
    """Pairs of parts, one of each side, that are most alike together.

    Attributes
    ----------
    first, second : ndarray of int, shape (pairs,)
        Part ``first[i]`` of one side goes with part ``second[i]`` of the other one; `first`
        ascends. There are as many pairs as the side of fewer parts has.
    cosine : ndarray of float64, shape (pairs,)
        How alike the two of a pair are, from 0 to 1.
    """

    first: NDArray[np.intp]
    second: NDArray[np.intp]
    cosine: NDArray[np.float64]

    @property
    def mean(self) -> float:
        """The mean cosine over all pairs."""
        return float(self.cosine.mean())


def part_cosines(A: ArrayLike, B: ArrayLike) -> NDArray[np.float64]:
    """Return the cosine between each part of A and each part of B, from 0 to 1.

    Parameters
    ----------
    A, B : array of shape (m, rank of A) and (m, rank of B)
        Parts, one a column, not negative. A part that is all zero is like no other: 0.

    Returns
    -------
    cosines : ndarray of float64, shape (rank of A, rank of B)

    Raises
    ------
    InvalidInputError
        The parts are not of the same pixels, or not finite.

    Examples
    --------
    >>> part_cosines([[1, 0], [0, 2]], [[3, 1], [0, 1]]).round(3)
    array([[1.   , 0.707],
           [0.   , 0.707]])
    """
    left, right = _unit(A, "A"), _unit(B, "B")
    if left.shape[0] != right.shape[0]:
        raise InvalidInputError(
            f"parts of {left.shape[0]} pixels cannot be matched with parts of {right.shape[0]}; "
            "both must be of pictures of one size"
        )
    return np.clip(left.T @ right, 0.0, 1.0)


def match_parts(A: ArrayLike, B: ArrayLike) -> Matching:
    """Pair the parts of two factorizations so that the sum of their cosines is greatest.

    Parameters
    ----------
    A, B : array of shape (m, rank of A) and (m, rank of B)
        Parts, one a column. The ranks may differ: then some parts of the larger side have no
        partner.

    Returns
    -------
    matching : Matching

    Notes
    -----
    The assignment problem is solved exactly (Kuhn 1955, by `scipy.optimize`), in
    O(rank^3) time; the cosines take rank^2 m multiplications.

    Examples
    --------
    >>> matching = match_parts([[1, 0], [0, 1]], [[0, 5], [2, 1]])
    >>> matching.second.tolist(), matching.cosine.round(3).tolist()
    ([1, 0], [0.981, 1.0])
    """
    from scipy.optimize import linear_sum_assignment

    cosines = part_cosines(A, B)
    first, second = linear_sum_assignment(cosines, maximize=True)
    return Matching(first, second, cosines[first, second])


def _unit(parts: ArrayLike, name: str) -> NDArray[np.float64]:
    """Return parts as columns of length 1; those that are zero stay so."""
    matrix = check_floats(parts, name)
    if matrix.ndim != 2 or not np.isfinite(matrix).all():
        raise InvalidInputError(
            f"{name} must be finite parts of shape (m, rank), got shape {matrix.shape}"
        )
    largest = np.abs(matrix).max(axis=0, initial=0.0)
    matrix = matrix / np.where(largest > 0, largest, 1.0)  # squares must not overflow
    lengths = np.linalg.norm(matrix, axis=0)
    return matrix / np.where(lengths > 0, lengths, 1.0)
