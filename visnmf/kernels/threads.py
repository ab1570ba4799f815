"""The threads of a fit: its sweeps and large products in shares, BLAS kept to one thread.

BLAS threads spin while they wait for the next product, and are asked for small ones too: on a
busy machine that makes a product of a few million operations up to a hundred times
slower. So while a fit runs BLAS has one thread, and what is large is divided here, among plain
threads that sleep when there is nothing to do. Tiles and ranges of columns are
the same on any number of them.
"""

from __future__ import annotations

import functools
import operator
import os
import sys
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor, wait
from contextlib import contextmanager
from contextvars import ContextVar
from threading import Lock
from typing import Any, ParamSpec, TypeVar

from visnmf.errors import InvalidInputError

__all__ = ["available", "cores", "jobs", "on_threads", "spread", "threads"]

_WORTH = 5e6
"""Multiply-adds of a share below which handing it to another thread costs more than it saves."""

_wanted: ContextVar[int] = ContextVar("visnmf_threads", default=0)  # 0 where no fit runs

_inside: ContextVar[bool] = ContextVar("visnmf_inside", default=False)  # whether a fit runs

_P = ParamSpec("_P")
_R = TypeVar("_R")


class _Process:
    """What this process has once: its pool, BLAS, and how many fits run in it now."""

    def __init__(self) -> None:
        self.lock = Lock()
        self.pool: ThreadPoolExecutor | None = None
        self.fits = 0
        self.limiter: Any = None
        self.blas: Any = None
        self.loaded = 0
        self.blas_threads = 1

    def enter(self) -> None:
        """Note that a fit begins; the first one takes BLAS's threads away."""
        with self.lock:
            self.fits += 1
            if self.fits == 1:
                self.blas_threads = self._count_blas()
                if self.blas_threads > 1:
                    self.limiter = self.blas.limit(limits=1)

    def leave(self) -> None:
        """Note that a fit ends; the last one gives them back."""
        with self.lock:
            self.fits -= 1
            if self.fits == 0 and self.limiter is not None:
                self.limiter.restore_original_limits()
                self.limiter = None

    def usual(self) -> int:
        """Return the threads that BLAS has when no fit runs."""
        with self.lock:
            if not self.fits:
                self.blas_threads = self._count_blas()
            return min(self.blas_threads, cores())

    def workers(self) -> ThreadPoolExecutor:
        """Return the pool, whose threads are made when they are first needed."""
        with self.lock:
            if self.pool is None:
                self.pool = ThreadPoolExecutor(max(cores() - 1, 1), "visnmf")
            return self.pool

    def _count_blas(self) -> int:
        if self.blas is None or self.loaded != len(sys.modules):
            from threadpoolctl import ThreadpoolController

            self.blas = ThreadpoolController().select(user_api="blas")
            self.loaded = len(sys.modules)  # what was imported since may have brought a BLAS
        libraries = self.blas.lib_controllers
        return max((library.get_num_threads() for library in libraries), default=1)


_process = _Process()


def _renew() -> None:
    """Begin anew in a forked child, where the threads of the parent are not."""
    global _process
    limiter = _process.limiter
    _process = _Process()
    _inside.set(False)
    if limiter is not None:
        limiter.restore_original_limits()


if hasattr(os, "register_at_fork"):
    os.register_at_fork(after_in_child=_renew)


def cores() -> int:
    """Return the processors that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


@contextmanager
def threads(n_jobs: int | None = None) -> Iterator[None]:
    """Run what is inside on so many threads.

    Parameters
    ----------
    n_jobs : int, optional
        How many threads; -1 is one for each processor that the process may use, -2 one less,
        and never more than there are. None is as many as are set outside, or else as
        NumPy's BLAS has (one for each processor, unless OPENBLAS_NUM_THREADS, MKL_NUM_THREADS
        or threadpoolctl say otherwise).

    Yields
    ------
    None
        Nothing: fits inside know of it.

    Raises
    ------
    InvalidInputError
        If n_jobs is 0 or no integer.

    Notes
    -----
    Meanwhile BLAS has one thread in the whole process; what is large is divided into shares of
    images, pixels or tiles. Fits that run at a time in several threads share the processors.
    The number of threads does not change what is computed. The setting holds in the thread that
    makes it; do not yield from within.

    Examples
    --------
    >>> import numpy as np, visnmf
    >>> V = np.random.default_rng(0).random((50, 80))
    >>> with visnmf.threads(1):
    ...     result = visnmf.factorize(V, rank=3)
    """
    with jobs(n_jobs):
        if _inside.get():  # a part of the fit that counts already
            yield
            return
        process = _process
        process.enter()
        token = _inside.set(True)
        try:
            yield
        finally:
            _inside.reset(token)
            process.leave()


@contextmanager
def jobs(n_jobs: int | None) -> Iterator[None]:
    """Let the fits inside run on so many threads, where they do not say otherwise themselves."""
    token = _wanted.set(_count(n_jobs))
    try:
        yield
    finally:
        _wanted.reset(token)


def on_threads(function: Callable[_P, _R]) -> Callable[_P, _R]:
    """Run a function on the threads that are set outside, or as many as BLAS has."""

    @functools.wraps(function)
    def run(*args: _P.args, **kwargs: _P.kwargs) -> _R:
        with threads():
            return function(*args, **kwargs)

    return run


def available() -> int:
    """Return how many threads the caller may use now: its share, where other fits run."""
    wanted = _wanted.get()
    if wanted <= 1:
        return 1
    return max(1, min(wanted, cores() // max(_process.fits, 1)))


def spread(task: Callable[[int, int], object], count: int, work: float) -> None:
    """Call task(first, last) for shares of range(count), each on a thread of its own.

    Parameters
    ----------
    task : callable
        Works on items first to last - 1, and lets go of the interpreter's lock. Shares run at
        the same time.
    count : int
        How many items there are.
    work : float
        Multiply-adds of all of them: what is small is not divided.
    """
    team = min(available(), count, int(work / _WORTH))
    if team <= 1:
        if count:
            task(0, count)
        return
    edges = [count * i // team for i in range(team + 1)]
    pool = _process.workers()
    others: list[Future[object]] = []
    try:
        for first, last in zip(edges[1:-1], edges[2:], strict=True):
            try:
                others.append(pool.submit(task, first, last))
            except RuntimeError:  # the interpreter ends, and takes on no more work
                task(first, last)
        task(0, edges[1])
    finally:
        _wait_for(others)
    for other in others:
        other.result()


def _wait_for(others: list[Future[object]]) -> None:
    """Wait, also when interrupted: the shares write to arrays that are still in use."""
    interrupt = None
    while True:
        try:
            wait(others)
            break
        except KeyboardInterrupt as again:
            interrupt = again
    if interrupt is not None:
        raise interrupt


def _count(n_jobs: int | None) -> int:
    """Return the number of threads that n_jobs says."""
    if n_jobs is None:
        return _wanted.get() or _process.usual()
    try:
        count = 0 if isinstance(n_jobs, bool) else operator.index(n_jobs)
    except TypeError:  # no whole number
        count = 0
    if count == 0:
        raise InvalidInputError(
            f"n_jobs must be a number of threads, -1 for one on each processor, or None, "
            f"not {n_jobs!r}"
        )
    return min(count, cores()) if count > 0 else max(1, cores() + 1 + count)
