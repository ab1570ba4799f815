"""`factorize_compressed`: a factorization in a stated number of passes over V."""

from __future__ import annotations

import math
from collections.abc import Callable
from dataclasses import replace
from typing import Any

import numpy as np

from visnmf.arguments import check_callable, check_choice, check_integer, check_number
from visnmf.errors import InvalidInputError
from visnmf.kernels.threads import threads
from visnmf.losses.models import Quadratic
from visnmf.matrices.protocol import Matrix
from visnmf.solve.batches import taken, tiles_of
from visnmf.solve.compose import Asked
from visnmf.solve.compressed import compress
from visnmf.solve.edge import check_room, check_seed
from visnmf.solve.encode import goal_of
from visnmf.solve.interrupts import stops_on_ctrl_c
from visnmf.solve.look import Look, look
from visnmf.solve.naming import named
from visnmf.solve.online import Batch
from visnmf.solve.plan import INITS, Plan
from visnmf.solve.result import Factorization, Record
from visnmf.solve.run import run
from visnmf.solve.stopping import Rule, Trace

__all__ = ["factorize_compressed"]

_ROUGH = 10.0  # the goal of encodings that serve a step of W only, over that of the last ones


def factorize_compressed(
    V: Any,
    rank: int,
    *,
    passes: int = 5,
    power: int = 2,
    oversampling: int | None = None,
    loss: str | float = "frobenius",
    init: str = "auto",
    max_iter: int = 200,
    tol: float = 1e-4,
    change: float = 1e-4,
    time_limit: float = math.inf,
    seed: int | np.random.Generator = 0,
    n_jobs: int | None = None,
    callback: Callable[[Record], object] | None = None,
) -> Factorization:
    r"""Factorize V in a number of passes over it that is known beforehand.

    V is compressed to a low rank by a randomized range finder [2]_, the factorization is
    learned from that [1]_, and what passes are left improve it on V itself. For V where each
    reading is dear: on a slow disk, or far larger than memory.

    Parameters
    ----------
    V : array_like (m, n), ImageSet, LazyImages or scipy.sparse array
        Non-negative; columns are images.
    rank : int
        How many parts to learn.
    passes : int
        How often V is read, at least 2: `power` times to compress it, once at the end, for
        the encodings and the true error, and between these for steps of W on V. With 2, `power`
        is lowered to 1.
    power : int
        Passes for the compression, at least 1: one power step each, but for the first.
    oversampling : int, optional
        Directions beyond the rank that are kept; one and a half times the rank, and at least 10, if
        not given.
    loss : str
        "frobenius"; other losses need the entries of V, which are not kept.
    init, max_iter, tol, change
        As of `visnmf.factorize`, for the fit to the compressed V.
    time_limit : float
        Stop learning after so many seconds; the last pass is made in any case.
    seed : int or numpy.random.Generator
        The same seed gives the same result on the same machine.
    n_jobs : int, optional
        Threads, as of `visnmf.factorize`; their number does not change the result.
    callback : callable, optional
        Called with the `Record` of each iteration; a true answer stops learning.

    Returns
    -------
    Factorization
        With objective and KKT norm of V itself. ``settings["passes"]`` tells how often V was
        read. The reason is that of the fit to the compressed V, which is "low rank" in the
        history.

    Raises
    ------
    InvalidInputError
        If V or an option cannot be used.

    Notes
    -----
    The compressed V takes (rank + oversampling) (m + n) numbers beside the factors. On
    pictures five passes end within some 0.001 of the relative error of `visnmf.factorize`, three
    within some 0.003. It does not pay where V lies in memory and is small: there an
    iteration on V costs no more than a reading of it, and `visnmf.factorize` begins with the same
    stand-in. Checking an array in memory for negative entries is one reading more; what is
    read block by block is checked on the way.

    References
    ----------
    .. [1] N. B. Erichson, A. Mendible, S. Wihlborn, J. N. Kutz (2018). Randomized nonnegative
       matrix factorization. Pattern Recognition Letters 104.
    .. [2] N. Halko, P. G. Martinsson, J. A. Tropp (2011). Finding structure with randomness:
       probabilistic algorithms for constructing approximate matrix decompositions. SIAM
       Review 53(2).

    Examples
    --------
    >>> import numpy as np, visnmf
    >>> rng = np.random.default_rng(0)
    >>> V = rng.random((50, 3)) @ rng.random((3, 80))
    >>> result = visnmf.factorize_compressed(V, rank=3, passes=3)
    >>> result.settings["passes"], bool(np.linalg.norm(result.residual(V)) < 0.05)
    (3, True)
    """
    trace = Trace(check_number(time_limit, "time_limit"), check_callable(callback, "callback"))
    rank = check_integer(rank, "rank", 1)
    check_room(rank, 1, 4)  # of V itself nothing is known yet
    passes = check_integer(passes, "passes", 2)
    power = min(check_integer(power, "power", 1), passes - 1)
    _check_loss(loss)
    check_choice(init, "init", INITS)
    more = max(10, math.ceil(1.5 * rank))
    if oversampling is not None:
        more = check_integer(oversampling, "oversampling", 0)
    plan = Plan(
        rank,
        Rule(
            check_integer(max_iter, "max_iter", 1),
            tol=check_number(tol, "tol"),
            change=check_number(change, "change"),
        ),
        init=init,
    )
    settings = {
        "rank": rank, "method": "compressed", "loss": "frobenius", "passes": passes, "power": power,
        "oversampling": more, "init": init, "max_iter": max_iter, "tol": tol, "change": change,
        "seed": int(seed) if isinstance(seed, int | np.integer) else None,
    }  # fmt: skip
    with threads(n_jobs):
        matrix = taken(V)
        trace.passes = getattr(matrix, "passes", None)
        sizes = passes, power, rank + more
        with stops_on_ctrl_c(trace):
            found = _run(matrix, plan, sizes, trace, check_seed(seed), settings)
        return replace(found, reason="interrupted") if trace.stop else found


