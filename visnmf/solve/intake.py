"""V as users give it, and what of it they say is known, brought to a Matrix.

Nothing is guessed: a NaN is an error unless `missing` says that it is what is missing, an
entry that a sparse V does not store is zero unless `observed` is "stored".
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from visnmf.arguments import check_number
from visnmf.errors import InvalidInputError
from visnmf.matrices.dense import Dense
from visnmf.matrices.entries import Entries
from visnmf.matrices.masked import Masked
from visnmf.matrices.protocol import ONE, Matrix
from visnmf.matrices.sparse import Sparse
from visnmf.matrices.stored import Stored
from visnmf.solve.chunks import source_of, take_in_chunks
from visnmf.solve.edge import check_values, columns_of

__all__ = ["as_array", "is_sparse", "kept_entries", "known_entries", "take_in"]


def is_sparse(V: Any) -> bool:
    """Tell whether V is a scipy.sparse array or matrix."""
    return sparse.issparse(V)


_FULL = 0.95
"""The share of entries that a sparse V stores beyond which it is an array like any other."""


def take_in(
    V: Any, *, observed: Any = None, weights: Any = None, missing: float | None = None
) -> Matrix:
    """Return V as a matrix that knows which entries count, and how much.

    Parameters
    ----------
    V : array_like (m, n), ImageSet, scipy.sparse array, or what is read in blocks
        As `visnmf.factorize` takes it.
    observed : array_like of bool (m, n), scipy.sparse array, or "stored", optional
        Which entries are known; the others are never read. A sparse one says it by what it
        stores. "stored": what a sparse V stores, zeros too.
    weights : array_like (m, n) or scipy.sparse array, optional
        Numbers of at least 0; only their ratios matter.
    missing : float, optional
        The value of V, NaN perhaps, that says that an entry is not known.

    Raises
    ------
    InvalidInputError
        If shapes do not fit, if nothing is known, or if what is known of V cannot be used.
    """
    _check_missing(missing)
    if (source := source_of(V)) is not None:
        return take_in_chunks(source, observed, weights, missing)
    V = columns_of(V)
    if is_sparse(V):
        return _take_in_sparse(V, observed, weights, missing)
    if isinstance(observed, str):
        raise InvalidInputError(
            f"observed={observed!r} is for a sparse V; of a dense one give an array of booleans"
        )
    if observed is None and weights is None and missing is None:
        return Dense(check_values(V))
    V = as_array(V)
    if V.dtype.kind not in "fiub":
        raise InvalidInputError(f"V must hold real numbers, but its dtype is {V.dtype}")
    known, share = _known_of(V.shape, observed, weights)
    gone = None if missing is None else _missing(V, missing)
    if is_sparse(known):
        return _entries_of(V, known, share, gone)
    if gone is not None:
        known = known & ~gone
    values = check_values(kept_entries(V, known))
    if share is None:
        return Dense(values) if known.all() else _some(Masked(values, _like(known, values)))
    return _some(Masked(values, _like((share * known).astype(values.dtype), values)))


def _check_missing(missing: Any) -> None:
    nan = isinstance(missing, float | np.floating) and np.isnan(missing)
    if missing is not None and not nan:
        check_number(missing, "missing", -np.inf)


def known_entries(V: np.ndarray, observed: Any, missing: Any) -> np.ndarray:
    """Return which entries of an array are known, by what `take_in` takes beside it."""
    _check_missing(missing)
    known, _ = _known_of(V.shape, observed, None)
    if is_sparse(known):
        known = known.toarray() != 0
    return known if missing is None else known & ~_missing(V, missing)


def _missing(V: np.ndarray, missing: Any) -> np.ndarray:
    """Return which entries have the value, NaN perhaps, that says that they are not known."""
    return np.isnan(V) if missing != missing else missing == V


def as_array(values: Any, name: str = "V") -> np.ndarray:
    """Return whatever is given as an array, or say that it is none of numbers."""
    try:
        return np.asarray(values)
    except ValueError as error:
        raise InvalidInputError(f"{name} is not an array of numbers: {error}") from error


def _known_of(shape: tuple[int, ...], observed: Any, weights: Any) -> tuple[Any, Any]:
    """Return which entries are known, and the weights of all where there are any."""
    if observed is None and weights is None:
        return np.ones(shape, bool), None
    if weights is None:
        return _observed_of(observed, shape), None
    share = _weights_of(weights, shape)
    if observed is None:
        return (share if is_sparse(share) else share > 0), share
    known = _observed_of(observed, shape)
    if is_sparse(share) or is_sparse(known):
        raise InvalidInputError(
            "give observed= or weights=, not both, where one is sparse: a weight of 0 says that an "
            "entry is not known"
        )
    return known & (share > 0), share


def _observed_of(observed: Any, shape: tuple[int, ...]) -> Any:
    if not is_sparse(observed):
        observed = as_array(observed, "observed")
        if observed.dtype != bool:
            raise InvalidInputError(
                f"observed must hold booleans, but its dtype is {observed.dtype}; give "
                "numbers as weights="
            )
    _check_shape(observed, shape, "observed")
    return observed


def _weights_of(weights: Any, shape: tuple[int, ...]) -> Any:
    """Return the weights over their largest."""
    weights = _canonical(weights) if is_sparse(weights) else as_array(weights, "weights")
    if weights.dtype.kind not in "fiub":
        raise InvalidInputError(f"weights must be real numbers, but their dtype is {weights.dtype}")
    weights = weights.astype(np.float64)
    _check_shape(weights, shape, "weights")
    numbers = weights.data if is_sparse(weights) else weights
    if numbers.size == 0 or not np.isfinite(numbers).all() or numbers.min() < 0:
        raise InvalidInputError("weights must be finite and at least 0")
    most = numbers.max()
    if most <= 0:
        raise InvalidInputError("all weights are 0, so nothing of V is known")
    return weights / most


def _check_shape(array: Any, shape: tuple[int, ...], name: str) -> None:
    if array.shape != shape:
        raise InvalidInputError(f"{name} has shape {array.shape}, but V has shape {shape}")


def _canonical(V: Any) -> Any:
    """Return a sparse array by columns, each entry once, the caller's left as it is."""
    if V.ndim != 2:
        raise InvalidInputError(f"V must have two dimensions, but its shape is {V.shape}")
    V = sparse.csc_array(V)
    if not V.has_canonical_format:
        V = V.copy()
        V.sum_duplicates()
    return V


