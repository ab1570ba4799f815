"""W H in whole numbers: the same levels on every machine.

Part k is whole numbers P_k (m of them), image j holds Q_kj of it, and a step of both is worth
scale_k / 2^shift levels:

    levels = clip((sum_k scale_k P_k Q_kj + 2^(shift - 1)) >> shift, 0, peak)

All numbers are whole. The sum is formed by a product of float64 matrices, which is exact, in
whatever order a machine adds, as long as no sum can pass 2^53; `check_sums` sees to that before
anything is formed.
"""

from __future__ import annotations

import numpy as np

from visnmf.errors import InvalidInputError

__all__ = ["MOST_SHIFT", "check_sums", "fix_scales", "rebuild", "weighted"]

MOST_SHIFT = 40
_MOST_SCALE = 2**16 - 1
_EXACT = 2.0**53


def fix_scales(scales: np.ndarray) -> tuple[np.ndarray, int]:
    """Bring real scales to whole numbers of 16 bits with one shift.

    Parameters
    ----------
    scales : ndarray of floats, shape (rank,)
        Levels per step, positive.

    Returns
    -------
    fixed : ndarray of int64, shape (rank,)
        1 to 65535.
    shift : int
        fixed / 2^shift are the scales, to 16 bits of the largest one.
    """
    largest = float(scales.max())
    shift = int(np.clip(np.floor(np.log2(_MOST_SCALE / largest)), 0, MOST_SHIFT))
    fixed = np.clip(np.rint(scales * 2.0**shift), 1, _MOST_SCALE)
    return fixed.astype(np.int64), shift


def weighted(parts: np.ndarray, scales: np.ndarray) -> np.ndarray:
    """Return scale_k P_k, the whole numbers that `rebuild` takes, as float64 (rank, m)."""
    return parts.astype(np.float64) * scales.astype(np.float64)[:, None]


def check_sums(parts: np.ndarray, scales: np.ndarray, most: np.ndarray | int, shift: int) -> None:
    """See that no sum of `rebuild` can pass 2^53.

    Parameters
    ----------
    parts : ndarray of ints, shape (rank, m)
        P.
    scales : ndarray of int64, shape (rank,)
        Of each part.
    most : ndarray (rank,) or int
        The greatest value of each row of Q.
    shift : int
        Fixed-point bits.

    Raises
    ------
    InvalidInputError
        If one could.
    """
    rows = parts.max(axis=1, initial=0).astype(np.float64) * scales * np.asarray(most, np.float64)
    bound = float(rows.sum()) + 2.0**shift
    if not bound < _EXACT:
        raise InvalidInputError(
            f"parts and encodings may add up to {bound:.3g}, beyond the {_EXACT:.3g} to which "
            "whole numbers are exact"
        )


def rebuild(weights: np.ndarray, Q: np.ndarray, shift: int, peak: int) -> np.ndarray:
    """Return levels of images from the weighted parts and their encodings.

    Parameters
    ----------
    weights : ndarray of float64, shape (rank, m)
        As `weighted` gives them, checked by `check_sums`.
    Q : ndarray of ints, shape (rank,) or (rank, n)
        Encodings of one image, or of some.
    shift : int
        Fixed-point bits, at most `MOST_SHIFT`.
    peak : int
        The greatest level, 255 or 65535.

    Returns
    -------
    levels : ndarray of uint8 or uint16, shape (m,) or (n, m)
        Exact, images first.
    """
    sums = Q.T.astype(np.float64) @ weights
    if shift:
        sums += 2.0 ** (shift - 1)
        sums *= 2.0**-shift
        np.floor(sums, out=sums)
    np.minimum(sums, peak, out=sums)  # none is negative
    return sums.astype(np.uint8 if peak < 256 else np.uint16)
