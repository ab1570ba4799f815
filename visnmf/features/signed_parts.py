"""Parts as signed patterns, ON less OFF, that patches are fitted by and rebuilt from."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass
from functools import cached_property

import numpy as np
from numpy.typing import NDArray

from visnmf.features.patch_code import PatchCode
from visnmf.features.windows import Windows
from visnmf.images.signs import join_signs
from visnmf.kernels.greedy import Greedy, choose_greedy
from visnmf.kernels.threads import jobs, spread
from visnmf.solve.sparse_coding import gram_of_units, sparse_encode

__all__ = ["SignedParts", "Treat", "relaid"]

_BAND = 8192
"""Patches treated at a time, about."""

_NEVER = np.float32(1e6)
"""The cost of parts that are not to be used."""

_Array = NDArray[np.float32]
Treat = Callable[[_Array, Greedy], tuple[_Array, _Array]]


@dataclass(frozen=True, eq=False)
class SignedParts:
    """Signed patterns of unit length.

    ON and OFF halves can only add up, so that a pattern that cancels a part of another is beyond
    them; their differences can, with encodings that are still non-negative. So patches are
    rebuilt by these.

    Parameters
    ----------
    D : ndarray (values, rank)
        The patterns; what has no length is zeros.
    centered : bool
        Whether the mean of a patch is taken off first.
    """

    D: _Array
    centered: bool

    @classmethod
    def of(cls, code: PatchCode) -> SignedParts:
        """Return the patterns of a code."""
        if code.contrast.kind != "onoff":
            return cls(code.W, False)
        D = join_signs(code.W, axis=0)
        lengths = np.linalg.norm(D, axis=0)
        return cls(np.ascontiguousarray(D / np.where(lengths > 1e-6, lengths, np.inf)), True)

    @cached_property
    def gram(self) -> _Array:
        """D'D."""
        return gram_of_units(self.D)

    def fit(self, patches: _Array, cost: float | _Array, kernels: Greedy) -> tuple[_Array, _Array]:
        """Fit patches by few patterns each.

        Patterns are chosen by non-negative sparse coding, then fitted anew without the cost,
        which would leave them too faint.

        Parameters
        ----------
        patches : ndarray (count, values)
            In values of pixels.
        cost : float or ndarray (count, 1)
            What a unit of a pattern costs, in these values.
        kernels : Greedy
            The descent.

        Returns
        -------
        fitted : ndarray (count, values)
            The patches rebuilt.
        used : ndarray (count,)
            How many patterns each took.
        """
        mean = patches.mean(axis=1, keepdims=True) if self.centered else np.float32(0)
        rest = patches - mean
        H = sparse_encode(rest, self.D, self.gram, cost, kernels=kernels)
        chosen = H > 0
        B = rest @ self.D
        B -= np.where(chosen, np.float32(0), _NEVER)
        kernels.descend(B, self.gram, H, 60, 1e-3)
        return H @ self.D.T + mean, chosen.sum(axis=1).astype(np.float32)


def relaid(picture: _Array, size: tuple[int, int], stride: int, treat: Treat, rank: int) -> _Array:
    """Treat the overlapping patches of a picture, and lay them together again.

    Parameters
    ----------
    picture : ndarray (h, w, channels)
        No smaller than a patch.
    size : (height, width)
        Of a patch.
    stride : int
        At most the size, so that all pixels are covered.
    treat : callable
        Called as ``treat(patches, kernels)`` with (count, values), from several threads; gives
        patches like these and a weight for each.
    rank : int
        How many parts there are: tells what kernels are worth.

    Returns
    -------
    ndarray (h, w, channels)
    """
    h, w, channels = picture.shape
    windows = Windows((h, w, channels), size, stride)
    down, across = windows.grid
    kernels = choose_greedy(down * across * rank)
    few = max(_BAND // across, 1)
    bands = [slice(row, min(row + few, down)) for row in range(0, down, few)]
    laid: list[tuple[_Array, _Array]] = [(picture, picture)] * len(bands)

    def share(first: int, last: int) -> None:
        with jobs(1):
            for i in range(first, last):
                patches, weights = treat(windows.cut(picture, bands[i]), kernels)
                laid[i] = windows.sums(patches, weights, bands[i])

    spread(share, len(bands), float(down * across) * rank * size[0] * size[1] * channels)
    total, counts = np.zeros_like(picture), np.zeros((h, w, 1), np.float32)
    for band, (values, count) in zip(bands, laid, strict=True):
        top = windows.rows[band.start]
        total[top : top + len(values)] += values
        counts[top : top + len(values)] += count
    total /= np.maximum(counts, np.finfo(np.float32).tiny)
    return total
