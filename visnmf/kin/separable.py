"""Separable NMF: parts (or encodings) that are picked from V itself."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Any

import numpy as np

from visnmf.arguments import check_choice, check_integer
from visnmf.errors import InvalidInputError
from visnmf.kernels.threads import on_threads
from visnmf.kin.edge import check_dense
from visnmf.kin.loop import half_squared_error
from visnmf.solve.result import Factorization
from visnmf.solve.stopping import Trace
from visnmf.starts.separable import METHODS, fit, pick

__all__ = ["SeparableFactorization", "separable_nmf"]

AXES = ("images", "pixels")


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class SeparableFactorization(Factorization):
    """V = V[:, picked] H + U, or V = W V[picked, :] + U.

    Attributes
    ----------
    picked : ndarray of int (rank,)
        Which images, or which pixels, in the order in which they were picked.
    axis : str
        "images" or "pixels".
    """

    picked: np.ndarray
    axis: str


@on_threads
def separable_nmf(
    V: Any,
    rank: int,
    *,
    method: str = "snpa",
    axis: str = "images",
    normalize: bool = False,
) -> SeparableFactorization:
    r"""Factorize V by images, or by pixels, that hold one part each.

    With ``axis="images"`` some images are taken to be pure, showing one part alone, and the
    others to be mixtures of them: :math:`V \approx V_{:,K} H`. With ``axis="pixels"`` each
    part is taken to have a pixel to itself, so that the row of V at that pixel is the part's
    encodings: :math:`V \approx W V_{K,:}`. The images or pixels K are picked by SNPA [1]_ or
    SPA [2]_, the other factor is fitted by non-negative least squares.

    Parameters
    ----------
    V : array_like (m, n) or ImageSet
        Non-negative and finite; columns are images.
    rank : int
        How many to pick, at most n (images) or m (pixels).
    method : {"snpa", "spa"}
        SNPA also finds parts that depend on each other linearly, and stands more noise; SPA
        is faster.
    axis : {"images", "pixels"}
        What is picked.
    normalize : bool
        Pick by images (or pixels) scaled to the sum 1, which any separable V allows. Without it
        the weights of a mixture are taken to sum to at most 1, and dark ones are left alone.

    Returns
    -------
    SeparableFactorization
        With what was picked; `reason` is "picked", `n_iter` the rank and `kkt` NaN.

    Raises
    ------
    InvalidInputError
        If V has negative or non-finite entries, or too few images or pixels.

    Notes
    -----
    The swimmer set [3]_ has no pure image, but each limb position has pixels of its own:
    its 17 parts are found with ``axis="pixels"`` by SNPA. SPA fails there, since the row of
    the torso is a linear combination of those of the limbs.

    References
    ----------
    .. [1] N. Gillis (2014). Successive nonnegative projection algorithm for robust
       nonnegative blind source separation. SIAM J. Imaging Sciences 7(2).
    .. [2] M. C. U. Araujo et al. (2001). The successive projections algorithm for variable
       selection. Chemometrics and Intelligent Laboratory Systems 57(2).
    .. [3] D. Donoho, V. Stodden (2004). When does non-negative matrix factorization give a
       correct decomposition into parts? NIPS 16.

    Examples
    --------
    >>> import numpy as np
    >>> from visnmf.kin import separable_nmf
    >>> V = np.array([[2.0, 0.0, 1.0], [0.0, 3.0, 1.5]])
    >>> result = separable_nmf(V, 2)
    >>> result.picked
    array([1, 0])
    >>> result.H.round(6)
    array([[0. , 1. , 0.5],
           [1. , 0. , 0.5]])
    """
    trace = Trace()
    values = check_dense(V)
    rank = check_integer(rank, "rank", 1)
    check_choice(method, "method", METHODS)
    by_image = check_choice(axis, "axis", AXES) == "images"
    points = values if by_image else values.T
    if rank > points.shape[1]:
        raise InvalidInputError(
            f"rank={rank} is more than there are: V has {points.shape[1]} {axis} to pick from"
        )
    picked, H = pick(points, rank, method=method, normalize=bool(normalize))
    W = np.ascontiguousarray(points[:, picked].T)
    fit(points, W, H)
    objective = half_squared_error(points, W, H)
    trace.add("V", rank, objective, float("nan"))
    return SeparableFactorization(
        *((W.T, H) if by_image else (H.T, W)),
        objective=objective,
        kkt=float("nan"),
        history=trace.history,
        reason="picked",
        n_iter=rank,
        settings={
            "method": "separable_nmf",
            "rank": rank,
            "picks": method,
            "axis": axis,
            "normalize": bool(normalize),
        },
        picked=picked,
        axis=axis,
    )
