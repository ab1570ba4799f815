"""The graph of nearest neighbors among the columns of V, for `Graph` (Cai et al. 2011)."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import numpy as np

from visnmf.arguments import check_choice, check_number
from visnmf.errors import InvalidInputError

__all__ = ["neighbor_graph"]

_BLOCK = 1 << 23  # distances that are held at a time


def neighbor_graph(
    X: Any,
    *,
    neighbors: int = 5,
    weights: str = "binary",
    metric: str = "euclidean",
    width: float | None = None,
) -> Any:
    """Return the symmetric graph that joins each column with those nearest to it.

    Columns i and j are joined if one is among the nearest of the other. All pairs are
    compared, in blocks: exact, in time n^2 m, with no n x n array.

    Parameters
    ----------
    X : array or sparse array (m, n), or ImageSet
        One image a column; zero columns are allowed.
    neighbors : int
        How many each column chooses beside itself; below n.
    weights : {"binary", "heat", "cosine"}
        The weight of an edge: 1, exp(-distance^2 / (2 width^2)), or the cosine of the angle
        between the columns, at least 0. Five neighbors and "binary" are the protocol of
        Cai et al.
    metric : {"euclidean", "cosine"}
        Distances between the columns, or between the columns scaled to length one.
    width : float, optional
        Of the heat kernel; by default the mean distance of all pairs.

    Returns
    -------
    scipy.sparse.csr_array (n, n)
        float64, symmetric, with an empty diagonal.

    Raises
    ------
    InvalidInputError
        X is not a finite matrix, has too few columns, or an option has no such value.

    Notes
    -----
    Distances are taken from inner products in the dtype of X; columns that are closer to each
    other than its rounding come in any order.

    References
    ----------
    Cai, He, Han & Huang, "Graph regularized nonnegative matrix factorization for data
    representation", IEEE TPAMI 33 (2011).

    Examples
    --------
    >>> import numpy as np
    >>> V = np.array([[0.0, 1.0, 5.0, 7.0]])
    >>> neighbor_graph(V, neighbors=1).toarray()
    array([[0., 1., 0., 0.],
           [1., 0., 0., 0.],
           [0., 0., 0., 1.],
           [0., 0., 1., 0.]])
    """
    from scipy.sparse import csr_array

    rows = _checked_rows(X)
    n = rows.shape[0]
    _check_options(n, neighbors, weights, metric, width)
    lengths = np.sqrt(_squares(rows))
    if metric == "cosine":
        rows = _unit(rows, lengths)
    nearest = np.empty((n, neighbors), np.intp)
    distances = np.empty((n, neighbors))
    total = 0.0
    for block, squares in _squared_distances(rows):
        if weights == "heat" and width is None:
            total += float(np.sqrt(squares).sum(dtype=np.float64))
        own = np.arange(len(squares))
        squares[own, own + block.start] = np.inf
        found = np.argpartition(squares, neighbors - 1, axis=1)[:, :neighbors]
        nearest[block] = found
        distances[block] = np.take_along_axis(squares, found, axis=1)
    if weights == "heat":
        wide = width or total / (n * (n - 1)) or 1.0
        values = np.exp(-distances / (2 * wide**2))
    elif weights == "cosine":
        unit = rows if metric == "cosine" else _unit(rows, lengths)
        values = _cosines(unit, nearest)
    else:
        values = np.ones((n, neighbors))
    starts = np.arange(0, n * neighbors + 1, neighbors)
    chosen = csr_array((values.ravel(), nearest.ravel(), starts), shape=(n, n))
    graph = chosen.maximum(chosen.T).tocsr()
    graph.eliminate_zeros()
    return graph


def _squared_distances(rows: Any) -> Iterator[tuple[slice, np.ndarray]]:
    """Yield blocks of rows, and their squared distances to all rows."""
    n = rows.shape[0]
    squares = _squares(rows)
    size = max(1, _BLOCK // n)
    for start in range(0, n, size):
        block = slice(start, min(n, start + size))
        products = rows[block] @ rows.T
        found = products if isinstance(products, np.ndarray) else products.toarray()
        found *= -2
        found += squares
        found += squares[block, None]
        yield block, np.maximum(found, 0, out=found)


def _cosines(unit: Any, nearest: np.ndarray) -> np.ndarray:
    """Return the cosines of the angles between each row and those nearest to it."""
    values = np.empty(nearest.shape)
    for place, chosen in enumerate(nearest.T):
        products = unit * unit[chosen]
        values[:, place] = np.asarray(products.sum(axis=1)).ravel()
    return np.maximum(values, 0)


def _squares(rows: Any) -> np.ndarray:
    return np.asarray((rows * rows).sum(axis=1)).ravel()


def _unit(rows: Any, lengths: np.ndarray) -> Any:
    """Return the rows at length one; zero rows stay."""
    from scipy.sparse import issparse

    inverse = 1 / np.where(lengths > 0, lengths, 1)
    return rows.multiply(inverse[:, None]).tocsr() if issparse(rows) else rows * inverse[:, None]


def _checked_rows(X: Any) -> Any:
    """Return X' in floats, C-ordered or as a CSR array."""
    from scipy.sparse import csr_array, issparse

    values = X.V if hasattr(X, "V") and hasattr(X, "layout") else X
    if not issparse(values):
        values = np.asarray(values)
    if values.ndim != 2 or values.dtype.kind not in "fiub":
        raise InvalidInputError(
            "a graph of neighbors needs a matrix of real numbers, pixels x images, but got the "
            f"shape {values.shape} and the dtype {values.dtype}"
        )
    dtype = np.float32 if values.dtype == np.float32 else np.float64
    rows = csr_array(values.T) if issparse(values) else np.ascontiguousarray(values.T)
    rows = rows.astype(dtype, copy=False)
    if not np.isfinite(rows.data if issparse(rows) else rows).all():
        raise InvalidInputError(
            "a graph of neighbors needs finite entries; fill those that are missing, or make the "
            "graph from other features of the same images"
        )
    return rows


def _check_options(n: int, neighbors: Any, weights: str, metric: str, width: Any) -> None:
    whole = isinstance(neighbors, int | np.integer) and not isinstance(neighbors, bool)
    if not whole or not 1 <= neighbors < n:
        raise InvalidInputError(
            f"neighbors must be a whole number from 1 to {n - 1}, one less than the columns, "
            f"not {neighbors!r}"
        )
    check_choice(weights, "weights", ("binary", "heat", "cosine"))
    check_choice(metric, "metric", ("euclidean", "cosine"))
    if width is not None and not 0 < check_number(width, "width") < np.inf:
        raise InvalidInputError(f"the width must be a number above 0, not {width!r}")
