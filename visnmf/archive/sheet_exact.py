"""Contact sheets that keep every level, or every level within a bound."""

from __future__ import annotations

import math
from collections.abc import Callable
from functools import partial

import numpy as np
from numpy.typing import NDArray

from visnmf.archive.coders import Coder
from visnmf.archive.fidelity import squared_errors
from visnmf.archive.progress import Report
from visnmf.archive.sheet_fit import SheetFit
from visnmf.archive.sheet_trial import Laid
from visnmf.archive.sheet_ways import Divided, Layered, Near, Way, seek_layered, size_of
from visnmf.archive.sheets import cut
from visnmf.archive.turns import in_turn
from visnmf.errors import InvalidInputError

__all__ = ["bound_error", "lossless", "lossless_within"]

_NEAREST = {1: 127, 2: 255}  # the greatest error of JPEG-LS, by bytes of a level
_CLEAR = 1.06  # times as many bytes on a sample are surely more on all pictures
_QUICK = 2.5  # times more than JPEG XL takes is what JPEG-LS hardly does

Levels = NDArray[np.uint8] | NDArray[np.uint16]


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

    The smallest of three ways: levels divided by step = 2 error + 1, rounded, and kept by lossless
    JPEG XL; near-lossless JPEG-LS; and sheets of gray levels by AVIF with what they leave over,
    divided and kept likewise.

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
    found: list[tuple[Laid, Way]] = []
    for laid_apart in ways:
        laid = Laid(levels, bool(laid_apart), peak, mask)
        found.append((laid, Divided(2 * error + 1)))
        if 0 < error <= _NEAREST[levels.dtype.itemsize]:
            found.append((laid, Near(error)))
        layered = seek_layered(laid, error)
        if layered is not None:
            found.append((laid, layered))
    if len(found) > 1:
        found = _promising(found)
    fits = []
    for place, (laid, way) in enumerate(found):
        told = None if report is None else partial(_tell, report, place, len(found))
        fits.append(_written(laid, way, error, told))
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
        quick = size_of(sample, Near(0))
        if quick > _QUICK * nbytes * share:
            return None
        if sample is not laid and size_of(sample, Divided(1)) > _CLEAR * nbytes * share:
            return None
    fit = _written(laid, Divided(1), 0)
    return fit if fit.nbytes <= nbytes else None


def _tell(report: Report, place: int, places: int, share: float) -> None:
    report("sheets without loss", (place + share) / places)


def _promising(found: list[tuple[Laid, Way]]) -> list[tuple[Laid, Way]]:
    """Leave out what takes clearly more bytes than something else on a sample."""
    samples = [laid.sample() for laid, _ in found]
    if all(some is laid for some, (laid, _) in zip(samples, found, strict=True)):
        return found
    sizes = [
        size_of(some, way) / laid.share(some)
        for some, (laid, way) in zip(samples, found, strict=True)
    ]
    return [f for f, size in zip(found, sizes, strict=True) if size <= _CLEAR * min(sizes)]


def _written(
    laid: Laid, way: Way, error: int, told: Callable[[float], object] | None = None
) -> SheetFit:
    """Write all sheets, and look at what comes back where that may differ."""
    plan = laid.plan

    def one(i: int) -> tuple[bytes, Coder, bytes, NDArray[np.float64], int]:
        sheet = laid.sheet(i)
        under, coder, data = way.write(sheet)
        if error == 0:
            return under, coder, data, np.zeros(plan.count(i)), 0
        back = cut(way.read(under, coder, data, sheet), plan, i)
        return under, coder, data, *squared_errors(laid.levels[plan.pictures(i)], back, laid.mask)

    done = list(in_turn(one, plan.sheets, told))
    under = tuple(d[0] for d in done) if isinstance(way, Layered) else ()
    coders, data = tuple(d[1] for d in done), tuple(d[2] for d in done)
    greatest = max(d[4] for d in done)
    fidelity = laid.seen(np.concatenate([d[3] for d in done]), greatest)
    how = "lossless" if error == 0 else f"every level within {error}"
    channels = ", channels apart" if laid.apart and plan.channels > 1 else ""
    return SheetFit(
        coders,
        None,
        data,
        sum(map(len, (*under, *data))),
        fidelity,
        fidelity.psnr,
        f"{way.told(coders)}, {how}{channels}",
        way.step,
        laid.apart and plan.channels > 1,
        fits=greatest <= error,
        under=under,
    )
