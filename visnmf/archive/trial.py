"""One way to hold V in an archive: parts and encodings in whole numbers, and what that costs."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from visnmf.archive.basis import Basis, BasisMaker
from visnmf.archive.entries import estimate_bytes
from visnmf.archive.fixed_point import check_sums, rebuild, weighted
from visnmf.archive.lattice import TRADE, settle
from visnmf.kernels.choose import choose_kernels
from visnmf.kernels.products import gram_of, product
from visnmf.kernels.threads import spread

__all__ = ["MOST", "Pair", "Trial", "compact", "squared_error"]

MOST = 2**16 - 1
"""The greatest whole number of an encoding."""

_RELAX = 4  # sweeps of real non-negative least squares before H is brought to whole numbers
_BLOCK = 512  # images that are rebuilt together


@dataclass(frozen=True, eq=False)
class Pair:
    """V ~ W'H in real numbers.

    Attributes
    ----------
    W, H : ndarray of float32 (rank, m), (rank, n)
        No row of either is zero, unless all of V is.
    """

    W: np.ndarray
    H: np.ndarray

    @classmethod
    def of(cls, W: np.ndarray, H: np.ndarray) -> Pair:
        """Take factors as `factorize` gives them, strong parts first, none that is never used."""
        W = W.T
        energy = np.einsum("km,km->k", W, W) * np.einsum("kj,kj->k", H, H)
        order = np.argsort(-energy, kind="stable")[: max(1, np.count_nonzero(energy))]
        return cls(np.ascontiguousarray(W[order]), np.ascontiguousarray(H[order]))

    def error(self, V: np.ndarray) -> float:
        """Return ||V - W'H||^2, by blocks of images."""
        total = 0.0
        for first in range(0, V.shape[1], _BLOCK):
            some = slice(first, first + _BLOCK)
            left = V.T[some] - self.H[:, some].T @ self.W
            total += float(np.einsum("jm,jm->", left, left, dtype=np.float64))
        return total


@dataclass(frozen=True, eq=False)
class Trial:
    """Whole numbers in place of a pair.

    Attributes
    ----------
    basis : Basis
        Of the parts.
    H : ndarray of int32 (rank, n)
        Encodings in steps.
    step : float
        The step of H, in the units of V for parts of length 1.
    error : float
        Squared error over all values, in squared levels, exact.
    nbytes : float
        What parts and encodings take; of a sample, scaled up to the whole set.
    """

    basis: Basis
    H: np.ndarray
    step: float
    error: float
    nbytes: float


def compact(
    V: np.ndarray, pair: Pair, step: float, maker: BasisMaker, *, n: int, rounds: int = 1
) -> Trial:
    """Bring a pair to whole numbers with a step for H.

    Parameters
    ----------
    V : ndarray of float32 (m, n'), columns contiguous
        In [0, 1]; the whole set or a sample of it.
    pair : Pair
        Of V.
    step : float
        Of H.
    maker : BasisMaker
        How parts are stored.
    n : int
        Images in the whole set.
    rounds : int
        How often W is sought anew beside the whole-numbered H, and H once more.

    Returns
    -------
    trial : Trial
    """
    W, H = pair.W, pair.H
    basis = maker.make(W, H, step, None)
    for left in range(rounds, -1, -1):
        E = basis.steps()
        G, B = gram_of(E), product(E, V)
        lengths = np.sqrt(np.einsum("km,km->k", W, W))
        size = np.sqrt(np.diag(G))
        H = H * np.divide(lengths, size, out=np.zeros_like(size), where=size > 0)[:, None]
        H = H.astype(np.float32, copy=False)
        choose_kernels("auto", len(H), sum(V.shape)).hals(H, G, B, _RELAX, 0.0)
        Q = np.minimum(np.rint(H), MOST).astype(np.int32)
        settle(Q, G, B, trade=TRADE * step * step)
        if not left:
            break
        used = Q.any(axis=1) & basis.parts.any(axis=1)
        if not used.any():
            break
        H = Q[used].astype(np.float32)
        energy = np.diag(G)[used] * np.einsum("kj,kj->k", H, H)
        order = np.argsort(-energy, kind="stable")  # the coder of entries goes from large to small
        W, H = np.ascontiguousarray(E[used][order]), np.ascontiguousarray(H[order])
        basis = maker.make(W, H, step, product(H, V.T))
    check_sums(basis.parts, basis.scales, Q.max(axis=1), basis.shift)
    error = squared_error(V, basis, Q)
    return Trial(basis, Q, step, error, basis.nbytes + estimate_bytes(Q) * n / V.shape[1])


def squared_error(V: np.ndarray, basis: Basis, Q: np.ndarray) -> float:
    """Return the squared error of what a reader will see, summed over all values, in levels."""
    weights = weighted(basis.parts, basis.scales)
    n = V.shape[1]
    peak, top = basis.peak, basis.top
    sums = np.zeros(-(-n // _BLOCK))

    def add(first: int, last: int) -> None:
        for i in range(first, last):
            columns = slice(i * _BLOCK, min(n, (i + 1) * _BLOCK))
            seen = rebuild(weights, Q[:, columns], basis.shift, top)
            difference = np.rint(V[:, columns].T * np.float32(peak))
            difference -= seen
            sums[i] = np.einsum("jm,jm->", difference, difference, dtype=np.float64)

    spread(add, len(sums), 2.0 * weights.size * n)
    return float(sums.sum())
