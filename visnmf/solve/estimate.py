"""`estimate`: what a factorization will take, told before it runs."""

from __future__ import annotations

from dataclasses import astuple, replace
from typing import Any

import numpy as np

from visnmf.arguments import check_choice, check_integer, check_number
from visnmf.errors import InvalidInputError
from visnmf.kernels.choose import KERNELS, Kernels, choose_kernels
from visnmf.kernels.threads import available, threads
from visnmf.matrices.dense import Dense
from visnmf.solve.calibrate import Factors, Subject, measure, probe
from visnmf.solve.compose import UPDATES
from visnmf.solve.cost import Rates
from visnmf.solve.estimated import Estimate
from visnmf.solve.footprint import of_masked, of_quadratic, of_split, stored_bytes
from visnmf.solve.intake import take_in
from visnmf.solve.naming import named
from visnmf.solve.plan import Plan
from visnmf.solve.stages import Kind, Stages, stages_of
from visnmf.solve.stopping import Rule
from visnmf.solve.warmup import STAND_INS, StandIns, choose_stand_ins

__all__ = ["estimate"]

_THREADS_GAIN = 0.85  # of the threads beyond the first one, where nothing is measured


def estimate(
    V: Any,
    rank: int,
    *,
    loss: str | float = "frobenius",
    update: str = "auto",
    max_iter: int = 200,
    warmup: str = "auto",
    dtype: Any = np.float32,
    density: float = 1.0,
    observed: float = 1.0,
    kernels: str = "auto",
    n_jobs: int | None = None,
    calibrate: bool = True,
) -> Estimate:
    """Tell what `factorize` will take of time and memory, before it runs.

    Parameters
    ----------
    V : array_like (m, n), ImageSet, scipy.sparse array, or (m, n)
        What would be factorized, or only its shape.
    rank, loss, update, max_iter, warmup, kernels, n_jobs
        As of `visnmf.factorize`.
    dtype : dtype
        Of V, where only its shape is given: float32 or float64.
    density : float
        The share of entries that a sparse V stores, where only its shape is given; below 1
        means that V is sparse.
    observed : float
        The share of entries that are known; below 1 means a dense V with missing entries.
    calibrate : bool
        Whether to measure this machine: a few iterations on a piece of V, or on random
        entries, which takes a tenth of a second or two. Otherwise the rates of a usual machine
        are taken, and V is not looked at.

    Returns
    -------
    Estimate

    Raises
    ------
    InvalidInputError
        If V is no matrix that could be factorized, or an option has a value that cannot be used.

    Notes
    -----
    How many iterations it takes to converge is not known beforehand. What pictures usually take
    is assumed, at the default tolerances; on them time and memory come out within a factor of 1.5.
    `seconds_at_most` and `seconds_per_iteration` do not depend on that. Compiled kernels are
    loaded once in a process, which takes half a second (some seconds where they were never
    compiled before) and is not counted.

    Examples
    --------
    >>> import visnmf
    >>> plan = visnmf.estimate((784, 60_000), 40, n_jobs=1, kernels="numpy", calibrate=False)
    >>> print(plan.stand_ins)
    a sample of 4,000 of rank 100, 1,000 columns of it first
    >>> plan.bytes_of_V
    188160000
    """
    for name, value, known in (
        ("update", update, UPDATES),
        ("warmup", warmup, STAND_INS),
        ("kernels", kernels, KERNELS),
    ):
        check_choice(value, name, known)
    plan = Plan(
        rank=check_integer(rank, "rank", 1),
        rule=Rule(check_integer(max_iter, "max_iter", 1)),
        loss="huber:1" if named(loss) == "huber" else loss,  # any takes as long
        update=update,
        warmup=warmup,
    )
    shares = _share(density, "density"), _share(observed, "observed")
    with threads(n_jobs):
        subject, copied = _subject_of(V, plan.rank, dtype, *shares)
        size = subject.size
        chosen = choose_kernels(kernels, plan.rank, size.m + size.n)
        name = chosen.__name__.rpartition(".")[2]  # type: ignore[attr-defined]
        name = "compiled" if name == "compiled" else "numpy"
        plan = replace(plan, kernels=name)
        kind = Kind.of(probe(subject, plan, chosen))
        stand_ins = _stand_ins_of(subject, plan, kind, chosen)
        rates = _rates(name, subject.dtype)
        factors = measure(subject, plan, kind, stand_ins, rates) if calibrate else Factors()
        if not calibrate:
            rates = _on_threads(rates, available())
        stages = stages_of(size, kind, stand_ins, plan)
        times = [
            factor * rates.seconds(work)
            for factor, work in zip(astuple(factors), stages.works(), strict=True)
        ]
        start, warm, step, end = times
        beside = _bytes_beside(subject, stages, kind, stand_ins, available())
        return Estimate(
            shape=(size.m, size.n),
            rank=plan.rank,
            loss=str(loss),
            update=update,
            seconds=start + stages.warm_iter * warm + stages.n_iter * step + end,
            seconds_at_most=start + stages.warm_most * warm + max_iter * step + end,
            seconds_per_iteration=step,
            seconds_of_start=start,
            n_iter=stages.n_iter,
            warm_iter=stages.warm_iter,
            max_iter=plan.rule.max_iter,
            bytes_of_V=_bytes_of_V(subject),
            bytes_beside_V=int(beside + (_bytes_of_V(subject) if copied else 0)),
            stand_ins=_told(stand_ins),
            kernels=name,
            threads=available(),
            calibrated=calibrate,
        )


