"""Symmetric NMF: clusters from a matrix of similarities."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from visnmf.arguments import check_integer
from visnmf.errors import InvalidInputError
from visnmf.kernels.threads import on_threads
from visnmf.kin.edge import check_signed
from visnmf.kin.loop import Loop
from visnmf.solve.result import Factorization, Record

__all__ = ["symmetric_nmf"]

_STEPS = 1e-10, 1e10  # the range of step lengths (Birgin, Martinez & Raydan 2000)
_SYMMETRIC = 1e-5  # the largest difference from the transpose, over the largest entry


@on_threads
def symmetric_nmf(
    S: Any,
    rank: int,
    *,
    max_iter: int = 1000,
    tol: float = 1e-6,
    time_limit: float = math.inf,
    seed: int | np.random.Generator = 0,
    callback: Callable[[Record], object] | None = None,
) -> Factorization:
    r"""Factorize a similarity matrix into H'H with non-negative H.

    Minimizes

    .. math:: f(H) = \tfrac12 \|S - H^T H\|_F^2, \quad H \ge 0

    by spectral projected gradient steps [2]_ with an exact search along each: f is of
    fourth degree there, and its coefficients come with one product of S. The objective never
    rises. The largest entry of a column of H tells the cluster of its image [1]_.

    Parameters
    ----------
    S : array_like or scipy.sparse array (n, n)
        Symmetric and finite; entries are similarities, usually at least 0. A sparse one is
        never made dense.
    rank : int
        How many clusters.
    max_iter : int
        The most iterations.
    tol : float
        Stop when three iterations in a row each change the objective by at most this share
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
        With H (rank, n) and W = H'; `kkt` is NaN.

    Raises
    ------
    InvalidInputError
        If S is not square or not symmetric, has entries that are not finite, or an option
        cannot be used.

    References
    ----------
    .. [1] D. Kuang, C. Ding, H. Park (2012). Symmetric nonnegative matrix factorization for
       graph clustering. SIAM International Conference on Data Mining.
    .. [2] E. G. Birgin, J. M. Martinez, M. Raydan (2000). Nonmonotone spectral projected
       gradient methods on convex sets. SIAM J. Optimization 10(4).

    Examples
    --------
    >>> import numpy as np
    >>> from visnmf.kin import symmetric_nmf
    >>> S = np.kron(np.eye(2), np.ones((3, 3)))
    >>> labels = symmetric_nmf(S, 2).H.argmax(axis=0)
    >>> bool(labels[0] == labels[1] == labels[2] != labels[3] == labels[4] == labels[5])
    True
    """
    loop = Loop(max_iter=max_iter, tol=tol, time_limit=time_limit, seed=seed, callback=callback)
    values, dtype = _check_similarities(S)
    rank = check_integer(rank, "rank", 1)
    squared = float((values.multiply(values) if _is_sparse(values) else values**2).sum())
    loop.noise = float(np.finfo(np.float64).eps) * squared

    def product(F: np.ndarray) -> np.ndarray:
        return np.ascontiguousarray((values @ F.T).T)

    H, SH = _start(product, rank, values.shape[0], loop.rng)
    gradient = 2 * (H @ H.T @ H - SH)
    step = 1 / max(float(np.abs(gradient).max()), _STEPS[0])
    for _ in loop:
        move = np.maximum(H - step * gradient, 0) - H
        S_move = product(move)
        share = _best_share(H, SH, move, S_move, gradient)
        H += share * move
        SH += share * S_move
        before, gradient = gradient, 2 * (H @ H.T @ H - SH)
        bend = share * np.vdot(move, gradient - before)
        step = share**2 * np.vdot(move, move) / bend if bend > 0 else _STEPS[1]
        step = float(np.clip(step, *_STEPS))
        G = H @ H.T
        loop.note(max(0.5 * (squared - 2 * np.vdot(H, SH) + np.vdot(G, G)), 0.0))
    H = np.maximum(H, 0).astype(dtype)
    return Factorization(H.T, H, **loop.outcome("symmetric_nmf", rank=rank))


def _start(
    product: Callable[[np.ndarray], np.ndarray], rank: int, n: int, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray]:
    """Return a random H, scaled so that H'H fits S, and H S."""
    H = rng.random((rank, n))
    SH = product(H)
    G = H @ H.T
    scale = math.sqrt(max(np.vdot(H, SH), 0.0) / np.vdot(G, G))
    return scale * H, scale * SH


def _best_share(
    H: np.ndarray, SH: np.ndarray, move: np.ndarray, S_move: np.ndarray, gradient: np.ndarray
) -> float:
    """Return the t in [0, 1] that makes f(H + t move) least."""
    G, M, N = H @ H.T, H @ move.T, move @ move.T
    fourth = 0.5 * np.vdot(N, N)
    third = 2 * np.vdot(M, N)
    second = np.vdot(G, N) + np.vdot(M, M.T) + np.vdot(M, M) - np.vdot(move, S_move)
    first = np.vdot(gradient, move)
    quartic = np.polynomial.Polynomial([0, first, second, third, fourth])
    flat = quartic.deriv().roots().real if fourth > 0 else np.array([0.0])
    shares = np.array([1.0, *flat[(flat > 0) & (flat < 1)], 0.0])
    return float(shares[quartic(shares).argmin()])


def _check_similarities(S: Any) -> tuple[Any, np.dtype[Any]]:
    """Return S in float64, and the dtype of the result."""
    if _is_sparse(S):
        values = S.tocsr()
        dtype = check_signed(values.data[None] if values.nnz else np.zeros((1, 1)), "S").dtype
    else:
        values = check_signed(S, "S")
        dtype = values.dtype
    if values.shape[0] != values.shape[1]:
        raise InvalidInputError(f"S must be square, n x n, but its shape is {values.shape}")
    values = values.astype(np.float64)
    apart, largest = float(abs(values - values.T).max()), float(abs(values).max())
    if apart > _SYMMETRIC * largest:
        raise InvalidInputError(
            f"S must be symmetric, but differs from its transpose by up to {apart:.3g}; "
            "use (S + S.T) / 2"
        )
    return values, dtype


def _is_sparse(S: Any) -> bool:
    return hasattr(S, "tocsr")
