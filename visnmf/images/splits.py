"""Random splits in two: plain, by label (the same shares), or by group (never torn apart)."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from visnmf.arguments import check_generator
from visnmf.errors import InvalidInputError

__all__ = ["split_indices"]


def split_indices(
    n: int,
    test: float | int = 0.25,
    *,
    by: ArrayLike | None = None,
    groups: ArrayLike | None = None,
    seed: int = 0,
) -> tuple[NDArray[np.intp], NDArray[np.intp]]:
    """Split the numbers 0 to n - 1 in two at random.

    Parameters
    ----------
    n : int
        How many there are; at least 2.
    test : float or int
        Share that goes into the second half (0 < test < 1), or how many.
    by : array, shape (n,), optional
        Each value keeps its share in both halves, to within one.
    groups : array, shape (n,), optional
        Those of equal value stay together. Groups join the second half in random
        order until its size is as near to `test` as that order allows.
    seed : int
        The same seed gives the same split.

    Returns
    -------
    first, second : array of int
        Sorted; none empty.

    Raises
    ------
    InvalidInputError
        If a half would be empty, or `by` and `groups` are both given.
    """
    count = _count(n, test)
    rng = check_generator(seed)
    if by is not None and groups is not None:
        raise InvalidInputError("split by label or by group, not both at once")
    if by is not None:
        chosen = _stratified(_checked(by, n, "by"), count, rng)
    elif groups is not None:
        chosen = _grouped(_checked(groups, n, "groups"), count, rng)
    else:
        chosen = np.zeros(n, dtype=bool)
        chosen[rng.choice(n, count, replace=False)] = True
    return np.flatnonzero(~chosen), np.flatnonzero(chosen)


def _count(n: int, test: float | int) -> int:
    if n < 2:
        raise InvalidInputError(f"need at least 2 pictures to split, got {n}")
    if isinstance(test, (int, np.integer)) and not isinstance(test, bool):
        if 1 <= test < n:
            return int(test)
    elif isinstance(test, (float, np.floating)) and 0 < test < 1:
        return min(max(round(test * n), 1), n - 1)
    raise InvalidInputError(
        f"test must be a share between 0 and 1 or a number of pictures from 1 to {n - 1}, "
        f"got {test!r}"
    )


def _checked(values: ArrayLike, n: int, name: str) -> NDArray[np.intp]:
    array = np.asarray(values)
    if array.shape != (n,):
        raise InvalidInputError(
            f"{name} must hold one value a picture, shape ({n},); got shape {array.shape}"
        )
    return np.unique(array, return_inverse=True)[1]


def _stratified(
    labels: NDArray[np.intp], count: int, rng: np.random.Generator
) -> NDArray[np.bool_]:
    shares = np.bincount(labels) * (count / len(labels))
    counts = np.floor(shares).astype(int)
    # Largest remainders, drawn at random among equals, get what rounding down left over.
    order = np.lexsort((rng.random(len(counts)), np.round(counts - shares, 9)))
    counts[order[: count - counts.sum()]] += 1
    chosen = np.zeros(len(labels), dtype=bool)
    for label, amount in enumerate(counts):
        members = np.flatnonzero(labels == label)
        chosen[rng.choice(members, amount, replace=False)] = True
    return chosen


def _grouped(groups: NDArray[np.intp], count: int, rng: np.random.Generator) -> NDArray[np.bool_]:
    sizes = np.bincount(groups)
    if len(sizes) < 2:
        raise InvalidInputError("need at least 2 groups to split without tearing one apart, got 1")
    order = rng.permutation(len(sizes))
    totals = np.cumsum(sizes[order])[:-1]
    taken = order[: int(np.argmin(np.abs(totals - count))) + 1]
    return np.isin(groups, taken)
