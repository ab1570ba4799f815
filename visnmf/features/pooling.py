"""Pooling: encodings at all places of a picture into features of one length."""

from __future__ import annotations

from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from numpy.typing import NDArray

__all__ = ["POOLINGS", "join_pooled", "pool_rows"]

POOLINGS = ("mean", "max")


def pool_rows(
    codes: NDArray[np.float32],
    first: int,
    down: int,
    levels: Sequence[int],
    kind: str,
) -> NDArray[np.float32]:
    """Pool encodings over the cells of a picture, from some of its rows of places.

    Parameters
    ----------
    codes : ndarray (n, rows, across, rank)
        Of n pictures of one size.
    first : int
        The first of these rows.
    down : int
        How many rows of places the pictures have.
    levels : sequence of int
        The pictures are cut into level x level cells of about equal size, for each of them;
        (1, 2, 4) is the pyramid of Lazebnik, Schmid & Ponce (CVPR 2006).
    kind : {"mean", "max"}
        What is taken over a cell.

    Returns
    -------
    ndarray (n, cells, rank)
        What these rows contribute to the cells of the first level, of the next, and so on:
        `join_pooled` joins it with that of other rows. Where a picture is so small that no place
        falls into a cell, the nearest ones count.
    """
    n, rows, across, rank = codes.shape
    parts = []
    for level in levels:
        lower, upper = (_membership(count, level) for count in (down, across))
        lower = lower[:, first : first + rows]
        if kind == "mean":
            columns = np.matmul(upper, codes)  # (n, rows, level, rank)
            cells = np.matmul(lower, columns.reshape(n, rows, level * rank))
        else:
            cells = np.zeros((n, level, level, rank), np.float32)
            for i, j in np.ndindex(level, level):
                inside = codes[:, lower[i] > 0][:, :, upper[j] > 0]
                if inside.size:
                    cells[:, i, j] = inside.max(axis=(1, 2))
        parts.append(cells.reshape(n, level * level, rank))
    return np.concatenate(parts, axis=1)


def join_pooled(one: NDArray[np.float32], other: NDArray[np.float32], kind: str) -> None:
    """Join what other rows contribute into `one`, in place."""
    (np.add if kind == "mean" else np.maximum)(one, other, out=one)


@lru_cache(maxsize=256)
def _membership(count: int, level: int) -> NDArray[np.float32]:
    """Return (level, count): the share of each of `count` rows in the mean of each cell."""
    edges = np.linspace(0, count, level + 1)
    first = np.minimum(np.floor(edges[:-1] + 0.5), count - 1).astype(int)
    last = np.maximum(np.floor(edges[1:] + 0.5).astype(int), first + 1)
    places = np.arange(count)
    member = (places >= first[:, None]) & (places < last[:, None])
    weights = (member / member.sum(axis=1, keepdims=True)).astype(np.float32)
    weights.flags.writeable = False
    return weights