def _subject_of(
    V: Any, rank: int, dtype: Any, density: float, observed: float
) -> tuple[Subject, bool]:
    """Return what is to be factorized, and whether V is to be copied into another type."""
    if isinstance(V, tuple) and len(V) == 2 and not any(hasattr(side, "__len__") for side in V):
        m, n = (check_integer(side, f"V.shape[{i}]", 1) for i, side in enumerate(V))
        try:
            kind = np.dtype(dtype)
        except TypeError as error:
            raise InvalidInputError(f"dtype={dtype!r} is no type of numbers") from error
        if kind not in (np.float32, np.float64):
            raise InvalidInputError(f"dtype must be float32 or float64, not {kind}")
        subject = Subject.unseen((m, n), rank, kind, density, observed)
        copied = False
    else:
        matrix = take_in(V)
        subject = Subject.of(matrix, rank, observed)
        given = getattr(V, "V", V) if hasattr(V, "layout") else V
        copied = isinstance(matrix, Dense) and not (
            isinstance(given, np.ndarray) and np.may_share_memory(matrix.values, given)
        )
    if subject.sparse and observed < 1:
        raise InvalidInputError("observed is for a dense V; of a sparse one give its density")
    return subject, copied


def _stand_ins_of(subject: Subject, plan: Plan, kind: Kind, kernels: Kernels) -> StandIns:
    """Return the stand-ins of the run, or of the fit that it begins with."""
    wanted = plan.warmup if kind.exact or kind.begun else "none"
    size = subject.size
    if subject.observed < 1:
        wanted = "none"
    return choose_stand_ins((size.m, size.n), plan.rank, wanted, kernels.SWEEP_COST, size.work)


def _rates(kernels: str, dtype: np.dtype[Any]) -> Rates:
    rates = Rates() if kernels == "compiled" else Rates.of_numpy()
    return rates.in_double() if dtype == np.float64 else rates


def _on_threads(rates: Rates, count: int) -> Rates:
    gain = 1 + _THREADS_GAIN * (count - 1)
    return replace(rates, product=rates.product / gain, sweep=rates.sweep / gain)


def _bytes_of_V(subject: Subject) -> int:
    size, itemsize = subject.size, subject.dtype.itemsize
    if subject.sparse:
        return int(size.entries * (itemsize + 4) + 4 * (size.n + 1))
    return int(size.entries * itemsize)


def _bytes_beside(
    subject: Subject, stages: Stages, kind: Kind, stand_ins: StandIns, count: int
) -> float:
    """Return the most bytes that are needed at a time beside V."""
    size, itemsize = subject.size, subject.dtype.itemsize
    beside = of_quadratic(size, stand_ins, stages.directions, itemsize)
    if subject.observed < 1:
        return of_masked(size, beside, itemsize, count)
    if not kind.exact:
        beside = of_split(size, beside, itemsize, count, sparse=subject.sparse)
    if subject.sparse:
        beside += stored_bytes(size, itemsize)
    return beside


def _told(stand_ins: StandIns) -> str:
    """Return what the first iterations work on."""
    low = f"rank {stand_ins.rank}" if stand_ins.rank else ""
    first = f", {stand_ins.part:,} columns of it first" if stand_ins.part else ""
    if not stand_ins.sample:
        return f"V of {low}{first}" if low else ""
    return f"a sample of {stand_ins.sample:,}" + (f" of {low}{first}" if low else "")


def _share(value: Any, name: str) -> float:
    share = check_number(value, name)
    if not 0 < share <= 1:
        raise InvalidInputError(f"{name} must be a share above 0 and at most 1, not {value!r}")
    return share
