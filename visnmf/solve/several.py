"""Runs from several starts: the best one, and what they agree in."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Generator
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

import numpy as np

from visnmf.arguments import check_choice, check_integer, check_number
from visnmf.errors import InvalidInputError
from visnmf.kernels.threads import available, cores
from visnmf.measure.matching import match_parts
from visnmf.solve.chunks import source_of
from visnmf.solve.edge import columns_of, spawn
from visnmf.solve.naming import is_robust
from visnmf.solve.once import factorize_once
from visnmf.solve.plan import INITS
from visnmf.solve.processes import carried_out
from visnmf.solve.result import Factorization

__all__ = ["SURE", "Restarts", "check_processes", "in_processes", "later_start", "restarts"]

SURE = 0.9
"""The mean cosine to its matches from which a part may be called found by every start."""

_DRAWN = ("random", "random frobenius", "nndsvdar", "kmeans", "spherical kmeans")
"""Starts that differ from seed to seed."""


@dataclass(frozen=True, eq=False, repr=False)
class Restarts:
    """Runs from several starts.

    Attributes
    ----------
    runs : tuple of Factorization
        In the order of their starts.
    best : Factorization
        The one of the least objective, the first of several. If there are others, its `settings`
        tell the `objectives` of all runs, and the `stability` of its parts, if any is not zero.
    """

    runs: tuple[Factorization, ...]

    @property
    def objectives(self) -> np.ndarray:
        """The objective of each run, (runs,)."""
        return np.array([found.objective for found in self.runs])

    @property
    def index(self) -> int:
        """Which run is the best."""
        return int(np.argmin(self.objectives))

    @cached_property
    def cosines(self) -> np.ndarray:
        """How alike each part of the best run is to its match in each other run.

        (runs - 1, rank), from 0 to 1; matched so that their sum is greatest
        (`visnmf.measure.match_parts`).
        """
        W = self.runs[self.index].W
        others = [found.W for k, found in enumerate(self.runs) if k != self.index]
        return np.array([match_parts(W, other).cosine for other in others]).reshape(-1, W.shape[1])

    @property
    def stability(self) -> np.ndarray:
        """The mean of these cosines for each part, (rank,).

        1 says that every start finds this part. NaN where there is nothing to compare: one run
        only, or no part that is not zero, as of black pictures.
        """
        if not len(self.cosines) or not self.runs[self.index].W.any():
            return np.full(self.runs[0].rank, math.nan)
        found: np.ndarray = self.cosines.mean(axis=0)
        return found

    @cached_property
    def best(self) -> Factorization:
        """The run of the least objective."""
        found = self.runs[self.index]
        if len(self.runs) == 1:
            return found
        asked = self.runs[0].settings  # as it was asked for, so that it can be again
        told: dict[str, Any] = {
            "init": asked["init"],
            "seed": asked["seed"],
            "n_init": len(self.runs),
            "objectives": [float(objective) for objective in self.objectives],
        }
        if not np.isnan(self.stability).any():  # JSON has no NaN
            told["stability"] = [float(cosine) for cosine in self.stability]
        return replace(found, settings={**found.settings, **told})

    def __repr__(self) -> str:
        least, most = self.objectives.min(), self.objectives.max()
        runs = f"{len(self.runs)} run{'' if len(self.runs) == 1 else 's'}"
        return (
            f"Restarts({runs} of rank {self.best.rank}: objectives {least:.6g} to {most:.6g}, "
            f"mean stability {self.stability.mean():.3f})"
        )


def restarts(
    V: Any,
    rank: int,
    n_init: int = 10,
    *,
    processes: int = 1,
    init: str = "auto",
    seed: int | np.random.Generator = 0,
    time_limit: float = math.inf,
    **settings: Any,
) -> Restarts:
    """Factorize V from several starts, and keep all that comes of it.

    Parameters
    ----------
    V : array_like (m, n), ImageSet, scipy.sparse array, or what is read in blocks
        As `visnmf.factorize` takes it; in memory, if there are several processes.
    rank : int
        How many parts.
    n_init : int
        How many runs. The first is what `visnmf.factorize` gives; so more of them are never worse.
    processes : int
        How many runs at a time, each in a process of its own (joblib's); -1 is one for each
        processor. The results are the same.
    init : str
        As of `visnmf.factorize`. Starts that are the same for every seed ("auto" of the
        beta-divergences, "frobenius", "nndsvd", "nndsvda", "spa", "snpa") serve the first run
        only: the others begin at random ("random frobenius").
    seed : int or numpy.random.Generator
        Of the first run; the others have its children (`numpy.random.SeedSequence.spawn`).
    time_limit : float
        Seconds for all runs; those that would begin after it are left out.
    **settings
        As of `visnmf.factorize`.

    Returns
    -------
    Restarts

    Raises
    ------
    InvalidInputError
        As `visnmf.factorize`; and if there are several runs with a start or a checkpoint given, or
        several processes with a callback or a V that is read in blocks.

    Notes
    -----
    Each process has its share of the threads. Ctrl-C ends the run that goes on and leaves
    out those to come; where runs are in other processes it raises KeyboardInterrupt.

    Examples
    --------
    >>> import visnmf
    >>> faces = visnmf.samples.load_faces()
    >>> found = visnmf.restarts(faces, 4, n_init=3, max_iter=20)
    >>> len(found.runs), found.best.rank, found.stability.shape
    (3, 4, (4,))
    """
    n_init = check_integer(n_init, "n_init", 1)
    processes = min(check_processes(processes), n_init)
    limit = check_number(time_limit, "time_limit")
    settings = {**settings, "init": check_choice(init, "init", INITS)}
    if n_init == 1:
        return Restarts((factorize_once(V, rank, seed=seed, time_limit=limit, **settings),))
    _check_several(V, processes, settings)
    V = columns_of(V)  # which processes share
    asked = [{**settings, "seed": seed}]
    later = later_start(init, settings.get("loss", "frobenius"))
    children = spawn(seed, n_init - 1)
    asked += [{**settings, "init": later, "seed": child} for child in children]
    ends = time.time() + limit
    if processes > 1:
        found = in_processes(_run_until, [(ends, V, rank, own) for own in asked], processes)
        return Restarts(tuple(each for each in found if each is not None))
    runs: list[Factorization] = []
    for own in asked:
        run = _run_until(ends, V, rank, own, first=not runs)
        if run is not None:
            runs.append(run)
        if run is None or run.reason in ("interrupted", "callback"):
            break
    return Restarts(tuple(runs))


def later_start(init: str, loss: str | float) -> str:
    """Return the start of all runs but the first: at random, unless it differs by the seed."""
    drawn = init in _DRAWN or (init == "auto" and is_robust(loss))
    return init if drawn else "random frobenius"


def in_processes(
    function: Callable[..., Any], arguments: list[tuple[Any, ...]], processes: int
) -> Generator[Any, None, None]:
    """Yield what a function gives for each tuple of arguments, by several processes, in order.

    The first call is told ``first=True``.

    Parameters
    ----------
    function : callable
        Of a module, so that other processes find it.
    arguments : list of tuple
        What it is called with.
    processes : int
        How many at a time.
    """
    from joblib import delayed

    share = max(1, available() // processes)
    calls = (
        delayed(function)(*given, first=k == 0, n_jobs=share) for k, given in enumerate(arguments)
    )
    return carried_out(calls, processes)


def check_processes(processes: Any) -> int:
    """Return how many processes there shall be."""
    if isinstance(processes, int | np.integer) and processes == -1:
        return cores()
    try:
        return check_integer(processes, "processes", 1)
    except InvalidInputError as error:
        raise InvalidInputError(f"{error}, or -1 for one on each processor") from error


def _run_until(
    ends: float,
    V: Any,
    rank: int,
    settings: dict[str, Any],
    *,
    first: bool,
    n_jobs: int | None = None,
) -> Factorization | None:
    """Run once, if there is time; the first run at any rate."""
    left = ends - time.time()
    if left <= 0 and not first:
        return None
    if n_jobs is not None:  # in another process
        settings = {**settings, "n_jobs": n_jobs}
        V = np.asarray(V) if isinstance(V, np.memmap) else V  # a large V is shared by a file
    return factorize_once(V, rank, time_limit=max(left, 0.0), **settings)


def _check_several(V: Any, processes: int, settings: dict[str, Any]) -> None:
    """Refuse what does not go with several runs, or with several processes."""
    if settings.get("W") is not None or settings.get("H") is not None:
        raise InvalidInputError(
            "all runs would begin at the W and H that are given; leave n_init at 1, or give no "
            "start"
        )
    if settings.get("checkpoint") is not None:
        raise InvalidInputError("a checkpoint keeps one run; leave n_init at 1, or checkpoint= out")
    if processes == 1:
        return
    if settings.get("callback") is not None:
        raise InvalidInputError(
            "a callback cannot be called from other processes; use processes=1, or leave it out"
        )
    if source_of(V) is not None:
        raise InvalidInputError(
            "several processes share a V in memory, but this one is read in blocks; use processes=1"
        )
