"""Which pictures an index picks, and which of them come out of one section together."""

from __future__ import annotations

from collections.abc import Iterator
from itertools import pairwise
from typing import Any

import numpy as np
from numpy.typing import NDArray

from visnmf.images.imageset import checked_index

__all__ = ["Places", "places_of", "runs_of"]


Places = range | NDArray[np.intp]


def places_of(index: Any, n: int) -> tuple[Places, bool]:
    """Return the places of the pictures that an index picks, and whether it names just one.

    Parameters
    ----------
    index : int, slice, sequence of int or array of bool
        As of a list, or of an array.
    n : int
        Pictures that there are.

    Returns
    -------
    places : range or ndarray of int
        A range for a slice, so that even one of millions of pictures takes no memory yet.
    one : bool

    Raises
    ------
    IndexError
        If it names a picture that is not there.
    InvalidInputError
        If it is no index.

    Examples
    --------
    >>> places_of([-1, 2], 4)
    (array([3, 2]), False)
    >>> places_of(slice(None, None, 2), 4)
    (range(0, 4, 2), False)
    """
    one = isinstance(index, (int, np.integer))
    picked = np.array([index]) if one else checked_index(index, "an Archive is")
    if isinstance(picked, slice):
        return range(*picked.indices(n)), one
    if picked.dtype.kind == "b":
        if len(picked) != n:
            raise IndexError(f"{len(picked)} bools pick of {n} pictures")
        return np.flatnonzero(picked), one
    if picked.size and not -n <= picked.min() <= picked.max() < n:
        beyond = next(j for j in picked if not -n <= j < n)
        raise IndexError(f"picture {beyond} is asked for, the archive has {n}")
    return (picked % n).astype(np.intp), one


def runs_of(places: Places, size: int) -> Iterator[tuple[slice, int]]:
    """Divide places into neighbors that lie in one section.

    Parameters
    ----------
    places : range or ndarray of int
        Of pictures.
    size : int
        Pictures in a section.

    Yields
    ------
    some : slice
        Which of `places`.
    first : int
        The first of them.
    """
    if isinstance(places, range):
        places = np.arange(places.start, places.stop, places.step)
    if not places.size:
        return
    apart = (np.diff(places) != 1) | (np.diff(places // size) != 0)
    ends = [*(np.flatnonzero(apart) + 1).tolist(), len(places)]
    for begin, end in pairwise([0, *ends]):
        yield slice(begin, end), int(places[begin])
