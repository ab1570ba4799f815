"""Total variation: weight * sum over pixels beside each other of sqrt((f_i - f_j)^2 + eps^2)."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from visnmf.errors import InvalidInputError
from visnmf.terms.checks import check_amount, check_columns
from visnmf.terms.grid import kept_values
from visnmf.terms.protocol import Bound

__all__ = ["TotalVariation"]


@dataclass(frozen=True, eq=False)
class TotalVariation:
    """Parts that are flat but for a few edges; a penalty of W.

    Differences along and down a picture count by themselves (the anisotropic form), each
    channel too. eps rounds the corner at zero off, so that there is a gradient.

    Parameters
    ----------
    shape : tuple of int
        Of a picture: (height, width) or (height, width, channels); `ImageLayout.shape`.
    weight : float
        At least 0.
    mask : array of bool (height, width), optional
        True where a pixel is kept in V; differences are taken where both pixels are.
    eps : float
        Above 0; differences well below it are smoothed rather than removed.

    Raises
    ------
    InvalidInputError
        The shape, the mask, the weight or eps cannot be used.

    Notes
    -----
    sqrt(x^2 + eps^2) <= (x^2 + eps^2) / (2 s) + s / 2, with equality at s = sqrt(x^2 + eps^2).
    So at each F a graph Laplacian for each part, whose edges weigh weight / s, lies above the
    penalty and touches it. `split` is that of these graphs. Their separable
    bounds have the curvatures 2 D_k; of these `bound` takes the largest over the parts for
    each pixel, as one curvature a column is what a bound has.

    References
    ----------
    Rudin, Osher & Fatemi, "Nonlinear total variation based noise removal algorithms",
    Physica D 60 (1992). Zhang, Fang, Liu, Tang, Chen, Yu & Yan, "Total variation norm-based
    nonnegative matrix factorization for identifying discriminant representation of image
    patterns", Neurocomputing 71 (2008).

    Examples
    --------
    >>> import numpy as np
    >>> variation = TotalVariation((2, 2), 1.0, eps=1e-9)
    >>> round(variation.value(np.array([[0.0, 1.0, 0.0, 3.0]])), 6)  # 1 + 3 along, 0 + 2 down
    6.0
    """

    shape: tuple[int, ...]
    weight: float
    mask: Any = None
    eps: float = 1e-3

    name = "total variation"
    convex = True
    separable = False
    degrees = (1.0, 2.0)

    def __post_init__(self) -> None:
        """Check all fields."""
        object.__setattr__(self, "weight", check_amount(self.weight, "weight"))
        if not check_amount(self.eps, "eps"):
            raise InvalidInputError("eps must be above 0: without it there is no gradient")
        kept_values(self.shape, self.mask)

    def check(self, shape: tuple[int, int]) -> None:
        """Refuse a factor that does not have one column a kept value of a picture."""
        needed = int(np.count_nonzero(self._keep))
        check_columns(shape, needed, "the values of a picture that are kept are")

    def scaled(self, share: float) -> TotalVariation:
        """Return the penalty with a share of its weight, as beside some of the images."""
        return replace(self, weight=share * self.weight)

    def value(self, F: np.ndarray) -> float:
        """Return the penalty at F."""
        pictures = self._pictures(F)
        total = 0.0
        for low, high, both in self._pairs():
            difference = (pictures[:, *high] - pictures[:, *low])[:, both].astype(np.float64)
            total += float(np.hypot(difference, self.eps).sum())
        return self.weight * total

    def split(self, F: np.ndarray) -> tuple[np.ndarray | float, np.ndarray | float]:
        """Return F_k D_k and F_k S_k of the graph that each part has at F."""
        D, drawn = self._graphs(F)
        return F * D, drawn

    def bound(self, F: np.ndarray) -> Bound:
        """Return the separable bound of all parts' graphs together."""
        D, drawn = self._graphs(F)
        d = 2 * D.max(axis=0)
        return Bound(B=F * (d - D) + drawn, d=d)

    def _graphs(self, F: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return for each part the degrees D_k of its graph, and f_k S_k."""
        pictures = self._pictures(F)
        D, drawn = np.zeros_like(pictures), np.zeros_like(pictures)
        for low, high, both in self._pairs():
            before, after = pictures[:, *low], pictures[:, *high]
            S = np.where(both, self.weight / np.hypot(after - before, self.eps), 0)
            S = S.astype(F.dtype, copy=False)
            D[:, *low] += S
            D[:, *high] += S
            drawn[:, *low] += S * after
            drawn[:, *high] += S * before
        return D[:, self._keep], drawn[:, self._keep]

    def _pictures(self, F: np.ndarray) -> np.ndarray:
        pictures = np.zeros((len(F), *self._keep.shape), F.dtype)
        pictures[:, self._keep] = F
        return pictures

    def _pairs(self) -> Iterator[tuple[tuple[slice, ...], tuple[slice, ...], np.ndarray]]:
        """Yield for either direction the first pixels, the ones after them, where both are kept."""
        before, after, every = slice(None, -1), slice(1, None), slice(None)
        for low, high in (((before,), (after,)), ((every, before), (every, after))):
            yield low, high, self._keep[low] & self._keep[high]

    @cached_property
    def _keep(self) -> np.ndarray:
        return kept_values(self.shape, self.mask)
