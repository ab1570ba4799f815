"""Convex NMF: parts that are mixtures of the images themselves."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np

from visnmf.arguments import check_choice, check_integer
from visnmf.kernels.choose import choose_kernels
from visnmf.kernels.threads import on_threads
from visnmf.kin.edge import check_signed
from visnmf.kin.encodings import UPDATES, multiply, renew, start_encodings
from visnmf.kin.loop import Loop, half_squared_error
from visnmf.kin.quadratic import descend
from visnmf.solve.result import Factorization, Record

__all__ = ["ConvexFactorization", "convex_nmf"]


_STEPS = 5  # gradient steps on C an iteration


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class ConvexFactorization(Factorization):
    """V = V C H + U: a `Factorization` with W = V C.

    Attributes
    ----------
    C : ndarray (n, rank)
        How much of each image makes up each part, non-negative.
    """

    C: np.ndarray


@on_threads
def convex_nmf(
    V: Any,
    rank: int,
    *,
    update: str = "descent",
    max_iter: int = 500,
    tol: float = 1e-5,
    time_limit: float = math.inf,
    seed: int | np.random.Generator = 0,
    callback: Callable[[Record], object] | None = None,
) -> ConvexFactorization:
    r"""Factorize V into mixtures of its own columns and non-negative encodings.

    Minimizes

    .. math:: f(C, H) = \tfrac12 \|V - V C H\|_F^2, \quad C, H \ge 0

    by turns: C by projected gradient steps and H by coordinate descent, or both by the
    multiplicative rules of the paper. The objective never rises. The parts
    W = V C come near cluster centers.

    Parameters
    ----------
    V : array_like (m, n) or ImageSet
        Finite, of either sign; columns are images.
    rank : int
        How many parts.
    update : {"descent", "multiplicative"}
        How C and H are renewed. The paper's rules are slower.
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
    ConvexFactorization
        With C beside W = V C and H; `kkt` is NaN.

    Raises
    ------
    InvalidInputError
        If V has entries that are not finite, or an option cannot be used.

    Notes
    -----
    Where V has negative entries, the multiplicative rule holds two n x n arrays: the positive
    and the negative entries of V'V apart.

    References
    ----------
    C. Ding, T. Li, M. I. Jordan (2010). Convex and semi-nonnegative matrix
    factorizations. IEEE Trans. PAMI 32(1).

    Examples
    --------
    >>> import numpy as np
    >>> from visnmf.kin import convex_nmf
    >>> V = np.array([[1.0, 0.0, 2.0, 1.0], [0.0, 3.0, 0.0, 1.0]])
    >>> result = convex_nmf(V, 2)
    >>> bool(np.allclose(result.W, V @ result.C))
    True
    """
    loop = Loop(max_iter=max_iter, tol=tol, time_limit=time_limit, seed=seed, callback=callback)
    values = check_signed(V)
    # The model does not depend on the unit of V, but products of sixth degree leave float32
    unit = values.dtype.type(np.abs(values).max() or 1)
    loop.allow_rounding(values)
    values = values / unit
    rank = check_integer(rank, "rank", 1)
    check_choice(update, "update", UPDATES)
    kernels = choose_kernels("auto", rank, sum(values.shape))
    rule = _Rule(values) if update == "multiplicative" else None
    H = start_encodings(values, rank, loop.rng)
    C = H / H.sum(axis=1, keepdims=True)  # C' (rank x n), as all factors are kept
    for _ in loop:
        if rule is None:
            C = _descend(C, H, values)
        else:
            rule.renew(C, H)
        W = C @ values.T
        renew(H, W, values, update, kernels)
        loop.note(float(unit) ** 2 * half_squared_error(values, W, H))
    outcome = loop.outcome("convex_nmf", rank=rank, update=update)
    return ConvexFactorization(W.T * unit, H, **outcome, C=C.T)


def _descend(C: np.ndarray, H: np.ndarray, V: np.ndarray) -> np.ndarray:
    """Return a C' (rank x n) with a lower objective, by projected gradient steps."""
    G = H @ H.T
    return descend(C, lambda F: ((G @ F) @ V.T) @ V, (H @ V.T) @ V, _STEPS)


class _Rule:
    """The multiplicative rule for C (Ding, Li & Jordan 2010, equation 22).

    Parameters
    ----------
    V : ndarray (m, n)
        Where it has no negative entries, K = V'V is never formed.
    """

    def __init__(self, V: np.ndarray) -> None:
        self.V = V
        self.signed = bool(V.min() < 0)
        if self.signed:
            K = V.T @ V
            self.plus, self.minus = np.maximum(K, 0), np.maximum(-K, 0)

    def renew(self, C: np.ndarray, H: np.ndarray) -> None:
        """Lower the objective over C' (rank x n), in place."""
        wanted, fitted = self._times(H), self._times((H @ H.T) @ C)
        multiply(C, wanted[0] + fitted[1], wanted[1] + fitted[0])

    def _times(self, F: np.ndarray) -> tuple[np.ndarray, np.ndarray | float]:
        """Return F K+ and F K-, for K = K+ - K-."""
        if self.signed:
            return F @ self.plus, F @ self.minus
        return (F @ self.V.T) @ self.V, 0.0
