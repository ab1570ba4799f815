"""Fits from several starts, of which the best is kept."""

from __future__ import annotations

import sys
from dataclasses import replace
from typing import NamedTuple

import numpy as np

from visnmf.errors import InvalidInputError
from visnmf.matrices.protocol import Matrix
from visnmf.solve.plan import Plan
from visnmf.solve.result import Factorization, Record
from visnmf.solve.run import run
from visnmf.solve.several import later_start
from visnmf.solve.stopping import Trace

__all__ = ["Fitted", "best_run"]


class Fitted(NamedTuple):
    """What came of a fit: scikit-learn's W and H, the iterations and the loss alone."""

    W: np.ndarray
    H: np.ndarray
    n_iter: int
    loss: float


def best_run(
    matrix: Matrix, plan: Plan, rng: np.random.Generator, n_init: int, *, verbose: bool
) -> Factorization:
    """Return the run of the least objective; all but the first begin at random.

    Parameters
    ----------
    matrix, plan, rng
        As of `visnmf.solve.run.run`; the other runs have the generator's children.
    n_init : int
        How many runs.
    verbose : bool
        Whether to print each iteration.
    """
    if n_init > 1 and plan.given is not None:
        raise InvalidInputError("init='custom' is one start; leave n_init at 1")
    others = rng.spawn(n_init - 1) if n_init > 1 else []
    later = replace(plan, init=later_start(plan.init, plan.loss))
    best: Factorization | None = None
    for own, generator in ((plan, rng), *((later, child) for child in others)):
        found = run(matrix, own, Trace(callback=_tell if verbose else None), generator, {})
        if found.reason == "interrupted":
            raise KeyboardInterrupt
        if best is None or found.objective < best.objective:
            best = found
    assert best is not None
    return best


def _tell(record: Record) -> None:
    sys.stdout.write(f"{record.phase} {record.iteration}: objective {record.objective:.6g}\n")
