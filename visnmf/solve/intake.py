"""V as users give it, and what of it they say is known, brought to a Matrix.

Nothing is guessed: a NaN is an error unless `missing` says that it is what is missing, an
entry that a sparse V does not store is zero unless `observed` is "stored".
"""

from __future__ import annotations

from typing import Any

import numpy as np
from scipy import sparse

from visnmf.errors import InvalidInputError
from visnmf.matrices.dense import Dense
from visnmf.matrices.entries import Entries
from visnmf.matrices.masked import Masked
from visnmf.matrices.protocol import ONE, Matrix
from visnmf.matrices.sparse import Sparse
from visnmf.matrices.stored import Stored
from visnmf.solve.edge import check_values

__all__ = ["is_sparse", "take_in"]


def is_sparse(V: Any) -> bool:
    """Tell whether V is a scipy.sparse array or matrix."""
    return sparse.issparse(V)


def take_in(
    V: Any, *, observed: Any = None, weights: Any = None, missing: float | None = None
) -> Matrix:
    """Return V as a matrix that knows which entries count, and how much.

    Parameters
    ----------
    V : array_like (m, n), ImageSet or scipy.sparse array
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
    V = V.V if hasattr(V, "V") and hasattr(V, "layout") else V
    if sum(given is not None for given in (observed, weights, missing)) > 1 and not (
        observed is not None and missing is not None
    ):
        raise InvalidInputError(
            "give observed= or weights=, not both: a weight of 0 says that an entry is not known"
        )
    if is_sparse(V):
        return _take_in_sparse(V, observed, weights, missing)
    if isinstance(observed, str):
        raise InvalidInputError(
            f"observed={observed!r} is for a sparse V; of a dense one give an array of booleans"
        )
    if observed is None and weights is None and missing is None:
        return Dense(check_values(V))
    V = _as_array(V)
    known, share = _known_of(V, observed, weights, missing)
    if sparse.issparse(known):
        return _entries_of(V, known, share)
    values = check_values(_kept(V, known))
    if share is None:
        return _some(Masked(values, _like(known, values)))
    return _some(Masked(values, _like(share.astype(values.dtype, copy=False), values)))


def _as_array(values: Any, name: str = "V") -> np.ndarray:
    try:
        return np.asarray(values)
    except ValueError as error:
        raise InvalidInputError(f"{name} is not an array of numbers: {error}") from error


def _known_of(V: np.ndarray, observed: Any, weights: Any, missing: float | None) -> tuple[Any, Any]:
    """Return which entries are known, and the weights of those where there are any."""
    share = None
    if weights is not None:
        known, share = _weights_of(weights, V.shape)
    elif observed is not None:
        known = _observed_of(observed, V.shape)
    else:
        known = np.ones(V.shape, bool)
    if missing is not None and (isinstance(missing, bool) or not isinstance(missing, int | float)):
        raise InvalidInputError(f"missing must be a number, or NaN, not {missing!r}")
    if missing is not None and not sparse.issparse(known):
        gone = np.isnan(V) if missing != missing else missing == V
        known = known & ~gone
    return known, share


def _observed_of(observed: Any, shape: tuple[int, ...]) -> Any:
    if not is_sparse(observed):
        observed = np.asarray(observed)
        if observed.dtype != bool:
            raise InvalidInputError(
                f"observed must hold booleans, but its dtype is {observed.dtype}; give "
                "numbers as weights="
            )
    _check_shape(observed, shape, "observed")
    return observed


def _weights_of(weights: Any, shape: tuple[int, ...]) -> tuple[Any, Any]:
    """Return which entries have a weight, and the weights over their largest."""
    weights = weights if is_sparse(weights) else _as_array(weights, "weights")
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
    share = weights / most
    return (share if is_sparse(share) else share > 0), share


def _check_shape(array: Any, shape: tuple[int, ...], name: str) -> None:
    if array.shape != shape:
        raise InvalidInputError(f"{name} has shape {array.shape}, but V has shape {shape}")


def _take_in_sparse(V: Any, observed: Any, weights: Any, missing: float | None) -> Matrix:
    if missing is not None:
        raise InvalidInputError(
            "missing= is for a dense V; of a sparse one say observed='stored', or give the "
            "known entries as a sparse observed="
        )
    V = sparse.csc_array(V)
    if V.ndim != 2 or 0 in V.shape:
        raise InvalidInputError(f"V is empty: its shape is {V.shape}")
    stored = isinstance(observed, str)
    if stored and observed != "stored":
        raise InvalidInputError(f"observed={observed!r} is not known; say 'stored'")
    if not V.has_canonical_format:
        V = V.copy()  # the caller's is left as it is
        V.sum_duplicates()
    if observed is None and weights is None:
        return Sparse(_checked(V, "V"))
    if stored:
        entries = _checked(V, "V")
        return _some(Entries(entries, entries.with_data(np.ones_like(entries.data))))
    known, share = _known_of(V, observed, weights, None)
    if not sparse.issparse(known):
        raise InvalidInputError(
            "V is sparse, so give what is known of it as a scipy.sparse array too"
        )
    return _entries_of(V, known, share)


def _entries_of(V: Any, known: Any, share: Any) -> Matrix:
    """Return the entries of V at the places that a sparse array stores."""
    places = sparse.csc_array(known if share is None else share, copy=True)
    places.sum_duplicates()
    if share is None:
        places = places.astype(np.float64)
        places.eliminate_zeros()  # a stored False is not known
        places.data[:] = 1
    else:
        places.eliminate_zeros()
    columns = np.repeat(np.arange(places.shape[1]), np.diff(places.indptr))
    found = V.tocsr()[places.indices, columns] if sparse.issparse(V) else V[places.indices, columns]
    values = _checked(
        sparse.csc_array((np.asarray(found).ravel(), places.indices, places.indptr), places.shape),
        "V",
    )
    return _some(Entries(values, values.with_data(places.data.astype(values.data.dtype))))


def _checked(V: Any, name: str) -> Stored:
    """Return the entries of a canonical CSC array, checked as those of a dense one are."""
    data = check_values(V.data[None], name)[0] if V.nnz else np.zeros(0, np.float64)
    return Stored(V.shape[0], V.indptr, V.indices, data)


def _kept(V: np.ndarray, known: np.ndarray) -> np.ndarray:
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
