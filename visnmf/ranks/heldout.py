"""Held-out pixels: fit some entries of V, judge by the others (Wold 1978; Owen & Perry 2009).

Entries are hidden here and there in all images, a speckled mask, and V is factorized as a matrix
with missing entries. A rank that is too low misses structure in the hidden ones, a rank that is too
high fits noise that they do not share. What is hidden is never looked at before it is judged: not
by starts, not by scalings, not by the parts that are added from rank to rank.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from visnmf.ranks.growing import grow
from visnmf.solve.factorize import factorize

__all__ = ["Fold", "hidden_masks"]

_SHARES = 10  # a fold hides one entry in ten
GROUPS = 40  # of images, over which the error of a difference is told


def hidden_masks(shape: tuple[int, int], folds: int, rng: np.random.Generator) -> list[np.ndarray]:
    """Return which entries each fold hides, no entry twice, by the shape alone.

    Each hides the same number of pixels of each image, to one. No row or column is hidden whole.
    """
    m, n = shape
    shares = max(_SHARES, folds)
    order = rng.permuted(np.broadcast_to(np.arange(m)[:, None], shape), axis=0)
    label = (order + rng.permutation(n)) % shares
    masks = []
    for fold in range(folds):
        mask = label == fold
        mask[mask.all(axis=1), 0] = False
        mask[0, mask.all(axis=0)] = False
        masks.append(mask)
    return masks


@dataclass
class Fold:
    """The fits of one mask, each from the one of the next lower rank.

    Parameters
    ----------
    V : ndarray (m, n)
        Images as columns.
    hidden : ndarray of bool (m, n)
        What is judged and not fitted.
    seed : int
        Of the first fit.
    settings : dict
        As of `visnmf.factorize`.
    """

    V: np.ndarray
    hidden: np.ndarray
    seed: int
    settings: dict[str, Any]
    fits: dict[int, tuple[np.ndarray, np.ndarray]] = field(default_factory=dict)

    def fit(self, rank: int) -> tuple[np.ndarray, np.ndarray]:
        """Return W and H of a rank, which have not seen what is hidden."""
        if rank in self.fits:
            return self.fits[rank]
        observed = ~self.hidden
        start: dict[str, Any] = {}
        if lower := [r for r in self.fits if r < rank]:
            W, H = self.fits[max(lower)]
            start = dict(zip("WH", grow(self.V, observed, W, H, rank), strict=True))
        run = factorize(
            self.V, rank, observed=observed, seed=self.seed, n_jobs=1, **start, **self.settings
        )
        self.fits[rank] = run.W, run.H
        return run.W, run.H

    def errors(self, rank: int, judge: Callable[[np.ndarray], np.ndarray]) -> np.ndarray:
        """Return what `judge` makes of the squared errors of the hidden entries, 0 elsewhere."""
        W, H = self.fit(rank)
        missed = np.where(self.hidden, self.V - W @ H, 0)
        return judge(np.square(missed, dtype=np.float64))
