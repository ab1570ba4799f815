"""Contact sheets as an archive: what parts have to be smaller than."""

from __future__ import annotations

import math
from dataclasses import dataclass

import numpy as np

from visnmf.archive.assemble import Draft, common_bytes, draft_sheets
from visnmf.archive.coders import Coder
from visnmf.archive.goal import Goal
from visnmf.archive.header import Mode
from visnmf.archive.material import Material
from visnmf.archive.progress import Report
from visnmf.archive.sheet_fit import SheetFit, Tried
from visnmf.archive.sheet_search import bound_error, estimate, exact_in, lossless, search_sheets

__all__ = ["Sheets", "exact_sheets", "guess_sheets", "sheets_for"]

_CLEAR = 0.3  # dB less on a sample is surely less on all pictures
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
    return min((_guess(material, Goal(psnr=psnr)), material.apart) for material in materials)


def exact_sheets(materials: list[Material], nbytes: float) -> Sheets | None:
    """Return sheets that keep every level in an archive of so many bytes; None if none fit."""
    best: Sheets | None = None
    for material in materials:
        fit = exact_in(
            _pictures(material),
            _room(material, nbytes),
            apart=material.apart,
            peak=material.peak,
            mask=material.layout.mask,
        )
        if fit is not None and (best is None or fit.nbytes < best.nbytes):
            best = Sheets(fit.nbytes, fit.told, fit.tried, _draft(material, fit))
    return best


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
    report : Report, optional
        Told what is tried now.
    """
    best: Sheets | None = None
    if mode == Mode.MAX_BYTES and len(materials) > 1:
        materials = _promising(materials, _room(materials[0], target))
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
        return lossless(levels, apart=apart, peak=peak, mask=mask, report=report)
    if mode == Mode.MAX_ERROR:
        return bound_error(levels, int(target), apart=apart, peak=peak, mask=mask, report=report)
    goal = Goal(psnr=target)
    if mode == Mode.MAX_BYTES:
        goal = Goal(nbytes=_room(material, target))
    return search_sheets(
        levels, goal, apart=apart, peak=peak, mask=mask, to_beat=beat, report=report
    )


def _room(material: Material, nbytes: float) -> float:
    """Return what a file of so many bytes leaves to its sheets."""
    return max(1.0, nbytes - _FRAME - common_bytes(material))


def _promising(materials: list[Material], room: float) -> list[Material]:
    """Leave out what is clearly farther from the pictures on a sample, at so many bytes."""
    goal = Goal(nbytes=room)
    costs = [_guess(material, goal) for material in materials]
    return [m for m, cost in zip(materials, costs, strict=True) if cost <= min(costs) + _CLEAR]


def _guess(material: Material, goal: Goal) -> float:
    return estimate(_pictures(material), goal, apart=material.apart, peak=material.peak)


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
