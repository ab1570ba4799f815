"""Classes drawn together and apart: within/2 * tr S_w - between/2 * tr S_b (Wang et al. 2005)."""

from __future__ import annotations

from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from visnmf.errors import InvalidInputError
from visnmf.terms.checks import check_amount, check_columns
from visnmf.terms.protocol import Bound

__all__ = ["Discriminant"]


@dataclass(frozen=True, eq=False)
class Discriminant:
    """Encodings that lie close to the mean of their class, and class means far from each other.

    With the means mu_c of the n_c columns of each class, and the mean mu of all that
    have a label,

        tr S_w = sum_c sum_{j in c} |f_j - mu_c|^2,    tr S_b = sum_c n_c |mu_c - mu|^2.

    A penalty of H. The scatter within a class is that of a complete graph with the weights
    1 / n_c, of which only the means are formed.

    Parameters
    ----------
    labels : sequence (n,)
        The class of each image: numbers or names. Images with -1, None or NaN have none and
        are left out.
    within, between : float
        Weights of at least 0.

    Raises
    ------
    InvalidInputError
        No image has a label, or a weight is negative or not finite.

    Notes
    -----
    With `between` above 0 the penalty has no lower bound, however large `within` is: where
    each column is its class mean, S_w is zero while S_b grows with the square of the scale of
    H, and W shrinks to match. So `bounded` is False then, and H has to be held to a bounded
    set, such as ``Simplex("image")`` or `UnitBall`. With `between` of 0 the penalty is evaded
    by a small H beside a large W, unless W is held to `UnitBall`.

    S_b is convex, so the bound takes its tangent: B = within mu_c + between (mu_c - mu) and
    d = within, both zero for images without a label.

    References
    ----------
    Wang, Jia, Hu & Turk, "Non-negative matrix factorization framework for face recognition",
    IJPRAI 19 (2005). Zafeiriou, Tefas, Buciu & Pitas, "Exploiting discriminant information
    in nonnegative matrix factorization with application to frontal face verification",
    IEEE TNN 17 (2006).

    Examples
    --------
    >>> import numpy as np
    >>> F = np.array([[1.0, 3.0, 8.0, 10.0]])
    >>> Discriminant(["cat", "cat", "dog", "dog"]).value(F)
    2.0
    """

    labels: Any
    within: float = 1.0
    between: float = 0.0

    name = "discriminant"
    convex = True
    separable = False

    def __post_init__(self) -> None:
        """Check the weights and the labels."""
        for name in ("within", "between"):
            object.__setattr__(self, name, check_amount(getattr(self, name), name))
        if np.ndim(self.labels) != 1 or not (self._classes >= 0).any():
            raise InvalidInputError(
                "labels must be a sequence with the class of each image, -1 or None where it "
                "has none; at least one image needs a class"
            )

    @property
    def bounded(self) -> bool:
        """Whether the penalty has a lower bound over all F >= 0."""
        return self.between == 0

    @property
    def degrees(self) -> tuple[float, float]:
        """Class means are bounded by tangents, which are linear."""
        return (1.0, 2.0 if self.within or self.between else 1.0)

    def check(self, shape: tuple[int, int]) -> None:
        """Refuse a factor that does not have one column a label."""
        check_columns(shape, len(self._classes), "the labels are")

    def scaled(self, share: float) -> Discriminant:
        """Return the penalty with a share of its weight, as beside some of the images."""
        return replace(self, within=share * self.within, between=share * self.between)

    def value(self, F: np.ndarray) -> float:
        """Return the penalty at F."""
        marked = F[:, self._marked].astype(np.float64)
        of_class, of_all = self._means(F)
        apart = float(((of_class - of_all) ** 2).sum())
        marked -= of_class
        return 0.5 * (self.within * float((marked**2).sum()) - self.between * apart)

    def split(self, F: np.ndarray) -> tuple[np.ndarray | float, np.ndarray | float]:
        """Return within F + between mu and (within + between) mu_c."""
        of_class, of_all = self._means(F)
        pos, neg = np.zeros_like(F), np.zeros_like(F)
        pos[:, self._marked] = self.within * F[:, self._marked] + self.between * of_all
        neg[:, self._marked] = (self.within + self.between) * of_class
        return pos, neg

    def bound(self, F: np.ndarray) -> Bound:
        """Return the bound by the class means that F has, and by the tangent of S_b."""
        of_class, of_all = self._means(F)
        B, d = np.zeros_like(F), np.zeros(F.shape[1], F.dtype)
        B[:, self._marked] = (self.within + self.between) * of_class - self.between * of_all
        d[self._marked] = self.within
        return Bound(B=B, d=d)

    def _means(self, F: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
        """Return the class mean of each marked column, and the mean of all, in float64."""
        classes = self._classes[self._marked]
        counts = np.bincount(classes)
        marked = F[:, self._marked]
        sums = np.stack([np.bincount(classes, row, len(counts)) for row in marked])
        of_all = sums.sum(axis=1, keepdims=True) / len(classes)
        return (sums / counts)[:, classes], of_all

    @cached_property
    def _marked(self) -> np.ndarray:
        """The images that have a label."""
        return np.flatnonzero(self._classes >= 0)

    @cached_property
    def _classes(self) -> np.ndarray:
        """The number of each image's class, from 0; -1 for none."""
        seen: dict[Any, int] = {}
        numbers = [
            -1
            if label is None or label == -1 or label != label
            else seen.setdefault(label, len(seen))
            for label in np.asarray(self.labels, dtype=object).tolist()
        ]
        return np.array(numbers, dtype=np.intp)
