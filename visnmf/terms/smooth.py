"""Smooth parts: a `Graph` that joins each pixel with the four beside it."""

from __future__ import annotations

from typing import Any

import numpy as np

from visnmf.terms.graph import Graph
from visnmf.terms.grid import kept_values

__all__ = ["smooth_pictures"]


def smooth_pictures(shape: tuple[int, ...], weight: float, *, mask: Any = None) -> Graph:
    """Return the penalty weight/2 * sum (f_i - f_j)^2 over pixels beside each other, for W.

    Parameters
    ----------
    shape : tuple of int
        Of a picture: (height, width) or (height, width, channels); `ImageLayout.shape`.
        Each channel is smoothed by itself.
    weight : float
        At least 0.
    mask : array of bool (height, width), optional
        True where a pixel is kept in V; pixels are joined where both are.

    Returns
    -------
    Graph
        A penalty of W.

    Raises
    ------
    InvalidInputError
        The shape, the mask or the weight cannot be used.

    References
    ----------
    Zdunek & Cichocki, "Nonnegative matrix factorization with constrained second-order
    optimization", Signal Processing 87 (2007), for smoothness by quadratic penalties.

    Examples
    --------
    >>> import numpy as np
    >>> smooth = smooth_pictures((2, 2), 2.0)
    >>> smooth.value(np.array([[0.0, 1.0, 0.0, 3.0]]))  # 1 + 9 along, 0 + 4 down
    14.0
    """
    from scipy.sparse import coo_array

    keep = kept_values(shape, mask)
    q = int(np.count_nonzero(keep))
    numbers = np.full(keep.shape, -1)
    numbers[keep] = np.arange(q)
    beside = [(numbers[:-1], numbers[1:]), (numbers[:, :-1], numbers[:, 1:])]
    i = np.concatenate([first.ravel() for first, _ in beside])
    j = np.concatenate([second.ravel() for _, second in beside])
    both = (i >= 0) & (j >= 0)
    i, j = i[both], j[both]
    ends = np.concatenate([i, j]), np.concatenate([j, i])
    return Graph(coo_array((np.ones(2 * len(i)), ends), shape=(q, q)), weight)