def _take_in_sparse(V: Any, observed: Any, weights: Any, missing: Any) -> Matrix:
    if missing is not None:
        raise InvalidInputError(
            "missing= is for a dense V; of a sparse one say observed='stored', or give the "
            "known entries as a sparse observed="
        )
    V = _canonical(V)
    if 0 in V.shape:
        raise InvalidInputError(f"V is empty: its shape is {V.shape}")
    if isinstance(observed, str):
        if observed != "stored":
            raise InvalidInputError(f"observed={observed!r} is not known; say 'stored'")
        if weights is not None:
            raise InvalidInputError("give observed='stored' or weights=, not both")
        entries = _checked(V)
        return _some(Entries(entries, entries.with_data(np.ones_like(entries.data))))
    if observed is None and weights is None:
        if V.nnz > _FULL * V.shape[0] * V.shape[1]:  # an array takes less room
            return Dense(check_values(V.toarray(order="F")))
        return Sparse(_checked(V))
    known, share = _known_of(V.shape, observed, weights)
    if not sparse.issparse(known):
        raise InvalidInputError(
            "V is sparse, so give what is known of it as a scipy.sparse array too"
        )
    return _entries_of(V, known, share, None)


def _entries_of(V: Any, known: Any, share: Any, gone: np.ndarray | None) -> Matrix:
    """Return the entries of V at the places that a sparse array stores, the missing ones not."""
    places = _canonical(known if share is None else share).astype(np.float64)  # a copy
    places.eliminate_zeros()  # a stored False is not known
    if gone is not None:
        columns = np.repeat(np.arange(places.shape[1]), np.diff(places.indptr))
        places.data[gone[places.indices, columns]] = 0
        places.eliminate_zeros()
    if share is None:
        places.data[:] = 1
    columns = np.repeat(np.arange(places.shape[1]), np.diff(places.indptr))
    found = V.tocsr()[places.indices, columns] if sparse.issparse(V) else V[places.indices, columns]
    values = _checked(
        sparse.csc_array((np.asarray(found).ravel(), places.indices, places.indptr), places.shape)
    )
    return _some(Entries(values, values.with_data(places.data.astype(values.data.dtype))))


def _checked(V: Any) -> Stored:
    """Return the entries of a canonical CSC array, checked as those of a dense one are."""
    if V.nnz:
        data = check_values(V.data[None], "V")[0]
    else:
        data = np.zeros(0, np.float32 if V.dtype == np.float32 else np.float64)
    return Stored(V.shape[0], V.indptr, V.indices, data)


def kept_entries(V: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return V with zeros for what is not known, in its own memory order."""
    values = np.zeros_like(V, subok=False)
    np.copyto(values, V, where=known)
    return values


def _like(weights: np.ndarray, values: np.ndarray) -> np.ndarray:
    """Return weights in the memory order of the values."""
    fortran = values.flags.f_contiguous and not values.flags.c_contiguous
    return np.asarray(weights, order="F" if fortran else "C")


def _some(matrix: Any) -> Matrix:
    if matrix.total(None, None, ONE) <= 0:
        raise InvalidInputError("nothing of V is known: all entries are left out")
    return matrix
