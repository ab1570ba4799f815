"""Contact sheets that keep every level, or every level within a bound."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from functools import partial

import numpy as np
from numpy.typing import NDArray

from visnmf.archive.coders import Coder, decode_image, encode_image, encode_near
from visnmf.archive.fidelity import squared_errors
from visnmf.archive.progress import Report
from visnmf.archive.residual import leave_over, put_back
from visnmf.archive.sheet_fit import SheetFit
from visnmf.archive.sheet_trial import Laid
from visnmf.archive.sheets import cut
from visnmf.archive.turns import in_turn
from visnmf.errors import InvalidInputError

__all__ = ["bound_error", "lossless", "lossless_within"]

_NEAREST = {1: 127, 2: 255}  # the greatest error of JPEG-LS, by bytes of a level
_CLEAR = 1.06  # times as many bytes on a sample are surely more on all pictures
_QUICK = 2.5  # times more than JPEG XL takes is what JPEG-LS hardly does

Levels = NDArray[np.uint8] | NDArray[np.uint16]
Encode = Callable[[Levels], tuple[Coder, bytes]]


def lossless(
    levels: Levels,
    *,
    apart: bool | None = None,
    peak: int | None = None,
    mask: NDArray[np.bool_] | None = None,
    report: Report | None = None,
) -> SheetFit:
    """Return the smallest sheets that keep every level.

    Parameters
    ----------
    levels : ndarray of uint8 or uint16, shape (n, height, width[, channels])
        The pictures.
    apart : bool, optional
        Whether channels lie apart; by default what is smaller.
    peak : int, optional
        The greatest level, that of the type by default.
    mask : ndarray of bool (height, width), optional
        The pixels that count.
    report : Report, optional
        Told what is written now.

    Returns
    -------
    fit : SheetFit
        Its `step` is 1.
    """
    return bound_error(levels, 0, apart=apart, peak=peak, mask=mask, report=report)


def bound_error(
    levels: Levels,
    error: int,
    *,
    apart: bool | None = None,
    peak: int | None = None,
    mask: NDArray[np.bool_] | None = None,
    report: Report | None = None,
) -> SheetFit:
    """Return the smallest sheets that keep every level within an error.

    The smallest of two ways: levels divided by step = 2 error + 1, rounded, and kept by lossless
    JPEG XL; and near-lossless JPEG-LS.

    Parameters
    ----------
    levels, apart, peak, mask, report
        As of `lossless`.
    error : int
        0 or more.

    Returns
    -------
    fit : SheetFit
        Its `step` is 1 where the sheets hold levels, by JPEG-LS.

    Raises
    ------
    InvalidInputError
        If the error is negative, or no whole number.
    """
    if error != int(error) or error < 0:
        raise InvalidInputError(f"the greatest error of a level is 0, 1, 2, ..., got {error}")
    error = int(error)
    peak = int(np.iinfo(levels.dtype).max) if peak is None else peak
    channels = levels.shape[3] if levels.ndim == 4 else 1
    ways = [apart] if apart is not None else [False, True] if channels == 3 else [channels > 1]
    found = []
    for way in ways:
        laid = Laid(levels, bool(way), peak, mask)
        step = 2 * error + 1
        found.append((laid, step, _divided(step)))
        if 0 < error <= _NEAREST[levels.dtype.itemsize]:
            found.append((laid, 1, _near(error)))
    if len(found) > 1:
        found = _promising(found)
    fits = []
    for place, (laid, step, encode) in enumerate(found):
        told = None if report is None else partial(_tell, report, place, len(found))
        fits.append(_written(laid, step, encode, error, told))
    return min((fit for fit in fits if fit.fits), key=lambda fit: fit.nbytes)


def lossless_within(laid: Laid, nbytes: float) -> SheetFit | None:
    """Return sheets that keep every level if they take at most so many bytes.

    Parameters
    ----------
    laid : Laid
        The pictures.
    nbytes : float
        How many they may take. Where a sample tells that they take many more, None is returned
        at once.
    """
    if math.isfinite(nbytes):
        sample = laid.sample()
        share = laid.share(sample)
        quick = _size(sample, _near(0))
        if quick > _QUICK * nbytes * share:
            return None
        if sample is not laid and _size(sample, _divided(1)) > _CLEAR * nbytes * share:
            return None
    fit = _written(laid, 1, _divided(1), 0)
    return fit if fit.nbytes <= nbytes else None


def _tell(report: Report, place: int, places: int, share: float) -> None:
    report("sheets without loss", (place + share) / places)


def _divided(step: int) -> Encode:
    return lambda sheet: encode_image(leave_over(sheet, None, step))


def _near(error: int) -> Encode:
    return lambda sheet: (Coder.JPEGLS, encode_near(sheet, error))


def _size(laid: Laid, encode: Encode) -> int:
    sizes = in_turn(lambda i: len(encode(laid.sheet(i))[1]), laid.plan.sheets)
    return sum(sizes)


def _promising(found: list[tuple[Laid, int, Encode]]) -> list[tuple[Laid, int, Encode]]:
    """Leave out what takes clearly more bytes than something else on a sample."""
    samples = [replace(laid, levels=laid.sample().levels) for laid, _, _ in found]
    if samples[0].levels is found[0][0].levels:
        return found
    sizes = [_size(s, encode) for s, (_, _, encode) in zip(samples, found, strict=True)]
    return [f for f, size in zip(found, sizes, strict=True) if size <= _CLEAR * min(sizes)]


def _written(
    laid: Laid,
    step: int,
    encode: Encode,
    error: int,
    told: Callable[[float], object] | None = None,
) -> SheetFit:
    """Write all sheets, and look at what comes back where that may differ."""
    plan = laid.plan

    def one(i: int) -> tuple[Coder, bytes, NDArray[np.float64], int]:
        sheet = laid.sheet(i)
        coder, data = encode(sheet)
        if error == 0:
            return coder, data, np.zeros(plan.count(i)), 0
        stored = decode_image(coder, data, sheet.shape, sheet.dtype)
        back = cut(put_back(stored, None, step), plan, i)
        return coder, data, *squared_errors(laid.levels[plan.pictures(i)], back, laid.mask)

    done = list(in_turn(one, plan.sheets, told))
    coders, data = tuple(d[0] for d in done), tuple(d[1] for d in done)
    greatest = max(d[3] for d in done)
    fidelity = laid.seen(np.concatenate([d[2] for d in done]), greatest)
    kind = "/".join(sorted({"JPEG XL" if c == Coder.JXL else c.name for c in coders}))
    kind = kind.replace("JPEGLS", "JPEG-LS")
    how = "lossless" if error == 0 else f"every level within {error}"
    channels = ", channels apart" if laid.apart and plan.channels > 1 else ""
    return SheetFit(
        coders,
        None,
        data,
        sum(map(len, data)),
        fidelity,
        fidelity.psnr,
        f"{kind} sheets, {how}{channels}",
        step,
        laid.apart and plan.channels > 1,
        fits=greatest <= error,
    )
