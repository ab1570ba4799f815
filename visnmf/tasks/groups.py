"""Groups of pictures that use the same parts."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visnmf.arguments import check_floats, check_integer
from visnmf.errors import InvalidInputError
from visnmf.images.settings import check_choice
from visnmf.tasks.likeness import Likeness

__all__ = ["Groups", "group"]


@dataclass(frozen=True, eq=False)
class Groups:
    """Pictures sorted into groups, the largest group first.

    Attributes
    ----------
    of : ndarray (n,), int
        The group of each picture.
    typical : ndarray (n,), float64
        How typical each picture is of its group; 1 is the most there can be.
    parts : ndarray (groups,), int, or None
        The part that each group shares, where the groups are by part.
    """

    of: NDArray[np.intp]
    typical: NDArray[np.float64]
    parts: NDArray[np.intp] | None = None

    def __len__(self) -> int:
        return int(self.of.max()) + 1

    def members(self, number: int) -> NDArray[np.intp]:
        """Return the pictures of a group, the most typical first.

        Parameters
        ----------
        number : int
            The group, from 0.

        Returns
        -------
        ndarray of int
        """
        if check_integer(number, "number", 0) >= len(self):
            raise InvalidInputError(f"there is no group {number}; the {len(self)} count from 0")
        inside = np.flatnonzero(self.of == number)
        return inside[np.argsort(-self.typical[inside], kind="stable")]


def group(
    H: ArrayLike,
    *,
    W: ArrayLike | None = None,
    by: str = "part",
    n: int | None = None,
    random_state: int | None = 0,
) -> Groups:
    """Sort pictures into groups by their encodings.

    Parameters
    ----------
    H : array_like, shape (rank, n_images)
        The encodings, one a column, as `Model.encode` gives them; or other features.
    W : array_like, shape (m, rank), optional
        The parts, whose lengths and overlaps then count; else all count as of length 1, and
        "kmeans" takes the rows of H as features of any kind.
    by : {"part", "kmeans"}
        "part" puts pictures together whose strongest part is the same: the largest
        ``h_k ||w_k||``. "kmeans" finds groups of pictures that are alike in all their parts:
        k-means (scikit-learn's) on the vectors of `Likeness`.
    n : int, optional
        For "kmeans" the number of groups, by default 8. For "part" only the n parts that are
        strongest in all pictures together make groups; by default all of them.
    random_state : int or None
        Of k-means.

    Returns
    -------
    Groups
        No group is empty. `typical` is the share of the shared part in a picture, as a cosine
        between the strengths of its parts and that part alone; or the cosine between the vector
        of a picture and the middle of its group.

    Raises
    ------
    InvalidInputError
        Shapes do not fit, or `n` is out of range.

    Examples
    --------
    >>> found = group([[5, 4, 0, 1], [0, 3, 2, 0]])
    >>> found.of, found.parts
    (array([0, 0, 1, 0]), array([0, 1]))
    >>> found.members(0)
    array([0, 3, 1])
    """
    check_choice("by", by, ("part", "kmeans"))
    encodings = np.asarray(H)
    if encodings.ndim != 2 or encodings.dtype.kind not in "fiu" or not all(encodings.shape):
        raise InvalidInputError(
            f"need encodings (rank, n_images), got {encodings.dtype} of shape {encodings.shape}"
        )
    if not np.isfinite(encodings).all():
        raise InvalidInputError("the encodings hold NaN or infinity")
    rank, n_images = encodings.shape
    parts = None if W is None else check_floats(W, "W")
    if parts is not None and (parts.ndim != 2 or parts.shape[1] != rank):
        raise InvalidInputError(
            f"H has {rank} rows, one a part; W of shape {parts.shape} has other parts"
        )
    if by == "part":
        most, what = rank, "parts"
    else:
        most, what = n_images, "pictures"
    if n is not None and check_integer(n, "n", 1) > most:
        raise InvalidInputError(f"n is {n}; of {most} {what} 1 to {most} groups can be made")
    if by == "part":
        lengths = np.ones(rank) if parts is None else np.linalg.norm(parts, axis=0)
        return _by_part(encodings * lengths[:, None], n)
    gram = None if parts is None else parts.T @ parts
    vectors = Likeness(encodings.T, gram).vectors(encodings.T)
    return _by_kmeans(vectors, min(8, n_images) if n is None else n, random_state)


def _by_part(strengths: NDArray[np.float64], n: int | None) -> Groups:
    """Group by the strongest of the n parts that are strongest in all."""
    energy = (strengths**2).sum(axis=1)
    allowed = np.sort(np.argsort(-energy, kind="stable")[:n])
    strongest = allowed[np.argmax(strengths[allowed], axis=0)]
    own = strengths[strongest, np.arange(len(strongest))]
    whole = np.linalg.norm(strengths, axis=0)
    typical = np.divide(own, whole, out=np.zeros_like(own, dtype=np.float64), where=whole > 0)
    of, parts = _largest_first(strongest)
    return Groups(of, typical, parts)


def _by_kmeans(vectors: NDArray[np.float32], n: int, random_state: int | None) -> Groups:
    """Group by k-means; twins of one vector may leave fewer groups than asked for."""
    from sklearn.cluster import KMeans

    distinct = len(np.unique(vectors, axis=0))
    found = KMeans(min(n, distinct), n_init=10, random_state=random_state).fit(vectors)
    middles = found.cluster_centers_[found.labels_].astype(np.float64)
    lengths = np.linalg.norm(middles, axis=1)
    products = (vectors * middles).sum(axis=1)
    typical = np.divide(products, lengths, out=np.zeros_like(products), where=lengths > 0)
    return Groups(_largest_first(found.labels_)[0], typical)


def _largest_first(kinds: NDArray[np.intp]) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Give kinds new numbers by how often they occur; return also what each number was."""
    old, inverse, counts = np.unique(kinds, return_inverse=True, return_counts=True)
    order = np.argsort(-counts, kind="stable")
    places = np.empty_like(order)
    places[order] = np.arange(len(order))
    return places[inverse], old[order]
