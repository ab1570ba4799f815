"""The contact sheets that take the fewest bytes: what an archive must never be larger than.

`search_sheets` finds, over all lossy codecs, the quality of all sheets that meets a goal;
`lossless` and `bound_error` keep every level, or every level within a bound. A large set
is searched on a sample of its pictures first: there codecs that cannot win are left, and the
others begin on the whole set where the sample ended.
"""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from visnmf.archive.goal import Goal
from visnmf.archive.lossy import LOSSY, LossyCodec
from visnmf.archive.progress import Report
from visnmf.archive.sheet_contest import Contest
from visnmf.archive.sheet_exact import bound_error, lossless, lossless_within
from visnmf.archive.sheet_fit import SheetFit, Tried
from visnmf.archive.sheet_trial import Laid
from visnmf.errors import InvalidInputError

__all__ = [
    "SheetFit",
    "Tried",
    "bound_error",
    "estimate",
    "exact_in",
    "lossless",
    "search_sheets",
]

Levels = NDArray[np.uint8] | NDArray[np.uint16]


def search_sheets(
    levels: Levels,
    goal: Goal,
    *,
    codecs: Sequence[LossyCodec] = LOSSY,
    apart: bool = False,
    peak: int | None = None,
    mask: NDArray[np.bool_] | None = None,
    to_beat: float | None = None,
    report: Report | None = None,
) -> SheetFit | None:
    """Return the smallest sheets of a PSNR, or those of the best PSNR in so many bytes.

    Parameters
    ----------
    levels : ndarray of uint8 or uint16, shape (n, height, width[, channels])
        The pictures.
    goal : Goal
        At least so many dB, 10 log10(peak^2 / mean squared error) over all values of the set that
        count; or at most so many bytes for all sheets.
    codecs : sequence of LossyCodec
        That may be used. Sheets without any loss are tried too.
    apart : bool
        Lay channels apart; done in any case if there are not 1 or 3.
    peak : int, optional
        The greatest level, that of the type by default.
    mask : ndarray of bool (height, width), optional
        The pixels that count.
    to_beat : float, optional
        Bytes or, where the goal is bytes, dB of something else. If sheets are surely worse, as a
        sample of the pictures tells, the search ends and its result is only an estimate.
    report : Report, optional
        Told what is tried now.

    Returns
    -------
    fit : SheetFit or None
        Of sheets without loss where those are no larger. If no sheets are small enough, the
        smallest found, whose `fits` is False; None only if no codec takes such sheets.
    """
    laid = _laid(levels, apart, peak, mask)
    return Contest(laid, goal, codecs, to_beat, report).run()


def exact_in(
    levels: Levels,
    nbytes: float,
    *,
    apart: bool = False,
    peak: int | None = None,
    mask: NDArray[np.bool_] | None = None,
) -> SheetFit | None:
    """Return sheets that keep every level in at most so many bytes; None if none do.

    Parameters
    ----------
    levels, apart, peak, mask
        As of `search_sheets`.
    nbytes : float
        Of all sheets.
    """
    return lossless_within(_laid(levels, apart, peak, mask), nbytes)


def estimate(levels: Levels, goal: Goal, *, apart: bool = False, peak: int | None = None) -> float:
    """Return about what the best sheets of a goal cost, from a sample of pictures.

    Parameters
    ----------
    levels, apart, peak
        As of `search_sheets`.
    goal : Goal
        What is wanted.

    Returns
    -------
    cost : float
        Bytes of all sheets or, where the goal is bytes, minus the dB. Bytes are within some 10 %
        as a rule, where pictures are alike.
    """
    laid = _laid(levels, apart, peak, None)
    sample = laid.sample()
    share = laid.share(sample)
    if goal.nbytes is not None:
        goal = Goal(nbytes=share * goal.nbytes)
    found = Contest(sample, goal, LOSSY).run()
    if goal.nbytes is not None:
        return -found.psnr if found is not None and found.fits else math.inf
    assert found is not None  # lossless sheets at the worst
    return found.nbytes / share


def _laid(levels: Levels, apart: bool, peak: int | None, mask: NDArray[np.bool_] | None) -> Laid:
    """Return pictures as they will lie."""
    if levels.ndim not in (3, 4) or not levels.size or levels.dtype not in (np.uint8, np.uint16):
        raise InvalidInputError(
            "pictures for contact sheets are uint8 or uint16, (n, height, width) or (n, height, "
            f"width, channels), got {levels.dtype} {levels.shape}"
        )
    channels = levels.shape[3] if levels.ndim == 4 else 1
    peak = int(np.iinfo(levels.dtype).max) if peak is None else peak
    return Laid(levels, apart or channels not in (1, 3), peak, mask)
