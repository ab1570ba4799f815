"""The smallest archive of some pictures in each mode, among parts and contact sheets."""

from __future__ import annotations

import math
from dataclasses import dataclass, field

import numpy as np

from visnmf.archive.assemble import Draft, draft_factors
from visnmf.archive.basis import PaintedParts, WholeParts
from visnmf.archive.curve import Curve
from visnmf.archive.goal import Goal
from visnmf.archive.layered import compact_for_residual, seek_layers
from visnmf.archive.material import Material
from visnmf.archive.progress import Course, Report
from visnmf.archive.search import Found, Problem, first_step, seek_factors
from visnmf.archive.settle import fit_all, settle_factors
from visnmf.archive.trial import MOST, Pair
from visnmf.errors import InvalidInputError

__all__ = ["SAMPLE", "Asked", "by_hand", "factors_for", "layers_for"]

_TRIES = 6  # to come near to a number of bytes
_MARGIN = 0.9  # of the greatest encoding: they are sought anew beside whole-numbered parts
SAMPLE = 6_000_000
"""Values of V that the search looks at."""


@dataclass(frozen=True)
class Asked:
    """What the user settled.

    Attributes
    ----------
    seed : int
        Of the fits.
    chunk : int
        Pictures whose encodings are read together.
    course : Course
        Told what is done now.
    """

    seed: int
    chunk: int
    course: Course = field(default_factory=lambda: Course({}), compare=False)


def _problem(material: Material, whole: Material, asked: Asked) -> Problem:
    return Problem(material.V, whole.n * whole.planes, material.peak, material.canvas, asked.seed)


def factors_for(
    materials: list[Material], goal: Goal, asked: Asked, hopeless: float = math.inf
) -> Draft | None:
    """Return the smallest archive of parts that meets a goal.

    Parameters
    ----------
    materials : list of Material
        The same pictures, with channels together and apart.
    goal : Goal
        A PSNR, or bytes of the whole file.
    asked : Asked
        What the user settled.
    hopeless : float
        Bytes beyond which a search is given up (of a goal of bytes: minus the dB).

    Returns
    -------
    draft : Draft or None
        None where no rank meets the goal.
    """
    asked.course.enter("search")
    found: list[tuple[float, int, Found]] = []
    limit = math.log2(hopeless) if goal.psnr is not None and hopeless > 0 else hopeless
    for place, material in enumerate(materials):
        report = _part_of(asked.course.tell, place, len(materials), apart=material.apart)
        some = seek_factors(
            _problem(material.sample(SAMPLE), material, asked),
            goal,
            hopeless=limit,
            report=report,
        )
        found += [(best.cost, place, best) for best in some]
    if found:
        asked.course.enter("settle")
    for _, place, best in sorted(found, key=lambda f: f[:2]):
        material = materials[place]
        asked.course.tell(f"all pictures with {best.rank} parts")
        problem = _problem(material, material, asked)
        if goal.psnr is None:
            return _within_bytes(material, problem, best, goal, asked)
        trial = settle_factors(problem, best, goal)
        if trial is not None:
            return draft_factors(material, trial, chunk=asked.chunk)
    return None


def _part_of(report: Report, place: int, places: int, *, apart: bool) -> Report:
    """Return what tells of one of several searches."""
    added = " of channels apart" if apart and places > 1 else ""

    def tell(words: str, share: float | None = None) -> None:
        report(words + added, None if share is None else (place + share) / places)

    return tell


def _within_bytes(
    material: Material, problem: Problem, best: Found, goal: Goal, asked: Asked
) -> Draft | None:
    """Return the best archive of at most so many bytes, counted with all that a file needs."""
    assert goal.nbytes is not None
    budget, draft = goal.nbytes, None
    for _ in range(_TRIES):
        trial = settle_factors(problem, best, Goal(nbytes=budget))
        if trial is None:
            break
        made = draft_factors(material, trial, chunk=asked.chunk)
        if made.nbytes <= goal.nbytes:
            if draft is None or made.fidelity.psnr > draft.fidelity.psnr:
                draft = made
            if made.nbytes >= 0.985 * goal.nbytes:
                break
        # What a file takes beside the estimate, and how far the estimate is off.
        budget *= 0.995 * goal.nbytes / made.nbytes
    return draft


def layers_for(
    materials: list[Material], bound: int, asked: Asked, hopeless: float = math.inf
) -> Draft | None:
    """Return the smallest archive of parts with a residual over them.

    Parameters
    ----------
    materials, asked
        As of `factors_for`.
    bound : int
        The most that a level may be off; 0 for none.
    hopeless : float
        Bytes that it must stay below.

    Returns
    -------
    draft : Draft or None
        None where parts do not pay.
    """
    asked.course.enter("search")
    found: list[tuple[float, int, int]] = []
    for place, material in enumerate(materials):
        some = material.sample(SAMPLE)
        best = seek_layers(
            _problem(some, material, asked),
            some.levels,
            bound,
            hopeless=1.03 * hopeless,
            report=_part_of(asked.course.tell, place, len(materials), apart=material.apart),
        )
        if best is not None:
            found.append((best[1], place, best[0]))
    if not found:
        return None
    _, place, rank = min(found)
    material = materials[place]
    asked.course.enter("settle")(f"all pictures with {rank} parts")
    some = material.sample(SAMPLE)
    problem = _problem(material, material, asked)
    pair = fit_all(problem, _problem(some, material, asked).fit(rank))
    trial = compact_for_residual(problem, pair, bound)
    return draft_factors(material, trial, step=2 * bound + 1, chunk=asked.chunk)


def by_hand(
    material: Material, rank: int, step: float | None, quality: int | None, asked: Asked
) -> Draft:
    """Return an archive of parts with a rank, and perhaps a step and a quality, of the user's.

    Parameters
    ----------
    material : Material
        The pictures.
    rank : int
        Parts.
    step : float, optional
        Of the encodings, in levels, with parts of length 1. By default such that rounding adds
        about as much error as the rank leaves.
    quality : int, optional
        Of AVIF sheets for the parts, 0 to 100; without loss if not given.
    asked : Asked
        What the user settled.
    """
    problem = _problem(material, material, asked)
    asked.course.enter("settle")(f"all pictures with {rank} parts")
    pair = fit_all(problem, _problem(material.sample(SAMPLE), material, asked).fit(rank))
    maker: WholeParts | PaintedParts = WholeParts(problem.canvas, problem.n, problem.peak)
    if quality is not None:
        maker = PaintedParts(problem.canvas, quality, problem.peak)
    curve = Curve(problem.V, pair, maker, problem.n, problem.peak)
    least = _least_step(pair)
    if step is None:
        size = max(first_step(problem, pair, None, maker), least)
    else:
        size = step / problem.peak
        if size < least:
            raise InvalidInputError(
                f"step={step:g} is too fine: encodings would be more than {MOST:,} steps; for "
                f"these pictures and rank {rank} take {1.01 * least * problem.peak:.3g} or more"
            )
    return draft_factors(material, curve.compact(size, rounds=2), chunk=asked.chunk)


def _least_step(pair: Pair) -> float:
    """Return a step at which the greatest encoding, of parts of length 1, stays below `MOST`."""
    reach = np.linalg.norm(pair.W, axis=1) * pair.H.max(axis=1, initial=0.0)
    return float(reach.max(initial=0.0)) / (_MARGIN * MOST)
