"""Sum to one: rows or columns of F on the unit simplex (Duchi et al. 2008)."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from visnmf.errors import InvalidInputError

__all__ = ["Simplex", "project_to_simplex"]


@dataclass(frozen=True)
class Simplex:
    """Entries of each part, or of each image, that are non-negative and sum to one.

    For the unmixing of spectra, abundances of a pixel sum to one. Where the pixels are the
    columns of V, its spectra, they are the columns of H: ``Simplex(along="image")`` on H.
    Where the bands are the images, the abundances are in W; since W is kept transposed, a
    pixel is a column there as well: ``Simplex(along="image")`` on W.

    Parameters
    ----------
    along : {"part", "image"}
        What sums to one: each row of F or each column.

    Raises
    ------
    InvalidInputError
        `along` is neither.

    References
    ----------
    Duchi, Shalev-Shwartz, Singer & Chandra, "Efficient projections onto the l1-ball for
    learning in high dimensions", ICML 2008. Heinz & Chang, "Fully constrained least squares
    linear spectral mixture analysis", IEEE TGRS 39 (2001).

    Examples
    --------
    >>> import numpy as np
    >>> F = np.array([[0.5, 2.0], [0.25, 0.0]])
    >>> Simplex("image").project(F)
    >>> F
    array([[0.625, 1.   ],
           [0.375, 0.   ]])
    """

    along: str = "part"

    name = "sum to one"
    convex = True
    total = 1.0
    degree = 1
    exact = True

    def __post_init__(self) -> None:
        """Check the direction."""
        if self.along not in ("part", "image"):
            raise InvalidInputError(f'along must be "part" or "image", not {self.along!r}')

    @property
    def couples(self) -> str:
        """What sums to one."""
        return self.along

    def check(self, shape: tuple[int, int]) -> None:
        """Accept any factor."""

    def project(self, F: np.ndarray) -> None:
        """Move F to the nearest point whose rows or columns sum to one, in place."""
        project_to_simplex(F if self.along == "part" else F.T)


def project_to_simplex(F: np.ndarray) -> None:
    """Move each row to the nearest one that is non-negative and sums to one, in place.

    That is max(f - t, 0), where t is the one number that makes the sum right: found
    among the averages of the largest 1, 2, ... entries, each less its share of the total.
    """
    # A row less its largest entry has the same projection and no digits to lose
    np.subtract(F, F.max(axis=1, keepdims=True), out=F)
    down = np.sort(F, axis=1)[:, ::-1]
    shift = np.cumsum(down, axis=1, dtype=np.float64) - 1
    shift /= np.arange(1, F.shape[1] + 1)
    last = np.count_nonzero(down > shift, axis=1) - 1
    np.subtract(F, np.take_along_axis(shift, last[:, None], axis=1), out=F, casting="same_kind")
    np.maximum(F, 0, out=F)
