"""Signed data as non-negative: what is above zero beside what is below it (ON and OFF)."""

from __future__ import annotations

from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visnmf.errors import InvalidInputError

__all__ = ["join_signs", "split_signs"]


def split_signs(V: ArrayLike, axis: int = 0) -> NDArray[Any]:
    """Split signed data into two non-negative halves, so that NMF can take it.

    [max(V, 0); max(-V, 0)] holds what V does: the difference of its halves is V, and at each
    place one of them is zero. So the retina sends contrast on, by ON and by OFF cells.

    Parameters
    ----------
    V : array
        Numbers of either sign: contrasts, differences from a mean, wavelets, time series.
        (m, n) with one thing a column, as all of visnmf has it; any other shape will do.
    axis : int
        Along which the halves are joined: 0 where columns are things, 1 (or -1) where rows
        or channels are.

    Returns
    -------
    halves : ndarray, non-negative
        Twice as long along `axis`: ON first. Floats keep their dtype; whole numbers become
        float64, since -V could overflow.

    Raises
    ------
    InvalidInputError
        If V holds no real numbers, or has no such axis.

    References
    ----------
    Hoyer. "Modeling receptive fields with non-negative sparse coding". Neurocomputing, 2003.

    Examples
    --------
    >>> split_signs([[1.0, -2.0]])
    array([[1., 0.],
           [0., 2.]])
    """
    signed = _checked(V, axis)
    length = signed.shape[axis]
    shape = list(signed.shape)
    shape[axis] *= 2
    # The memory order of V stays, so that a column that is contiguous remains so.
    halves = np.empty_like(signed, shape=shape)
    on, off = np.split(halves, [length], axis=axis)
    np.maximum(signed, 0, out=on)
    np.negative(signed, out=off)
    np.maximum(off, 0, out=off)
    return halves


def join_signs(W: ArrayLike, axis: int = 0) -> NDArray[Any]:
    """Join what `split_signs` split: ON minus OFF.

    Parameters
    ----------
    W : array
        Parts of split data (2 m, k), or split data itself: ON first, then OFF.
    axis : int
        As of `split_signs`.

    Returns
    -------
    signed : ndarray
        Half as long along `axis`. Where both halves are above zero, as they may be in parts,
        only their difference is left.

    Raises
    ------
    InvalidInputError
        If W holds no real numbers, has no such axis, or is of odd length there.

    Examples
    --------
    >>> join_signs([[1.0, 0.0], [0.0, 2.0]])
    array([[ 1., -2.]])
    """
    halves = _checked(W, axis)
    length = halves.shape[axis]
    if length % 2:
        raise InvalidInputError(
            f"an array of shape {halves.shape} is of odd length along axis {axis}: it is not ON "
            "and OFF, one after the other; split_signs gives such"
        )
    on, off = np.split(halves, 2, axis=axis)
    signed: NDArray[Any] = on - off
    return signed


def _checked(values: ArrayLike, axis: int) -> NDArray[Any]:
    array = np.asarray(values)
    if array.dtype.kind not in "fiub":
        raise InvalidInputError(f"need an array of real numbers, got {array.dtype}")
    whole = isinstance(axis, int | np.integer) and not isinstance(axis, bool)
    if not whole or not -array.ndim <= axis < array.ndim:
        raise InvalidInputError(f"an array of shape {array.shape} has no axis {axis}")
    return array if array.dtype.kind == "f" else array.astype(np.float64)
