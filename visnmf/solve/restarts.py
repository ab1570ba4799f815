"""Many fits of one V, in processes of their own where that saves time.

A fit is mostly small products and sweeps, between which Python has work to do: on threads they wait
for each other's interpreter lock, so that fits that need nothing of each other go to processes
(loky, by joblib), with V shared through a mapped file.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator, Sequence
from typing import Any

import numpy as np

from visnmf.kernels.threads import available, threads
from visnmf.solve.edge import columns_of
from visnmf.solve.factorize import factorize
from visnmf.solve.interrupts import whole
from visnmf.solve.processes import carried_out
from visnmf.solve.result import Factorization

__all__ = ["fit_many"]

_STARTING = 4.0  # seconds of work that are left, below which starting processes costs more


def fit_many(
    V: Any,
    fits: Sequence[dict[str, Any]],
    *,
    n_jobs: int | None = None,
    done: Callable[[int, Factorization], object] | None = None,
    **settings: Any,
) -> list[Factorization]:
    """Factorize one V several times: restarts, or ranks that do not start from each other.

    Parameters
    ----------
    V : array_like (m, n), ImageSet or scipy.sparse array
        As of `visnmf.factorize`, in memory.
    fits : sequence of dict
        What differs from fit to fit: ``{"rank": 5, "seed": 0}``.
    n_jobs : int, optional
        How many at a time, see `visnmf.threads`; each on one thread. The number does not
        change the results.
    done : callable, optional
        Called here with the place in `fits` and the result of each, in order; a true answer
        leaves out those after it.
    **settings
        What all fits have in common, as of `visnmf.factorize`.

    Returns
    -------
    list of Factorization
        In the order of `fits`; shorter where `done` ended it.

    Notes
    -----
    The first fit is made here; the others go to processes if they would take longer than starting
    these, some seconds. Processes stay for a while, so that a second call finds them ready.

    Examples
    --------
    >>> import numpy as np
    >>> V = np.random.default_rng(0).random((20, 30))
    >>> runs = fit_many(V, [{"seed": seed} for seed in range(3)], rank=2, init="random")
    >>> min(runs, key=lambda run: run.objective).W.shape
    (20, 2)
    """
    results: list[Factorization] = []
    V = columns_of(V)
    with threads(n_jobs):
        for run in _carried_out(V, list(fits), settings, available()):
            results.append(run)
            if done is not None and done(len(results) - 1, run):
                break
    return results


def _carried_out(
    V: Any, fits: list[dict[str, Any]], settings: dict[str, Any], team: int
) -> Iterator[Factorization]:
    began = time.monotonic()
    for place, fit in enumerate(fits):
        yield _fit(V, fit, settings)
        left = (time.monotonic() - began) / (place + 1) * (len(fits) - place - 1)
        if team > 1 and left > _STARTING:
            from joblib import delayed

            calls = (delayed(_fit)(V, fit, settings) for fit in fits[place + 1 :])
            yield from carried_out(calls, min(team, len(fits)))
            return


def _fit(V: Any, fit: dict[str, Any], settings: dict[str, Any]) -> Factorization:
    if isinstance(V, np.memmap):  # as processes get a large V; it is not to be read in blocks
        V = np.asarray(V)
    return whole(factorize(V, **{**settings, **fit, "n_jobs": 1}))
