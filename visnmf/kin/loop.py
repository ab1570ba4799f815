"""What the loops of all kin share: options, the count of iterations, and their end."""

from __future__ import annotations

import math
import time
from collections.abc import Callable, Iterator
from typing import Any

import numpy as np

from visnmf.arguments import check_callable, check_integer, check_number
from visnmf.matrices.dense import Dense
from visnmf.matrices.protocol import SQUARED_RESIDUAL, SQUARED_VALUE
from visnmf.solve.edge import check_seed
from visnmf.solve.result import Record
from visnmf.solve.stopping import Trace

__all__ = ["Loop", "half_squared_error"]

_PATIENCE = 3  # iterations in a row that change next to nothing


class Loop:
    """Iterations that end by a rule: ``for _ in loop: ...; loop.note(objective)``.

    Parameters
    ----------
    max_iter : int
        The most iterations.
    tol : float
        Ends when three iterations in a row each change the objective by at most this share
        of it. 0 for never.
    time_limit : float
        Ends after so many seconds.
    seed : int or numpy.random.Generator
        What `rng` is made of.
    callback : callable, optional
        Called with each `Record`; a true answer ends the loop.
    """

    def __init__(
        self,
        *,
        max_iter: int,
        tol: float,
        time_limit: float,
        seed: int | np.random.Generator,
        callback: Callable[[Record], object] | None,
    ) -> None:
        self.max_iter = check_integer(max_iter, "max_iter", 1)
        self.tol = check_number(tol, "tol")
        self.trace = Trace(
            check_number(time_limit, "time_limit"), check_callable(callback, "callback")
        )
        self.rng = check_seed(seed)
        self.noise = 0.0
        """A change of the objective that may be rounding."""
        self.objective = math.inf
        self.reason = ""
        self.n_iter = 0
        self.settings: dict[str, Any] = {
            "max_iter": self.max_iter,
            "tol": self.tol,
            "seed": int(seed) if isinstance(seed, int | np.integer) else None,
        }
        self._quiet = 0

    def __iter__(self) -> Iterator[int]:
        while not self.reason:
            self.n_iter += 1
            yield self.n_iter
            if self.n_iter == self.max_iter:
                self.reason = self.reason or "max_iter"

    @property
    def seconds_left(self) -> float:
        """What is left of the time limit for what comes before the loop."""
        return max(self.trace.time_limit - (time.perf_counter() - self.trace.began), 0.0)

    def allow_rounding(self, V: np.ndarray) -> None:
        """Take as no change what rounding of the residuals of V alone can make of it."""
        eps = float(np.finfo(V.dtype).eps)
        self.noise = 5 * eps**2 * Dense(V).total(None, None, SQUARED_VALUE)

    def note(self, objective: float) -> None:
        """Note the objective that an iteration reached."""
        change = abs(self.objective - objective)
        quiet = change <= max(self.tol * objective, self.noise)
        self._quiet = self._quiet + 1 if quiet else 0
        self.objective = objective
        stop = self.trace.add("V", self.n_iter, objective, math.nan)
        self.reason = "change" if self.tol and self._quiet == _PATIENCE else stop

    def outcome(self, method: str, **settings: Any) -> dict[str, Any]:
        """Return the fields of a `Factorization` that tell how the run went."""
        return {
            "objective": self.objective,
            "kkt": math.nan,
            "history": self.trace.history,
            "reason": self.reason,
            "n_iter": self.n_iter,
            "settings": {"method": method, **settings, **self.settings},
        }


def half_squared_error(V: np.ndarray, W: np.ndarray, H: np.ndarray) -> float:
    """Return 1/2 ||V - W H||^2 for W' (rank x m) and H, from the residuals in blocks."""
    return 0.5 * Dense(V).total(W, H, SQUARED_RESIDUAL)
