"""Semi-NMF: parts of either sign, encodings that only add."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from visnmf.arguments import check_choice, check_integer
from visnmf.kernels.choose import choose_kernels
from visnmf.kernels.threads import on_threads
from visnmf.kin.edge import check_signed
from visnmf.kin.encodings import UPDATES, renew, start_encodings
from visnmf.kin.loop import Loop, half_squared_error
from visnmf.solve.result import Factorization, Record

__all__ = ["semi_nmf"]


@on_threads
def semi_nmf(
    V: Any,
    rank: int,
    *,
    update: str = "descent",
    max_iter: int = 500,
    tol: float = 1e-5,
    time_limit: float = math.inf,
    seed: int | np.random.Generator = 0,
    callback: Callable[[Record], object] | None = None,
) -> Factorization:
    r"""Factorize V of either sign into W of either sign and non-negative H.

    Minimizes

    .. math:: f(W, H) = \tfrac12 \|V - W H\|_F^2, \quad H \ge 0

    by turns: W by least squares, H by coordinate descent or by the multiplicative rule of
    the paper. The objective never rises. H begins as the memberships of k-means clusters.

    Parameters
    ----------
    V : array_like (m, n) or ImageSet
        Finite, of either sign; columns are images.
    rank : int
        How many parts.
    update : {"descent", "multiplicative"}
        How H is renewed. The paper's rule is slower.
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
        With W of either sign; `kkt` is NaN.

    Raises
    ------
    InvalidInputError
        If V has entries that are not finite, or an option cannot be used.

    References
    ----------
    C. Ding, T. Li, M. I. Jordan (2010). Convex and semi-nonnegative matrix
    factorizations. IEEE Trans. PAMI 32(1).

    Examples
    --------
    >>> import numpy as np
    >>> from visnmf.kin import semi_nmf
    >>> V = np.array([[1.0, -2.0, 0.5], [-3.0, 1.0, -1.5]])
    >>> result = semi_nmf(V, 2)
    >>> bool(np.allclose(result.W @ result.H, V, atol=1e-3)), bool(result.H.min() >= 0)
    (True, True)
    """
    loop = Loop(max_iter=max_iter, tol=tol, time_limit=time_limit, seed=seed, callback=callback)
    values = check_signed(V)
    rank = check_integer(rank, "rank", 1)
    check_choice(update, "update", UPDATES)
    loop.allow_rounding(values)
    kernels = choose_kernels("auto", rank, sum(values.shape))
    H = start_encodings(values, rank, loop.rng)
    for _ in loop:
        W = _least_squares(values, H)
        renew(H, W, values, update, kernels)
        loop.note(half_squared_error(values, W, H))
    return Factorization(W.T, H, **loop.outcome("semi_nmf", rank=rank, update=update))


def _least_squares(V: np.ndarray, H: np.ndarray) -> np.ndarray:
    """Return the W' (rank x m) that fits V best, the shortest one if there are many."""
    wide = H.astype(np.float64)
    inverse = np.linalg.pinv(wide @ wide.T, rcond=float(np.finfo(V.dtype).eps), hermitian=True)
    return np.ascontiguousarray((inverse @ wide).astype(V.dtype) @ V.T)
