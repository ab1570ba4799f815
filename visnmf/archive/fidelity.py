"""How far pictures are from what came back of them."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import Any

import numpy as np
from numpy.typing import NDArray

__all__ = ["Fidelity", "fidelity_of", "joined", "psnr_of", "squared_errors", "to_psnr"]

_BLOCK = 2**19  # values that are compared at a time


@dataclass(frozen=True)
class Fidelity:
    """What came back of a set.

    Attributes
    ----------
    psnr : float
        Over all values of the set, in dB; infinite if nothing is lost.
    worst_psnr : float
        Of the worst picture.
    worst : int
        Which one that is: the first of them.
    max_error : int
        The greatest difference of a level.
    """

    psnr: float
    worst_psnr: float
    worst: int
    max_error: int


def to_psnr(error: float, values: float, peak: float) -> float:
    """Return 10 log10(peak^2 values / error), the PSNR in dB; infinite without error.

    Examples
    --------
    >>> round(to_psnr(4.0, 4, 255), 2)
    48.13
    """
    return math.inf if error <= 0 else 10.0 * math.log10(peak * peak * values / error)


def psnr_of(
    levels: NDArray[Any],
    decoded: NDArray[Any],
    peak: int | None = None,
    mask: NDArray[np.bool_] | None = None,
) -> Fidelity:
    """Compare pictures with what came back of them.

    Parameters
    ----------
    levels, decoded : ndarray of uint8 or uint16, shape (n, height, width[, channels])
        The pictures.
    peak : int, optional
        The greatest level; that of the type if not given.
    mask : ndarray of bool (height, width), optional
        The pixels that count.

    Returns
    -------
    fidelity : Fidelity

    Examples
    --------
    >>> import numpy as np
    >>> pictures = np.zeros((3, 2, 2), np.uint8)
    >>> decoded = pictures.copy()
    >>> decoded[1] = 1
    >>> psnr_of(pictures, decoded)
    Fidelity(psnr=52.90..., worst_psnr=48.13..., worst=1, max_error=1)
    """
    errors, greatest = squared_errors(levels, decoded, mask)
    return fidelity_of(errors, greatest, _values(levels, mask), _peak(levels, peak))


def fidelity_of(errors: NDArray[np.float64], max_error: int, values: int, peak: int) -> Fidelity:
    """Return what squared errors say.

    Parameters
    ----------
    errors : ndarray of float64 (n,)
        Squared errors of each picture, summed.
    max_error : int
        The greatest difference.
    values : int
        That a picture has.
    peak : int
        The greatest level.
    """
    worst = int(np.argmax(errors))
    return Fidelity(
        to_psnr(float(errors.sum()), values * len(errors), peak),
        to_psnr(float(errors[worst]), values, peak),
        worst,
        max_error,
    )


def joined(
    first: Fidelity, n: int, errors: NDArray[np.float64], max_error: int, values: int, peak: int
) -> Fidelity:
    """Return what is known of a set of n pictures, and of more pictures behind it.

    Squared errors are whole numbers, so that rounding the one behind a PSNR makes it exact again,
    up to sums of some 10^12.

    Parameters
    ----------
    first : Fidelity
        Of the n pictures.
    n : int
        How many.
    errors, max_error, values, peak
        Of the others, as of `fidelity_of`.
    """
    total = _error_of(first.psnr, values * n, peak) + float(errors.sum())
    worst, least = first.worst, _error_of(first.worst_psnr, values, peak)
    place = int(np.argmax(errors))
    if errors[place] > least:
        worst, least = n + place, float(errors[place])
    whole = to_psnr(total, values * (n + len(errors)), peak)
    return Fidelity(whole, to_psnr(least, values, peak), worst, max(first.max_error, max_error))


def _error_of(psnr: float, values: int, peak: int) -> float:
    """Return the whole squared error behind a PSNR: at least 1 unless that is infinite."""
    if math.isinf(psnr):
        return 0.0
    return max(1.0, float(np.rint(float(peak) ** 2 * values / 10.0 ** (psnr / 10.0))))


def squared_errors(
    levels: NDArray[Any], decoded: NDArray[Any], mask: NDArray[np.bool_] | None = None
) -> tuple[NDArray[np.float64], int]:
    """Return the squared error of each picture, exact, and the greatest difference of a level.

    Parameters
    ----------
    levels, decoded : ndarray of uint8 or uint16, shape (n, height, width[, channels])
        The pictures.
    mask : ndarray of bool (height, width), optional
        The pixels that count.

    Returns
    -------
    errors : ndarray of float64 (n,)
    max_error : int
    """
    n, height = levels.shape[:2]
    row = max(1, levels[0, 0].size)
    tall = min(height, max(1, _BLOCK // row))  # rows at a time, where a picture is huge
    many = max(1, _BLOCK // (row * tall))
    errors, greatest = np.zeros(n), 0
    for first in range(0, n, many):
        some = slice(first, first + many)
        for top in range(0, height, tall):
            rows = slice(top, top + tall)
            difference = np.subtract(levels[some, rows], decoded[some, rows], dtype=np.float64)
            if mask is not None:
                difference[:, ~mask[rows]] = 0.0
            flat = difference.reshape(len(difference), -1)
            errors[some] += np.einsum("jm,jm->j", flat, flat)
            greatest = max(greatest, int(flat.max()), int(-flat.min()))
    return errors, greatest


def _values(levels: NDArray[Any], mask: NDArray[np.bool_] | None) -> int:
    values = int(np.prod(levels.shape[1:]))
    return values if mask is None else values // mask.size * int(np.count_nonzero(mask))


def _peak(levels: NDArray[Any], peak: int | None) -> int:
    return int(np.iinfo(levels.dtype).max) if peak is None else peak
