"""Projective NMF: encodings that are products with the parts themselves."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import Any

import numpy as np

from visnmf.arguments import check_integer
from visnmf.kernels.threads import on_threads
from visnmf.kin.edge import check_dense
from visnmf.kin.loop import Loop, half_squared_error
from visnmf.kin.positive import positive_start
from visnmf.solve.result import Factorization, Record

__all__ = ["projective_nmf"]

_FLOOR = 1e-16
"""The least entry of W, so that no float becomes denormal (as in Sotiras et al. 2015)."""


@on_threads
def projective_nmf(
    V: Any,
    rank: int,
    *,
    orthogonal: bool = False,
    max_iter: int = 500,
    tol: float = 1e-5,
    time_limit: float = math.inf,
    seed: int | np.random.Generator = 0,
    callback: Callable[[Record], object] | None = None,
) -> Factorization:
    r"""Factorize V by a non-negative projection, V ~ W W'V.

    Lowers

    .. math:: f(W) = \tfrac12 \|V - W W^T V\|_F^2, \quad W \ge 0

    by the original multiplicative rules, followed by a division of W by its largest singular
    value. Such parts hardly overlap, and new images are encoded by a product,
    :math:`h = W^T v`. With `orthogonal` the rule is that of opNMF [2]_ [3]_, whose W comes
    nearer to orthonormal columns.

    **The rules are not monotone**: the objective may rise from one iteration to the next.

    Parameters
    ----------
    V : array_like (m, n) or ImageSet
        Non-negative and finite; columns are images.
    rank : int
        How many parts.
    orthogonal : bool
        Whether to take the rule of opNMF instead of that of PNMF [1]_.
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
        With H = W'V; `kkt` is NaN.

    Raises
    ------
    InvalidInputError
        If V has negative or non-finite entries, or an option cannot be used.

    References
    ----------
    .. [1] Z. Yuan, E. Oja (2005). Projective nonnegative matrix factorization for image
       compression and feature extraction. SCIA, LNCS 3540.
    .. [2] Z. Yang, E. Oja (2010). Linear and nonlinear projective nonnegative matrix
       factorization. IEEE Trans. Neural Networks 21(5).
    .. [3] A. Sotiras, S. M. Resnick, C. Davatzikos (2015). Finding imaging patterns of
       structural covariance via non-negative matrix factorization. NeuroImage 108.

    Examples
    --------
    >>> import numpy as np
    >>> from visnmf.kin import projective_nmf
    >>> V = np.kron(np.eye(2), np.ones((3, 4)))
    >>> result = projective_nmf(V, 2, orthogonal=True)
    >>> bool(np.allclose(result.W.T @ result.W, np.eye(2), atol=1e-3))
    True
    """
    loop = Loop(max_iter=max_iter, tol=tol, time_limit=time_limit, seed=seed, callback=callback)
    values = check_dense(V)
    rank = check_integer(rank, "rank", 1)
    loop.allow_rounding(values)
    W, _ = positive_start(values, rank, loop.rng)
    _normalize(W)
    H = W @ values
    for _ in loop:
        pull = H @ values.T  # W'V V', without forming V V'
        if orthogonal:
            ratio = pull / np.maximum((H @ H.T) @ W, _FLOOR)
        else:
            ratio = 2 * pull / np.maximum((H @ H.T) @ W + (W @ W.T) @ pull, _FLOOR)
        W *= ratio
        _normalize(W)
        H = W @ values
        loop.note(half_squared_error(values, W, H))
    outcome = loop.outcome("projective_nmf", rank=rank, orthogonal=bool(orthogonal))
    return Factorization(W.T, H, **outcome)


def _normalize(W: np.ndarray) -> None:
    """Divide W' by its largest singular value, in place, and keep it from zero."""
    np.maximum(W, _FLOOR, out=W)
    W /= math.sqrt(np.linalg.norm(W @ W.T, 2))
