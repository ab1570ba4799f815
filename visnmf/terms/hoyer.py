"""Hoyer's sparseness (sqrt(q) - |f|_1 / |f|_2) / (sqrt(q) - 1) of each row, held exactly."""

from __future__ import annotations

import math
from dataclasses import dataclass, replace

import numpy as np

from visnmf.errors import InvalidInputError

__all__ = ["Sparseness"]


@dataclass(frozen=True)
class Sparseness:
    """Rows of F that all have one sparseness; their lengths are free.

    Sparseness is 0 where all entries are equal and 1 where all but one are zero. Rows of
    one sparseness form a cone, which is not convex. The nearest point of it to a
    row t lies along the direction u >= 0 of that sparseness, |u|_2 = 1, for which <t, u>
    is largest: u is max(t - mu, 0) at length one. The root mu is found in closed form
    between two neighbors among the sorted entries, so that the sparseness is
    exact to rounding (Thom & Palm 2013), where Hoyer (2004) alternates.

    Parameters
    ----------
    target : float
        The sparseness, 0 <= target < 1; 0.6 to 0.8 makes parts of faces local.
    unit : bool
        Whether rows have length one, too. `visnmf.factorize` sees to it where the other
        factor alone is penalized, so that growing rows cannot undo that.

    Raises
    ------
    InvalidInputError
        The target is out of range.

    Notes
    -----
    No row becomes zero, since zero has no sparseness: where the nearest point is zero (rows
    without positive entries), the row becomes a very short one along u. Where more entries
    share the largest value than the target leaves room for, there are several nearest
    points; the first of these entries is raised above the others. Entries that rounding alone
    would lift from zero stay at zero.

    References
    ----------
    Hoyer, "Non-negative matrix factorization with sparseness constraints", JMLR 5 (2004).
    Thom & Palm, "Sparse activity and sparse connectivity in supervised learning", JMLR 14
    (2013).

    Examples
    --------
    >>> import numpy as np
    >>> F = np.array([[4.0, 3.0, 2.0, 1.0]])
    >>> Sparseness(0.5).project(F)
    >>> F.round(3)
    array([[4.445, 2.604, 0.763, 0.   ]])
    >>> round(float((2 - F.sum() / np.linalg.norm(F)) / (2 - 1)), 12)
    0.5
    """

    target: float
    unit: bool = False

    name = "sparseness"
    couples = "part"
    convex = False
    total = None
    degree = 1
    exact = False

    def __post_init__(self) -> None:
        """Check the target."""
        real = isinstance(self.target, int | float | np.integer | np.floating)
        if isinstance(self.target, bool) or not real or not 0 <= self.target < 1:
            raise InvalidInputError(
                f"the target of sparseness must be at least 0 and below 1, not {self.target!r}"
            )

    def check(self, shape: tuple[int, int]) -> None:
        """Refuse rows of one entry, whose sparseness is not defined."""
        if shape[1] < 2:
            raise InvalidInputError(
                "sparseness needs parts of two entries at least, but the rows of this factor "
                "have one; leave the constraint out"
            )

    def nearer(self, start: float, share: float) -> Sparseness:
        """Return the constraint a share of the way from another sparseness to this one.

        Parameters
        ----------
        start, share : float
            The other sparseness, and the share of the way, 0 to 1.

        Returns
        -------
        Sparseness
        """
        target = start + share * (self.target - start)
        return replace(self, target=min(max(target, 0.0), 0.999))

    def project(self, F: np.ndarray) -> None:
        """Move each row to the nearest one of the target's sparseness, in place."""
        root = math.sqrt(F.shape[1])
        norm = root - float(self.target) * (root - 1)
        eps = float(np.finfo(F.dtype).eps)
        for row in F:
            t = row.astype(np.float64)
            u = _direction(t, norm, 4 * eps)
            row[:] = u if self.unit else max(float(t @ u), eps**2) * u


def _direction(t: np.ndarray, norm: float, dust: float) -> np.ndarray:
    """Return the u >= 0 with |u|_2 = 1 and |u|_1 = norm that has the largest <t, u>."""
    t = t - t.max()
    t /= -t.min() or 1.0
    down = np.sort(t)[::-1]
    counts = np.arange(1, len(t) + 1)
    mean = np.cumsum(down) / counts
    spread = np.cumsum(down * down) / counts - mean * mean
    # |max(t - mu, 0)|_1 <= norm |max(t - mu, 0)|_2 at mu = down: then mu is not above it
    inside = (mean - down) ** 2 * (counts - norm**2) <= norm**2 * np.maximum(spread, 0)
    size = int(np.flatnonzero(inside)[-1]) + 1
    largest = np.argsort(-t, kind="stable")[:size]
    u = np.zeros_like(t)
    u[largest] = _levels(t[largest], norm)
    kept = largest[u[largest] > dust * u.max()]
    if norm**2 < len(kept) < size:
        u[:] = 0
        u[kept] = _levels(t[kept], norm)
    return u


def _levels(t: np.ndarray, norm: float) -> np.ndarray:
    """Return the direction on its support: t - mu at length one, with the mu that fits `norm`."""
    size = len(t)
    above = t - t.mean()
    spread = float(np.mean(above**2))
    room = size - norm**2
    if room <= 1e-12 * size:  # the target wants all of these equal
        u = np.ones_like(t)
    elif spread > 0:
        u = np.maximum(above + norm * math.sqrt(spread / room), 0)
    else:  # they are equal, and it does not: raise the first
        u = np.full_like(t, norm / size - math.sqrt(room / (size - 1)) / size)
        u[0] = norm / size + math.sqrt(room / (size - 1)) * (size - 1) / size
    return u / np.linalg.norm(u)
