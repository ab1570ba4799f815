"""Local NMF: parts that keep to places of their own."""

from __future__ import annotations

import math
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from visnmf.arguments import check_integer
from visnmf.kernels.threads import on_threads
from visnmf.kin.edge import check_dense
from visnmf.kin.loop import Loop
from visnmf.kin.positive import positive_start
from visnmf.solve.result import Factorization, Record

__all__ = ["local_nmf"]

_BLOCK = 1 << 18  # entries of W H that are formed at a time
_FLOOR = 1e-16  # of the factors and of W H: no division by zero, no denormal floats


@on_threads
def local_nmf(
    V: Any,
    rank: int,
    *,
    max_iter: int = 500,
    tol: float = 1e-5,
    time_limit: float = math.inf,
    seed: int | np.random.Generator = 0,
    callback: Callable[[Record], object] | None = None,
) -> Factorization:
    r"""Factorize V into parts that are local and as little redundant as can be.

    LNMF [1]_ lowers a Kullback-Leibler divergence with two terms more: few parts of one
    image, :math:`\alpha \sum_{kl} (W^T W)_{kl}`, that hold much of it,
    :math:`-\beta \sum_k (H H^T)_{kk}`. The updates are the original ones, in which neither
    weight is left:

    .. math::
        H \leftarrow \sqrt{H \cdot W^T (V / WH)}, \quad
        W \leftarrow W \cdot \frac{(V / WH) H^T}{1 H^T}, \quad
        W \leftarrow W / (1^T W)

    **They are not monotone**, and their H fits V poorly: `visnmf.encode` gives encodings by the
    parts found that rebuild the images.

    Parameters
    ----------
    V : array_like (m, n) or ImageSet
        Non-negative and finite; columns are images.
    rank : int
        How many parts.
    max_iter : int
        The most iterations.
    tol : float
        Stop when three iterations in a row each change the divergence by at most this share
        of it. 0 for never.
    time_limit : float
        Stop after so many seconds.
    seed : int or numpy.random.Generator
        The same seed gives the same result.
    callback : callable, optional
        Called with the `Record` of each iteration; a true answer stops the run.

    Returns
    -------
    Factorization
        With columns of W that sum to 1. The objectives of it and of its history are the
        divergence :math:`\sum_{ij} V \log(V / WH) - V + WH`; `kkt` is NaN.

    Raises
    ------
    InvalidInputError
        If V has negative or non-finite entries, or an option cannot be used.

    Notes
    -----
    W H is formed in blocks of columns that stay in cache.

    References
    ----------
    .. [1] S. Z. Li, X. W. Hou, H. J. Zhang, Q. S. Cheng (2001). Learning spatially
       localized, parts-based representation. CVPR.

    Examples
    --------
    >>> import numpy as np
    >>> from visnmf.kin import local_nmf
    >>> V = np.kron(np.eye(2), np.ones((3, 4)))
    >>> result = local_nmf(V, 2)
    >>> bool(np.allclose(result.W.sum(axis=0), 1))
    True
    """
    loop = Loop(max_iter=max_iter, tol=tol, time_limit=time_limit, seed=seed, callback=callback)
    values = check_dense(V)
    rank = check_integer(rank, "rank", 1)
    m, n = values.shape
    W, H = positive_start(values, rank, loop.rng)
    H *= W.sum(axis=1, keepdims=True)
    _sum_to_one(W)
    for _ in loop:
        raised = np.zeros_like(W)
        for columns in _blocks(m, n):
            images = values[:, columns]
            part = H[:, columns]
            part = np.sqrt(part * (W @ (images / _product(W, part))))
            np.maximum(part, _FLOOR, out=part)
            raised += part @ (images / _product(W, part)).T
            H[:, columns] = part
        W *= raised / np.maximum(H.sum(axis=1, keepdims=True), _FLOOR)
        _sum_to_one(W)
        loop.note(_divergence(values, W, H))
    return Factorization(W.T, H, **loop.outcome("local_nmf", rank=rank))


def _blocks(m: int, n: int) -> Iterator[slice]:
    width = max(1, _BLOCK // m)
    for start in range(0, n, width):
        yield slice(start, start + width)


def _product(W: np.ndarray, H: np.ndarray) -> np.ndarray:
    """Return a block of W H, without zeros."""
    product = W.T @ H
    return np.maximum(product, _FLOOR, out=product)


def _sum_to_one(W: np.ndarray) -> None:
    """Scale the rows of W', in place, and keep them from zero."""
    np.maximum(W, _FLOOR, out=W)
    W /= W.sum(axis=1, keepdims=True)


def _divergence(V: np.ndarray, W: np.ndarray, H: np.ndarray) -> float:
    total = 0.0
    for columns in _blocks(*V.shape):
        images, fitted = V[:, columns], _product(W, H[:, columns])
        ratio = images / fitted
        logs = np.log(ratio, out=np.zeros_like(ratio), where=ratio > 0)
        total += float((images * logs - images + fitted).sum(dtype=np.float64))
    return total
