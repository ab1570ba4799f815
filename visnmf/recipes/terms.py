"""V ~ W H with a penalty or a constraint on a factor."""

from __future__ import annotations

from typing import Any

from visnmf.arguments import check_number
from visnmf.errors import InvalidInputError
from visnmf.recipes.recipe import FromV, Recipe, picture_layout

__all__ = ["discriminant", "gnmf", "hoyer", "nsnmf", "onmf", "smooth", "sparse", "unmixing"]

_HELD = 10.0  # the weight of GNMF's paper over that which does as much to parts of length one


def sparse(rank: int, *, l1: float = 0.05) -> Recipe:
    """Few parts for each picture: L1 on H, with parts no longer than one.

    The parts themselves become less local, since each has to say more; for local parts
    take `hoyer`, `onmf` or `lnmf`.

    Parameters
    ----------
    rank : int
        How many parts.
    l1 : float
        The weight, as a share of the mean length of a picture: so it means the same for
        pictures of any size and brightness.

    Returns
    -------
    Recipe

    References
    ----------
    P. O. Hoyer (2002). Non-negative sparse coding. IEEE NNSP.
    """
    from visnmf.terms import ElasticNet

    text = f"ElasticNet(l1={l1!r} * mean(|v|))"
    term = FromV(text, lambda V: ElasticNet(l1=l1 * _mean_length(V)))
    return Recipe("sparse", rank, {"terms_H": term})


def hoyer(
    rank: int, *, sparseness_W: float | None = 0.8, sparseness_H: float | None = None
) -> Recipe:
    """Parts, encodings or both that have exactly the sparseness asked for.

    Parameters
    ----------
    rank : int
        How many parts.
    sparseness_W, sparseness_H : float, optional
        Of each part, and of how each part is used over the pictures: from 0 (all entries
        equal) to 1 (all but one zero); None leaves it free. 0.6 to 0.8 makes parts of faces
        local.

    Returns
    -------
    Recipe

    Raises
    ------
    InvalidInputError
        If a sparseness is out of range.

    References
    ----------
    P. O. Hoyer (2004). Non-negative matrix factorization with sparseness constraints. JMLR 5.
    """
    from visnmf.terms import Sparseness

    asked = {"terms_W": sparseness_W, "terms_H": sparseness_H}
    return Recipe(
        "hoyer",
        rank,
        {side: Sparseness(target) for side, target in asked.items() if target is not None},
    )


def nsnmf(rank: int, *, theta: float = 0.5) -> Recipe:
    """Nonsmooth NMF: a fixed smoothing between W and H makes both sparse.

    Parameters
    ----------
    rank : int
        How many parts.
    theta : float
        From 0, plain NMF, to 1.

    Returns
    -------
    Recipe

    References
    ----------
    A. Pascual-Montano et al. (2006). Nonsmooth nonnegative matrix factorization (nsNMF). IEEE
    TPAMI 28(3).
    """
    return Recipe("nsnmf", rank, {"smoothing": theta})


def onmf(rank: int, *, weight: float = 0.03) -> Recipe:
    """Parts that hardly overlap: the inner products of each pair of parts are penalized.

    `opnmf` and `projective` get there by another model.

    Parameters
    ----------
    rank : int
        How many parts.
    weight : float
        Of the penalty. From about 0.2 on parts start to die out.

    Returns
    -------
    Recipe

    References
    ----------
    C. Ding, T. Li, W. Peng, H. Park (2006). Orthogonal nonnegative matrix tri-factorizations
    for clustering. KDD. S. Z. Li et al. (2001), CVPR, for the penalty.
    """
    from visnmf.terms import Orthogonal

    return Recipe("onmf", rank, {"terms_W": Orthogonal(weight)})


def smooth(rank: int, *, weight: float = 1.0) -> Recipe:
    """Parts whose pixels differ little from those beside them.

    Parameters
    ----------
    rank : int
        How many parts.
    weight : float
        Of the squared differences.

    Returns
    -------
    Recipe
        For an ImageSet, whose layout tells which pixels lie beside each other.

    References
    ----------
    R. Zdunek, A. Cichocki (2007). Nonnegative matrix factorization with constrained
    second-order optimization. Signal Processing 87.
    """
    from visnmf.terms import smooth_pictures

    def make(V: Any) -> Any:
        layout = picture_layout(V, "smooth")
        return smooth_pictures(layout.shape, weight, mask=layout.mask)

    term = FromV(f"smooth_pictures(layout.shape, {weight!r}, mask=layout.mask)", make)
    return Recipe("smooth", rank, {"terms_W": term})


