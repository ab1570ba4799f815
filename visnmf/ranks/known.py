"""V as a survey of ranks looks at it: an array, and which entries of it are known."""

from __future__ import annotations

from typing import Any

import numpy as np

from visnmf.errors import InvalidInputError
from visnmf.machine import memory_of_machine
from visnmf.solve.edge import check_values, columns_of
from visnmf.solve.intake import as_array, is_sparse, kept_entries, known_entries

__all__ = ["known_values"]

_COPIES = 6  # of a dense V that a survey has at a time: masks, residuals, fits


def known_values(V: Any, observed: Any, missing: Any) -> tuple[np.ndarray, np.ndarray | None]:
    """Return V with zeros for what is not known, and which entries are; None if all are.

    Parameters
    ----------
    V : array_like (m, n), ImageSet or scipy.sparse array
        A sparse one is made dense, where there is room for that: what it does not store is 0, and
        zeros are hidden and filled in as other entries are.
    observed, missing
        As of `visnmf.factorize`.
    """
    V = columns_of(V)
    if isinstance(observed, str):
        if observed != "stored" or not is_sparse(V):
            raise InvalidInputError(
                f"observed={observed!r} is not known here: 'stored' says it of a sparse V, and an "
                "array of booleans of any"
            )
        observed = V.tocsc(copy=True)
        observed.data[:] = 1  # zeros that are stored are known
    if is_sparse(V):
        V = _dense(V)
    if observed is None and missing is None:
        return check_values(V), None
    V = as_array(V)
    if V.dtype.kind not in "fiub":
        raise InvalidInputError(f"V must hold real numbers, but its dtype is {V.dtype}")
    known = known_entries(V, observed, missing)
    if not known.any():
        raise InvalidInputError("nothing of V is known: all entries are left out")
    return check_values(kept_entries(V, known)), None if known.all() else known


def _dense(V: Any) -> np.ndarray:
    """Return a sparse V as an array, or refuse what this machine has no room for."""
    memory, needed = memory_of_machine(), _COPIES * V.shape[0] * V.shape[1] * V.dtype.itemsize
    if memory is not None and needed > memory:
        raise InvalidInputError(
            f"to choose a rank zeros are hidden too, and with all its zeros a V of shape {V.shape} "
            f"takes {needed / 2**30:,.0f} GiB, more than this machine has; choose it of some of "
            "the images: choose_rank(V[:, :1000])"
        )
    return V.toarray()
