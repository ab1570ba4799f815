"""Work on several sheets at a time, in their order, a few ahead."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from typing import TypeVar

from visnmf.kernels.threads import available

__all__ = ["in_turn"]

_T = TypeVar("_T")


def in_turn(
    task: Callable[[int], _T], count: int, told: Callable[[float], object] | None = None
) -> Iterator[_T]:
    """Yield task(0), task(1), ... as they are done, on as many threads as there are processors.

    Parameters
    ----------
    task : callable
        Given a number; codecs let other threads run while they work.
    count : int
        How many. At most one more than there are threads is done ahead, so that memory
        stays small.
    told : callable, optional
        Given which share is done.
    """
    for done, result in enumerate(_in_order(task, count), 1):
        if told is not None:
            told(done / count)
        yield result


def _in_order(task: Callable[[int], _T], count: int) -> Iterator[_T]:
    workers = min(available(), count)
    if workers <= 1:
        yield from map(task, range(count))
        return
    waiting: deque[Future[_T]] = deque()
    with ThreadPoolExecutor(workers) as pool:
        try:
            for i in range(count):
                waiting.append(pool.submit(task, i))
                if len(waiting) > workers:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            for future in waiting:
                future.cancel()
