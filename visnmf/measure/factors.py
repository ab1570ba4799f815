"""How well parts fit, and what kind of parts they are."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from visnmf.arguments import check_choice, check_floats
from visnmf.errors import InvalidInputError
from visnmf.images.imageset import ImageSet

if TYPE_CHECKING:
    from numpy.typing import ArrayLike, NDArray

__all__ = ["hoyer_sparseness", "part_overlap", "relative_error"]

_BLOCK_VALUES = 1 << 21


def relative_error(V: ImageSet | ArrayLike, W: ArrayLike, H: ArrayLike) -> float:
    """Share of V that W H leaves unexplained: ``||V - W H|| / ||V||`` (Frobenius).

    W H is formed in blocks of columns and never whole; squares are summed in
    float64.

    Parameters
    ----------
    V : ImageSet or array of shape (m, n)
        One picture a column.
    W : array of shape (m, rank)
        The parts.
    H : array of shape (rank, n)
        The encodings.

    Returns
    -------
    float
        0 for an exact fit. Where V is all zero: 0 if W H is too, else infinity.

    Raises
    ------
    InvalidInputError
        The shapes do not belong together.

    Examples
    --------
    >>> relative_error([[3.0, 0.0], [0.0, 4.0]], [[1.0], [0.0]], [[3.0, 0.0]])
    0.8
    """
    columns = V.V if isinstance(V, ImageSet) else _matrix(V, "V")
    W, H = _matrix(W, "W"), _matrix(H, "H")
    m, n = columns.shape
    if W.shape[0] != m or H.shape[1] != n or W.shape[1] != H.shape[0]:
        raise InvalidInputError(
            f"V {columns.shape}, W {W.shape} and H {H.shape} do not fit together: "
            f"W must be ({m}, rank) and H (rank, {n})"
        )
    width = max(1, _BLOCK_VALUES // max(1, m))
    left = whole = 0.0
    for start in range(0, n, width):
        block = columns[:, start : start + width]
        left += _energy(block - W @ H[:, start : start + width])
        whole += _energy(block)
    if whole == 0:
        return 0.0 if left == 0 else float("inf")
    return float(np.sqrt(left / whole))


def hoyer_sparseness(A: ArrayLike, axis: int = 0) -> NDArray[np.float64] | float:
    r"""Hoyer's sparseness of each vector along `axis`, from 0 to 1.

    .. math:: s(x) = \frac{\sqrt{n} - \|x\|_1 / \|x\|_2}{\sqrt{n} - 1}

    It is 0 where all entries are equal in size and 1 where only one is not
    zero; the scale of x does not matter. A zero vector has equal entries: 0.

    Parameters
    ----------
    A : array
        ``hoyer_sparseness(W)`` is that of each part, ``hoyer_sparseness(H)``
        of each picture's encoding, ``hoyer_sparseness(H, axis=1)`` of each
        part's use over the pictures.
    axis : int
        The axis along which a vector lies.

    Returns
    -------
    array of the shape of A without `axis`; a float for a single vector

    Raises
    ------
    InvalidInputError
        Vectors of fewer than two entries, for which it is not defined.

    References
    ----------
    Hoyer, Non-negative matrix factorization with sparseness constraints,
    Journal of Machine Learning Research 5, 2004, section 3.1.

    Examples
    --------
    >>> hoyer_sparseness([[1.0, 1.0], [0.0, 1.0], [0.0, 1.0], [0.0, 1.0]]).tolist()
    [1.0, 0.0]
    """
    sizes = np.abs(check_floats(A, "A"))
    whole = isinstance(axis, int | np.integer) and not isinstance(axis, bool)
    if not whole or not -sizes.ndim <= axis < sizes.ndim:
        raise InvalidInputError(f"axis {axis} is not one of an array of shape {sizes.shape}")
    n = sizes.shape[axis]
    if n < 2:
        raise InvalidInputError(
            f"sparseness needs vectors of at least 2 entries; along axis {axis} "
            f"an array of shape {sizes.shape} has {n}"
        )
    # Scaled to a largest entry of 1, so that no square overflows or vanishes.
    largest = sizes.max(axis=axis, keepdims=True)
    unit = np.divide(sizes, largest, out=np.ones_like(sizes), where=largest > 0)
    ratio = unit.sum(axis=axis) / np.sqrt(np.square(unit).sum(axis=axis))
    sparseness = np.clip((np.sqrt(n) - ratio) / (np.sqrt(n) - 1), 0.0, 1.0)
    return float(sparseness) if sparseness.ndim == 0 else sparseness


def part_overlap(W: ArrayLike, *, reduce: Literal["mean", "max"] = "mean") -> float:
    """How much the parts share pixels: the cosine between two parts, over all pairs.

    The cosine of parts i and j is ``<w_i, w_j> / (||w_i|| ||w_j||)``; for
    non-negative parts it is 0 where they share no pixel and 1 where one is a
    multiple of the other. A zero part has cosine 0 with every other.

    Parameters
    ----------
    W : array of shape (m, rank)
        The parts.
    reduce : {"mean", "max"}
        Over the rank (rank - 1) / 2 pairs: their mean, or the closest pair.

    Returns
    -------
    float
        0 where there is no pair.

    Raises
    ------
    InvalidInputError
        W is not a matrix, or `reduce` is unknown.

    Examples
    --------
    >>> part_overlap([[1.0, 0.0, 0.0], [0.0, 1.0, 2.0]], reduce="max")
    1.0
    """
    check_choice(reduce, "reduce", ("mean", "max"))
    parts = _matrix(W, "W").astype(np.float64)
    rank = parts.shape[1]
    if rank < 2:
        return 0.0
    lengths = np.linalg.norm(parts, axis=0)
    unit = np.divide(parts, lengths, out=np.zeros_like(parts), where=lengths > 0)
    cosines = (unit.T @ unit)[np.triu_indices(rank, k=1)]
    return float(np.clip(cosines.mean() if reduce == "mean" else cosines.max(), -1.0, 1.0))


def _energy(block: NDArray[Any]) -> float:
    """Sum of squares, in float64."""
    return float(np.square(block, dtype=np.float64).sum())


def _matrix(A: ArrayLike, name: str) -> NDArray[Any]:
    array = np.asarray(A)
    if array.ndim != 2:
        raise InvalidInputError(f"{name} must be a matrix, got an array of shape {array.shape}")
    return array if np.issubdtype(array.dtype, np.floating) else check_floats(array, name)
