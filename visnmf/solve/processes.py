"""Calls carried out by several processes, their results in order."""

from __future__ import annotations

import warnings
from collections.abc import Generator, Iterable
from typing import Any

__all__ = ["carried_out"]


def carried_out(calls: Iterable[Any], processes: int) -> Generator[Any, None, None]:
    """Yield the results of calls in order; closed early, it drops those that are under way.

    Parameters
    ----------
    calls : iterable
        Of what `joblib.delayed` makes. Arrays of more than a megabyte are shared, not copied.
    processes : int
        How many at a time. They stay for a while, so that a second use finds them ready.
    """
    from joblib import Parallel

    pool = Parallel(n_jobs=processes, backend="loky", return_as="generator", max_nbytes="1M")
    found = pool(calls)
    try:
        for each in found:  # noqa: UP028 - `yield from` would close it before the lines below
            yield each
    finally:
        with warnings.catch_warnings():  # joblib's, of results that nobody waits for any more
            warnings.simplefilter("ignore", UserWarning)
            found.close()
