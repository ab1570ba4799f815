"""Contact sheets as an archive: what parts have to be smaller than."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from visnmf.archive.assemble import Draft, common_bytes, draft_sheets
from visnmf.archive.coders import Coder
from visnmf.archive.header import Mode
from visnmf.archive.material import Material
from visnmf.archive.sheet_fit import SheetFit, Tried
from visnmf.archive.sheet_search import bound_error, estimate, lossless, search_bytes, search_psnr

__all__ = ["Sheets", "guess_sheets", "sheets_for"]

Report = Callable[[str], object]

_FRAME = 512  # bytes of a file that are not sheets, at most, beside names


@dataclass(frozen=True, eq=False)
class Sheets:
    """What contact sheets take.

    Attributes
    ----------
    nbytes : float
        Of the best ones; a guess where `draft` is None.
    told : str
        What they are, in words.
    tried : tuple of Tried
        How each codec did.
    draft : Draft, optional
        The archive of them; None where they are surely larger than parts.
    """

    nbytes: float
    told: str
    tried: tuple[Tried, ...]
    draft: Draft | None = None


def guess_sheets(materials: list[Material], psnr: float) -> tuple[float, bool]:
    """Guess what the best sheets of a PSNR take, and whether with channels apart.

    Parameters
    ----------
    materials : list of Material
        The same pictures, with channels together and apart.
    psnr : float
        Over the set.
    """
    guesses = [
        (float(estimate(_pictures(m), psnr, apart=m.apart, peak=m.peak)), m.apart)
        for m in materials
    ]
    return min(guesses)


def sheets_for(
    materials: list[Material],
    mode: Mode,
    target: float,
    *,
    beat: float | None = None,
    report: Report | None = None,
) -> Sheets:
    """Return the best contact sheets for a target.

    Parameters
    ----------
    materials : list of Material
        The same pictures, with channels together and apart; those to be tried.
    mode, target
        What was asked for.
    beat : float, optional
        Bytes (of `Mode.MAX_BYTES`: dB) of the archive of parts: sheets that are surely worse are
        not sought to the end.
    report : callable, optional
        Told in words what is tried now.
    """
    best: Sheets | None = None
    for material in materials:
        fit = _fit(material, mode, target, beat, report)
        if fit is None:
            continue
        found = Sheets(fit.nbytes, fit.told, fit.tried, _draft(material, fit))
        if best is None or _worth(found, mode) < _worth(best, mode):
            best = found
    return best or Sheets(math.inf, "none", ())


def _worth(sheets: Sheets, mode: Mode) -> tuple[float, float]:
    if mode == Mode.MAX_BYTES and sheets.draft is not None:
        return (-sheets.draft.fidelity.psnr, sheets.nbytes)
    return (sheets.nbytes, 0.0)


def _fit(
    material: Material, mode: Mode, target: float, beat: float | None, report: Report | None
) -> SheetFit | None:
    levels, mask = _pictures(material), material.layout.mask
    apart, peak = material.apart, material.peak
    if mode == Mode.LOSSLESS:
        return lossless(levels, apart=apart, peak=peak, mask=mask)
    if mode == Mode.MAX_ERROR:
        return bound_error(levels, int(target), apart=apart, peak=peak, mask=mask)
    if mode == Mode.MAX_BYTES:
        room = max(1.0, target - _FRAME - common_bytes(material))
        return search_bytes(
            levels, room, apart=apart, peak=peak, mask=mask, to_beat=beat, report=report
        )
    return search_psnr(
        levels, target, apart=apart, peak=peak, mask=mask, to_beat=beat, report=report
    )


def _draft(material: Material, fit: SheetFit) -> Draft | None:
    if fit.estimated or fit.fidelity is None:
        return None
    sheets = list(zip(fit.coders, fit.data, strict=True))
    # Levels by near-lossless JPEG-LS are off by more than a residual of step 1 may be.
    near = fit.step == 1 and fit.fidelity.max_error > 0
    under = [(Coder.AVIF, data) for data in fit.under]
    step = 0 if near else fit.step
    return draft_sheets(material, sheets, fit.fidelity, fit.told, step=step, under=under)


def _pictures(material: Material) -> np.ndarray:
    return material.pictures(material.levels)