def _check_loss(loss: Any) -> None:
    loss = named(loss)
    if loss != 2:
        twice = "visnmf.factorize_online, which reads V twice, or "
        online = "" if isinstance(loss, str) else twice
        raise InvalidInputError(
            f"loss={loss!r} needs all entries of V, which are not kept when it is compressed; use "
            f"{online}visnmf.factorize"
        )


def _run(
    matrix: Matrix,
    plan: Plan,
    sizes: tuple[int, int, int],
    trace: Trace,
    rng: np.random.Generator,
    settings: dict[str, Any],
) -> Factorization:
    passes, power, size = sizes
    (m, n), rank = matrix.shape, plan.rank

    def tiles() -> Any:
        return tiles_of(matrix)

    lowered = compress(tiles, (m, n), min(size, m, n), power, rng)
    found = run(lowered, plan, trace.inner("low rank"), rng, {})
    del lowered
    W, H = np.ascontiguousarray(found.W.T), np.ascontiguousarray(found.H)
    reason = trace.ended or found.reason
    goal = goal_of(matrix.dtype)

    def seen(share: float) -> Look:
        return look(tiles(), W, H, batch_of, goal=share * goal, warm=True)

    def batch_of(block: Matrix) -> Batch:
        return Batch.of(block, rank, "frobenius", Asked(), Asked())

    steps = 0
    try:
        while not trace.ended and steps < passes - power - 1:
            last = seen(_ROUGH)
            assert isinstance(last.model, Quadratic)
            last.batch.side_W.step(W, last.model)
            steps += 1
            trace.add("V", steps, last.objective, math.nan)
    except KeyboardInterrupt:
        reason = trace.interrupt()
    last = seen(1.0)
    point = last.batch.side_W.point(W, last.model, last.batch.kernels)
    kkt = math.sqrt(last.square + point.square)
    trace.add("closing", 1, last.objective, kkt)
    error = math.sqrt(2 * last.objective / last.squares) if last.squares > 0 else 0.0
    settings = settings | {"passes": power + steps + 1, "relative_error": error}
    return replace(
        found, W=W.T, H=H, objective=last.objective, kkt=kkt, history=trace.history,
        reason=reason, n_iter=steps, settings=settings, skipped=dict(getattr(matrix, "lost", {})),
    )  # fmt: skip
