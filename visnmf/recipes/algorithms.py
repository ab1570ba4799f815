"""Plain V ~ W H by the algorithm of a paper, and with other losses.

Those named after an algorithm neither extrapolate nor warm up, so that each is what its paper
says; `visnmf.factorize` at its defaults is faster.
"""

from __future__ import annotations

from visnmf.arguments import check_number
from visnmf.recipes.recipe import Recipe

__all__ = ["anls_bpp", "hals", "huber", "itakura_saito", "kl", "l21", "lee_seung", "lin", "nenmf"]

_AS_PUBLISHED: dict[str, object] = {"extrapolate": False, "warmup": "none"}


def hals(rank: int) -> Recipe:
    """Hierarchical alternating least squares: each part in turn is solved exactly.

    Parameters
    ----------
    rank : int
        How many parts.

    Returns
    -------
    Recipe

    References
    ----------
    A. Cichocki, A.-H. Phan (2009). Fast local algorithms for large scale nonnegative matrix
    and tensor factorizations. IEICE Trans. E92-A(3).
    """
    return Recipe("hals", rank, {"update": "hals", "sweeps": 1, **_AS_PUBLISHED})


def lee_seung(rank: int, *, loss: str | float = "frobenius") -> Recipe:
    """Multiplicative updates from a random start.

    Parameters
    ----------
    rank : int
        How many parts.
    loss : str or float
        As of `visnmf.factorize`; Lee & Seung have "frobenius" and "kullback-leibler".

    Returns
    -------
    Recipe

    References
    ----------
    D. D. Lee, H. S. Seung (2001). Algorithms for non-negative matrix factorization. NIPS 13.
    """
    return Recipe(
        "lee_seung", rank, {"loss": loss, "update": "mu", "init": "random", **_AS_PUBLISHED}
    )


def lin(rank: int) -> Recipe:
    """Projected gradient descent with a search of the step length.

    Parameters
    ----------
    rank : int
        How many parts.

    Returns
    -------
    Recipe

    References
    ----------
    C.-J. Lin (2007). Projected gradient methods for nonnegative matrix factorization. Neural
    Computation 19(10).
    """
    return Recipe("lin", rank, {"update": "gradient", **_AS_PUBLISHED})


def nenmf(rank: int) -> Recipe:
    """Nesterov's optimal gradients for each factor in turn.

    Parameters
    ----------
    rank : int
        How many parts.

    Returns
    -------
    Recipe

    References
    ----------
    N. Guan, D. Tao, Z. Luo, B. Yuan (2012). NeNMF: an optimal gradient method for nonnegative
    matrix factorization. IEEE Trans. Signal Processing 60(6).
    """
    return Recipe("nenmf", rank, {"update": "fast gradient", **_AS_PUBLISHED})


def anls_bpp(rank: int) -> Recipe:
    """Alternating non-negative least squares, solved by block principal pivoting.

    Parameters
    ----------
    rank : int
        How many parts.

    Returns
    -------
    Recipe

    References
    ----------
    J. Kim, H. Park (2011). Fast nonnegative matrix factorization: an active-set-like method
    and comparisons. SIAM J. Scientific Computing 33(6).
    """
    return Recipe("anls_bpp", rank, {"update": "bpp", **_AS_PUBLISHED})


def kl(rank: int) -> Recipe:
    """Lower the Kullback-Leibler divergence, as suits counts with Poisson noise.

    Parameters
    ----------
    rank : int
        How many parts.

    Returns
    -------
    Recipe

    References
    ----------
    D. D. Lee, H. S. Seung (1999). Learning the parts of objects by non-negative matrix
    factorization. Nature 401.
    """
    return Recipe("kl", rank, {"loss": "kullback-leibler"})


def itakura_saito(rank: int) -> Recipe:
    """Lower the Itakura-Saito divergence, in which only ratios of entries matter.

    It is infinite where V is 0: lift V to a floor first.

    Parameters
    ----------
    rank : int
        How many parts.

    Returns
    -------
    Recipe

    References
    ----------
    C. Févotte, N. Bertin, J.-L. Durrieu (2009). Nonnegative matrix factorization with the
    Itakura-Saito divergence. Neural Computation 21(3).
    """
    return Recipe("itakura_saito", rank, {"loss": "itakura-saito"})


def huber(rank: int, *, delta: float | None = None) -> Recipe:
    """Lower the Huber loss, in which large residuals count in proportion, not by squares.

    For pictures of which something hides a part: glasses, a hand, dead pixels.

    Parameters
    ----------
    rank : int
        How many parts.
    delta : float, optional
        The residual from which it counts in proportion; by default 1.345 standard deviations of
        the residuals, by their median.

    Returns
    -------
    Recipe

    References
    ----------
    L. Du, X. Li, Y.-D. Shen (2012). Robust nonnegative matrix factorization via half-quadratic
    minimization. ICDM.
    """
    if delta is None:
        return Recipe("huber", rank, {"loss": "huber"})
    return Recipe("huber", rank, {"loss": f"huber:{check_number(delta, 'delta'):g}"})


def l21(rank: int) -> Recipe:
    """Lower the sum of the lengths of the pictures' residuals, not of their squares.

    For sets in which some pictures are unlike all others.

    Parameters
    ----------
    rank : int
        How many parts.

    Returns
    -------
    Recipe

    References
    ----------
    D. Kong, C. Ding, H. Huang (2011). Robust nonnegative matrix factorization using L21-norm.
    CIKM.
    """
    return Recipe("l21", rank, {"loss": "l21"})
