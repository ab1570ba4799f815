"""Recipes that call a method of `visnmf.kin`: local, projective, picked, signed, layered."""

from __future__ import annotations

from typing import Any

from visnmf.arguments import check_integer
from visnmf.recipes.recipe import FromV, Recipe

__all__ = [
    "convex",
    "deep",
    "lnmf",
    "opnmf",
    "projective",
    "semi",
    "separable",
    "symmetric",
]


def lnmf(rank: int) -> Recipe:
    """Local NMF: parts that are small and little redundant.

    Its H fits V poorly, as published; `visnmf.encode`, or a model's `encode`, fits better.

    Parameters
    ----------
    rank : int
        How many parts.

    Returns
    -------
    Recipe

    References
    ----------
    S. Z. Li, X. W. Hou, H. J. Zhang, Q. S. Cheng (2001). Learning spatially localized,
    parts-based representation. CVPR.
    """
    return Recipe("lnmf", rank, function="local_nmf")


def projective(rank: int) -> Recipe:
    """Projective NMF, V ~ W W'V.

    Parameters
    ----------
    rank : int
        How many parts.

    Returns
    -------
    Recipe

    References
    ----------
    Z. Yuan, E. Oja (2005). Projective nonnegative matrix factorization for image compression
    and feature extraction. SCIA.
    """
    return Recipe("projective", rank, function="projective_nmf")


def opnmf(rank: int) -> Recipe:
    """Orthogonal projective NMF.

    Parameters
    ----------
    rank : int
        How many parts.

    Returns
    -------
    Recipe

    References
    ----------
    Z. Yang, E. Oja (2010). Linear and nonlinear projective nonnegative matrix factorization.
    IEEE Trans. Neural Networks 21(5).
    """
    return Recipe("opnmf", rank, {"orthogonal": True}, "projective_nmf")


def separable(rank: int, *, axis: str = "images") -> Recipe:
    """Separable NMF by SNPA: parts, or encodings, are picked from V itself.

    Parameters
    ----------
    rank : int
        How many parts.
    axis : {"images", "pixels"}
        What is picked: images that are parts themselves, or pixels that one part has alone.

    Returns
    -------
    Recipe

    References
    ----------
    N. Gillis (2014). Successive nonnegative projection algorithm for robust nonnegative blind
    source separation. SIAM J. Imaging Sciences 7(2).
    """
    return Recipe("separable", rank, {"axis": axis}, "separable_nmf")


def convex(rank: int) -> Recipe:
    """Convex NMF, V ~ V C H: parts are mixtures of pictures.

    Parameters
    ----------
    rank : int
        How many parts.

    Returns
    -------
    Recipe

    References
    ----------
    C. Ding, T. Li, M. I. Jordan (2010). Convex and semi-nonnegative matrix factorizations. IEEE
    TPAMI 32(1).
    """
    return Recipe("convex", rank, function="convex_nmf")


def semi(rank: int) -> Recipe:
    """Semi-NMF: V and W of either sign, H non-negative.

    Parameters
    ----------
    rank : int
        How many parts.

    Returns
    -------
    Recipe

    References
    ----------
    C. Ding, T. Li, M. I. Jordan (2010). Convex and semi-nonnegative matrix factorizations. IEEE
    TPAMI 32(1).
    """
    return Recipe("semi", rank, function="semi_nmf")


def deep(rank: int, *, hidden: int | None = None) -> Recipe:
    """Deep NMF, V ~ W1 W2 H; `visnmf.kin.deep_nmf` takes more layers.

    Parameters
    ----------
    rank : int
        How many parts the last layer has.
    hidden : int, optional
        How many parts the first layer has; by default four times as many, as far as V allows.

    Returns
    -------
    Recipe

    References
    ----------
    G. Trigeorgis, K. Bousmalis, S. Zafeiriou, B. Schuller (2014). A deep semi-NMF model for
    learning hidden representations. ICML. Here all layers are non-negative.
    """
    rank = check_integer(rank, "rank", 1)

    def ranks(V: Any) -> tuple[int, int]:
        shape = (V.V if hasattr(V, "layout") else V).shape
        return max(rank, min(4 * rank, *shape)), rank

    if hidden is not None:
        return Recipe("deep", rank, {"ranks": (hidden, rank)}, "deep_nmf")
    told = FromV(f"(min({4 * rank}, m, n), {rank})", ranks)
    return Recipe("deep", rank, {"ranks": told}, "deep_nmf")


def symmetric(rank: int) -> Recipe:
    """Symmetric NMF, S ~ H'H: takes a matrix of similarities, not pictures.

    `visnmf.terms.neighbor_graph` makes one of pictures.

    Parameters
    ----------
    rank : int
        How many clusters.

    Returns
    -------
    Recipe

    References
    ----------
    D. Kuang, C. Ding, H. Park (2012). Symmetric nonnegative matrix factorization for graph
    clustering. SDM.
    """
    return Recipe("symmetric", rank, function="symmetric_nmf")
