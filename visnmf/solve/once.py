"""One run, from what a user asks for: everything is checked here, then `run` carries it out."""

from __future__ import annotations

import math
import os
from collections.abc import Callable
from dataclasses import replace
from functools import partial
from typing import Any

import numpy as np

from visnmf.arguments import check_callable, check_choice, check_integer, check_number, check_path
from visnmf.errors import InvalidInputError
from visnmf.kernels.choose import KERNELS
from visnmf.kernels.threads import threads
from visnmf.matrices.chunked import Chunked
from visnmf.matrices.protocol import SQUARED_VALUE
from visnmf.solve.checkpoint import keeper_of
from visnmf.solve.compose import UPDATES, sort_terms
from visnmf.solve.edge import check_room, check_seed
from visnmf.solve.fingerprint import facts_of, fingerprint
from visnmf.solve.given import check_delta, check_known, check_smoothing, check_start, described
from visnmf.solve.intake import take_in
from visnmf.solve.interrupts import stops_on_ctrl_c
from visnmf.solve.naming import named
from visnmf.solve.plan import INITS, Plan
from visnmf.solve.result import Factorization, Record
from visnmf.solve.run import run
from visnmf.solve.stopping import Rule, Trace
from visnmf.solve.warmup import STAND_INS

__all__ = ["factorize_once"]


def factorize_once(
    V: Any,
    rank: int,
    *,
    loss: str | float = "frobenius",
    terms_W: Any = None,
    terms_H: Any = None,
    known_W: Any = None,
    known_H: Any = None,
    observed: Any = None,
    weights: Any = None,
    missing: float | None = None,
    smoothing: float = 0.0,
    update: str = "auto",
    init: str = "auto",
    W: Any = None,
    H: Any = None,
    max_iter: int = 200,
    tol: float = 1e-4,
    change: float = 1e-4,
    time_limit: float = math.inf,
    seed: int | np.random.Generator = 0,
    warmup: str = "auto",
    sweeps: int = 8,
    extrapolate: bool = True,
    kernels: str = "auto",
    n_jobs: int | None = None,
    callback: Callable[[Record], object] | None = None,
    checkpoint: str | os.PathLike[str] | None = None,
    every: float = 60.0,
    resume: bool = False,
    scratch: str | os.PathLike[str] | None = None,
) -> Factorization:
    """Factorize V from one start; all is as of `visnmf.factorize`."""
    named(loss)  # or it is refused, before V is looked at
    trace = Trace(check_number(time_limit, "time_limit"), check_callable(callback, "callback"))
    keeper = keeper_of(checkpoint, every, resume)
    rank = check_integer(rank, "rank", 1)
    matrix = take_in(V, observed=observed, weights=weights, missing=missing)
    m, n = matrix.shape
    check_room(rank, m, matrix.dtype.itemsize)
    check_delta(loss, matrix)
    mixing = check_smoothing(smoothing, rank, matrix)
    if mixing is not None and known_H is not None:
        raise InvalidInputError(
            "smoothing mixes the rows of H, so that none can be known; leave one"
        )
    plan = Plan(
        rank=rank,
        rule=Rule(
            check_integer(max_iter, "max_iter", 1),
            tol=check_number(tol, "tol"),
            change=check_number(change, "change"),
        ),
        init=check_choice(init, "init", INITS),
        given=check_start(matrix, rank, W, H, mixing),
        known_W=check_known(known_W, (m, None), matrix, "known_W"),
        known_H=check_known(known_H, (None, n), matrix, "known_H"),
        loss=loss,
        update=check_choice(update, "update", UPDATES),
        W=sort_terms(terms_W, "W", (rank, m)),
        H=sort_terms(terms_H, "H", (rank, n)),
        mixing=mixing,
        warmup=check_choice(warmup, "warmup", STAND_INS),
        sweeps=check_integer(sweeps, "sweeps", 1),
        extrapolate=bool(extrapolate),
        kernels=check_choice(kernels, "kernels", KERNELS),
        scratch=None if scratch is None else str(check_path(scratch, "scratch")),
    )
    known = sum(len(rows) for rows in plan.known_rows())
    if known > rank:
        raise InvalidInputError(f"{known} parts are known, but the rank is {rank}; raise the rank")
    settings = {
        "rank": plan.rank,
        "loss": loss if isinstance(loss, str) else float(loss),
        "terms_W": described(plan.W),
        "terms_H": described(plan.H),
        "known_parts": known,
        "weighted": matrix.weighted,
        "smoothing": float(smoothing),
        "update": plan.update,
        "init": plan.init if plan.given is None else "given",
        "max_iter": plan.rule.max_iter,
        "tol": plan.rule.tol,
        "change": plan.rule.change,
        "seed": int(seed) if isinstance(seed, int | np.integer) else None,
        "warmup": plan.warmup,
        "sweeps": plan.sweeps,
        "extrapolate": plan.extrapolate,
        "kernels": plan.kernels,
    }
    rng = check_seed(seed)
    with threads(n_jobs):
        if keeper is not None:
            renew = partial(facts_of, matrix) if isinstance(matrix, Chunked) else None
            facts = fingerprint(matrix, plan, settings, rng)
            keeper.attach(trace, plan.rule, rng, facts, renew)
        if trace.history and isinstance(matrix, Chunked):
            matrix.passes.read += round(trace.history[-1].passes * n)
        with stops_on_ctrl_c(trace):
            found = run(matrix, plan, trace, rng, settings)
    plain = plan.loss in ("frobenius", 2) and not (plan.W.penalties or plan.H.penalties)
    if isinstance(matrix, Chunked) and plain and not matrix.weighted:  # else it can be computed
        squares = matrix.total(None, None, SQUARED_VALUE)
        found.settings["relative_error"] = math.sqrt(2 * found.objective / max(squares, 1e-300))
    return replace(found, reason="interrupted") if trace.stop else found
