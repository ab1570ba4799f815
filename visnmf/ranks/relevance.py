"""NMF that prunes its own parts: automatic relevance determination (Tan & Fevotte 2013)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np

from visnmf.ranks.growing import grow
from visnmf.ranks.merging import merge
from visnmf.solve.factorize import factorize
from visnmf.solve.interrupts import whole

__all__ = ["Prior", "Relevance", "noise_variance", "prune", "regrown"]

_TINY = 1e-30
_STEPS = 20  # of majorization-minimization after each part that goes
_NEAR: dict[str, Any] = {
    "max_iter": 10,
    "change": 1e-3,
    "tol": 0.0,
}  # of the fit without priors before them


@dataclass(frozen=True)
class Prior:
    """What is expected of parts and encodings, and of the noise.

    Parameters
    ----------
    norm : {"l1", "l2"}
        Exponential or half-normal priors of the entries of W and H.
    beta : float
        Of the beta-divergence: 2 for Gaussian noise, 1 for Poisson, 0 for multiplicative Gamma.
    phi : float
        The dispersion of the noise; for beta 2 its variance.
    a, b : float
        Shape and scale of the inverse-gamma prior of each lambda.
    """

    norm: str
    beta: float
    phi: float
    a: float
    b: float

    @property
    def power(self) -> float:
        """The exponent of the steps: gamma (l1) or xi (l2) of the paper."""
        if self.beta > 2:
            return 1 / (self.beta - 1)
        if self.norm == "l2":
            return 1 / (3 - self.beta)
        return 1 / (2 - self.beta) if self.beta < 1 else 1.0

    def size(self, F: np.ndarray, axis: int) -> np.ndarray:
        """Return f of each row or column of a factor."""
        total: np.ndarray = (F if self.norm == "l1" else np.square(F) / 2).sum(axis=axis)
        return total

    def sizes(self, W: np.ndarray, H: np.ndarray) -> np.ndarray:
        """Return f(w_k) + f(h_k) of each part."""
        return self.size(W, 0) + self.size(H, 1)

    def weight(self, shape: tuple[int, int]) -> float:
        """Return c, what log lambda counts: m + n + a + 1 (l1) or (m + n) / 2 + a + 1 (l2)."""
        return sum(shape) / (1 if self.norm == "l1" else 2) + self.a + 1


@dataclass(frozen=True, eq=False)
class Relevance:
    """What is left of a fit when parts that do not pay for themselves are gone.

    Attributes
    ----------
    W, H : ndarray of float64 (m, rank), (rank, n)
        The pair, in order of relevance.
    relevance : ndarray of float64 (rank,)
        lambda_k over b / c, which it has where a part is zero, less 1.
    misfit : float
        The first term of the objective, which is all that is left of it with no part.
    cost : float
        The objective, less what it is with parts of no relevance.
    """

    W: np.ndarray
    H: np.ndarray
    relevance: np.ndarray
    misfit: float
    cost: float


def noise_variance(V: np.ndarray, rank: int) -> float:
    """Return the variance of the noise, if V less that has at most a rank.

    What singular values beyond the rank leave of V, over their (m - rank) (n - rank) degrees of
    freedom; a quarter of the values is always left to tell by.
    """
    from scipy.linalg import eigvalsh

    m, n = V.shape
    small = V if m <= n else V.T
    values = np.maximum(eigvalsh(np.asarray(small @ small.T, np.float64)), 0)
    rank = min(rank, 3 * len(values) // 4)
    return float(values[: len(values) - rank].sum() / ((m - rank) * (n - rank)))


def prune(
    V: np.ndarray, W: np.ndarray, H: np.ndarray, prior: Prior, *, least: int = 1
) -> Iterator[Relevance]:
    r"""Let part after part go, and tell what the objective of l1- or l2-ARD is of each state.

    The objective is that of [1]_ (section 4), with f the l1 norm or half the squared l2 norm:

    .. math:: \tfrac1\phi D_\beta(V | W H)
              + \sum_k \tfrac{1}{\lambda_k} (f(w_k) + f(h_k) + b) + c \log \lambda_k

    It is lowered by the paper's steps of majorization-minimization (algorithms 1 and 2), and each
    lambda_k is set to its best value (f(w_k) + f(h_k) + b) / c. By themselves these take
    thousands of iterations to empty one of two parts that share what is one, the more
    the less noise there is. So the jump is made outright: the two most alike are merged, or
    the least relevant is left out, whichever costs less after some steps. With beta 2 these
    begin from a brief fit without priors, since what a jump leaves undone of the fit would be
    taken for what the part explained, the more so the less noise there is. What is left without
    a part that says nothing stays as it is, if nothing costs less.

    Parameters
    ----------
    V : ndarray (m, n)
        Images as columns.
    W, H : ndarray (m, rank), (rank, n)
        A fit of more parts than are needed.
    prior : Prior
        What is expected.
    least : int
        The fewest parts.

    Yields
    ------
    Relevance
        From all parts down to `least`: the caller says when costs have risen for good.

    References
    ----------
    .. [1] V. Y. F. Tan, C. Fevotte (2013). Automatic relevance determination in nonnegative
       matrix factorization with the beta-divergence. IEEE TPAMI 35(7).
    """
    V = np.asarray(V, np.float64)
    state = _settled(V, np.asarray(W, np.float64), np.asarray(H, np.float64), prior)
    yield state
    while (fewer := len(state.H) - 1) >= least:
        rest = state.W[:, :-1], state.H[:-1]
        jumps = [_settled(V, *pair, prior) for pair in (merge(state.W, state.H, fewer), rest)]
        state = min((*jumps, _judged(V, *rest, prior)), key=lambda found: found.cost)
        yield state


def regrown(V: np.ndarray, state: Relevance, prior: Prior) -> Relevance:
    """Return a state of one part more than another one, begun with what that leaves over.

    Parameters
    ----------
    V : ndarray (m, n)
        Images as columns.
    state : Relevance
        The other one.
    prior : Prior
        What is expected.
    """
    V = np.asarray(V, np.float64)
    return _settled(V, *grow(V, None, state.W, state.H, len(state.H) + 1), prior)


def _settled(V: np.ndarray, W: np.ndarray, H: np.ndarray, prior: Prior) -> Relevance:
    """Return where some steps lead, and what it costs there."""
    if prior.beta == 2 and len(H):
        near = whole(factorize(V, len(H), W=W, H=H, n_jobs=1, **_NEAR))
        W, H = near.W, near.H
    c = prior.weight(V.shape)
    W, H = _balanced(W, H, prior)
    lam = (prior.sizes(W, H) + prior.b) / c
    for _ in range(_STEPS):
        H = _step(V, W, H, lam, prior)
        W = _step(V.T, H.T, W.T, lam, prior).T
        W, H = _balanced(W, H, prior)
        lam = (prior.sizes(W, H) + prior.b) / c
    return _judged(V, W, H, prior)


def _judged(V: np.ndarray, W: np.ndarray, H: np.ndarray, prior: Prior) -> Relevance:
    """Return what a pair costs, each lambda at its best value."""
    relevance = prior.sizes(W, H) / prior.b
    order = np.argsort(-relevance)
    misfit = _divergence(V, W, H, prior.beta) / prior.phi
    cost = misfit + prior.weight(V.shape) * np.log1p(relevance).sum()
    return Relevance(W[:, order], H[order], relevance[order], misfit, float(cost))


def _balanced(W: np.ndarray, H: np.ndarray, prior: Prior) -> tuple[np.ndarray, np.ndarray]:
    """Return the same product, each part so long that f(w_k) = f(h_k), which costs least.

    The steps lead there too, but over thousands: beside the fit the priors weigh little.
    """
    ratio = prior.size(H, 1) / np.maximum(prior.size(W, 0), _TINY)
    scale = np.where(ratio > 0, ratio, 1) ** (0.5 if prior.norm == "l1" else 0.25)
    return W * scale, H / scale[:, None]


def _step(V: np.ndarray, W: np.ndarray, H: np.ndarray, lam: np.ndarray, prior: Prior) -> np.ndarray:
    """Return H after a step of majorization-minimization."""
    beta = prior.beta
    if beta == 2:
        up, down = W.T @ V, (W.T @ W) @ H
    else:
        product = np.maximum(W @ H, _TINY)
        up, down = W.T @ (V * product ** (beta - 2)), W.T @ product ** (beta - 1)
    weight = (prior.phi / lam)[:, None]
    cost = weight if prior.norm == "l1" else weight * H
    return H * (up / np.maximum(down + cost, _TINY)) ** prior.power


def _divergence(V: np.ndarray, W: np.ndarray, H: np.ndarray, beta: float) -> float:
    product = np.maximum(W @ H, _TINY)
    if beta == 2:
        return float(np.square(V - product).sum() / 2)
    if beta == 1:
        from scipy.special import kl_div

        return float(kl_div(V, product).sum())
    if beta == 0:
        return float((V / product - np.log(np.maximum(V, _TINY) / product) - 1).sum())
    terms = V**beta + (beta - 1) * product**beta - beta * V * product ** (beta - 1)
    return float(terms.sum() / (beta * (beta - 1)))
