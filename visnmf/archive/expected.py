"""How long each phase of compressing may take, from counts of what it does.

Rates are of one core of 2023 or so; a `Course` corrects them by what a run takes.
"""

from __future__ import annotations

from visnmf.archive.header import Mode
from visnmf.archive.material import Material
from visnmf.archive.sheet_contest import USUAL_TRIALS, WORK
from visnmf.kernels.threads import available
from visnmf.solve.cost import Rates, Size, iteration

__all__ = ["phases_of"]

_EXACT = 2.0e-6  # of a sheet without loss
_PARTS = 2.0e-6  # of the coders of parts
_FILES = 1.5e-7  # of PNG and a bisection over JPEG, for a picture of its own
_RANKS = 9  # that a search tries
_CHOICES = 4  # of a step or a way to store parts, for each rank
_FIT = 60  # iterations on V, as a rule
_ROUND = 4  # iterations that a round of whole numbers takes as long as
_SAMPLE = 2**18  # pixels of a sample of contact sheets


def phases_of(
    material: Material, mode: Mode, rank: int | None, most_values: int, *, compare: bool
) -> dict[str, float]:
    """Return the phases of compressing, in order, with the seconds that they may take.

    Parameters
    ----------
    material : Material
        The pictures; of three channels they are tried together and apart.
    mode : Mode
        Of the archive.
    rank : int, optional
        By hand.
    most_values : int
        Of V, that a search looks at.
    compare : bool
        Whether files are counted too.
    """
    ways = 2 if material.layout.channels == 3 else 1
    m, n = material.V.shape
    pixels = float(m * n)
    few = min(n, max(1, most_values // m))
    guess = rank or max(1, min(64, round(0.1 * min(m, few))))
    fit = _FIT * Rates().seconds(iteration(Size.dense(m, few, guess)))
    some, all_ = (Rates().seconds(iteration(Size.dense(m, k, guess))) for k in (few, n))
    search = ways * _RANKS * (fit + _CHOICES * (_ROUND * some + _PARTS * m * guess))
    settle = _FIT / 2 * all_ * (n > few) + 12 * _ROUND * all_ + 4 * _PARTS * m * guess
    each = 1e-6 * sum(WORK.values())
    sheets = USUAL_TRIALS * each * pixels / available()
    sample = USUAL_TRIALS * each * min(pixels, 2.0 * _SAMPLE)
    files = _FILES * min(pixels, 4e6) if compare else 0.0
    if mode == Mode.BY_HAND:
        phases = {"settle": fit + settle}
    elif mode in {Mode.LOSSLESS, Mode.MAX_ERROR}:
        exact = ways * _EXACT * pixels / available()
        search += ways * _RANKS * _EXACT * m * few
        phases = {"sheets": exact, "search": search, "settle": settle + exact}
    else:
        guessing = ways * sample if mode == Mode.PSNR else 0.0
        phases = {"guess": guessing, "search": search, "settle": settle, "sheets": 0.5 * sheets}
    return {**phases, "compare": files, "write": 1e-8 * pixels}