def gnmf(
    rank: int, *, weight: float = 100.0, neighbors: int = 5, weights: str = "binary"
) -> Recipe:
    """Graph-regularized NMF: pictures that are neighbors get encodings near each other.

    Parameters
    ----------
    rank : int
        How many parts; the number of clusters, if they are what is looked for.
    weight : float
        Lambda of the paper, which takes 100. There nothing holds the parts, so they grow and
        evade the penalty more with each iteration. Here their length is at most one, and a
        `Graph` of a tenth of lambda does at least what the paper's rule does.
    neighbors : int
        How many neighbors each picture chooses.
    weights : {"binary", "heat", "cosine"}
        Weights of the edges, as of `visnmf.terms.neighbor_graph`.

    Returns
    -------
    Recipe

    Notes
    -----
    The paper scales each picture to length one first.

    References
    ----------
    D. Cai, X. He, J. Han, T. S. Huang (2011). Graph regularized nonnegative matrix
    factorization for data representation. IEEE TPAMI 33(8).
    """
    from visnmf.terms import Graph, neighbor_graph

    graph = f"neighbor_graph(V, neighbors={neighbors!r}, weights={weights!r})"
    held = check_number(weight, "weight") / _HELD
    term = FromV(
        f"Graph({graph}, {held!r})",
        lambda V: Graph(neighbor_graph(V, neighbors=neighbors, weights=weights), held),
    )
    return Recipe("gnmf", rank, {"terms_H": term})


def discriminant(rank: int, *, labels: Any = None, within: float = 1.0) -> Recipe:
    """Draw the encodings of each class to their mean.

    Parameters
    ----------
    rank : int
        How many parts.
    labels : sequence (n,), optional
        The class of each picture; -1, None or NaN where it is not known. By default the labels
        of the ImageSet.
    within : float
        Weight of the scatter within the classes.

    Returns
    -------
    Recipe

    References
    ----------
    Y. Wang, Y. Jia, C. Hu, M. Turk (2005). Non-negative matrix factorization framework for
    face recognition. IJPRAI 19(4).
    """
    from visnmf.terms import Discriminant

    def make(V: Any) -> Any:
        known = getattr(V, "labels", None) if labels is None else labels
        if known is None:
            raise InvalidInputError(
                "the recipe discriminant needs the class of each picture, but there are no "
                "labels; load_images(..., labels='folder') takes the names of the folders, or "
                "give labels="
            )
        return Discriminant(known, within=within)

    told = "V.labels" if labels is None else "labels"
    term = FromV(f"Discriminant({told}, within={within!r})", make)
    return Recipe("discriminant", rank, {"terms_H": term})


def unmixing(rank: int, *, abundances: str = "W", spread: float = 0.0) -> Recipe:
    """Spectra of materials, and for each pixel the shares of them, which sum to one.

    Where pixels of one material differ in brightness, scale each pixel's spectrum to the sum
    one first: else the spectra found have to reach out for the brightest and darkest pixels.

    Parameters
    ----------
    rank : int
        How many materials.
    abundances : {"W", "H"}
        Which factor holds the shares: "W" where each band is an image, as
        ``load_images(..., cube="bands")`` has it; "H" where each pixel's spectrum is a column.
    spread : float
        Weight, for each pixel, of the squared distances between the spectra (ICE): asks for the
        smallest simplex, where few pixels are pure; 0.001 to 0.01 for noisy scenes.

    Returns
    -------
    Recipe

    Raises
    ------
    InvalidInputError
        If `abundances` is neither.

    References
    ----------
    M. Berman et al. (2004). ICE: a statistical approach to identifying endmembers in
    hyperspectral images. IEEE TGRS 42.
    D. C. Heinz, C.-I. Chang (2001). Fully constrained least squares linear spectral mixture
    analysis. IEEE TGRS 39(3).
    """
    from visnmf.terms import Simplex, Spread

    if abundances not in ("W", "H"):
        raise InvalidInputError(f"abundances must be 'W' or 'H', not {abundances!r}")
    start = {"init": "snpa"} if abundances == "H" else {}  # it picks columns: pure pixels
    options: dict[str, Any] = {f"terms_{abundances}": Simplex("image"), **start}
    if spread:
        axis = 1 if abundances == "H" else 0
        options["terms_H" if abundances == "W" else "terms_W"] = FromV(
            f"Spread({spread!r} * V.shape[{axis}])",
            lambda V: Spread(spread * getattr(V, "V", V).shape[axis]),
        )
    return Recipe("unmixing", rank, options)


def _mean_length(V: Any) -> float:
    """Return the mean length of the columns of V."""
    import numpy as np

    from visnmf.starts.columns import squared_lengths

    values = V.V if hasattr(V, "layout") else V
    values = values.tocsc() if hasattr(values, "tocsc") else np.asarray(values, dtype=float)
    return float(np.sqrt(squared_lengths(values)).mean())
