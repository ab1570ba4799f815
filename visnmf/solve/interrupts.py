"""Ctrl-C while a fit runs: once ends it in good order, twice at once.

Only while a fit runs in the main thread, and only where Ctrl-C does what Python has it do: whoever
put a handler there wants another thing. Fits within fits share the one handler.
"""

from __future__ import annotations

import signal
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from types import FrameType

from visnmf.solve.result import Factorization
from visnmf.solve.stopping import Trace

__all__ = ["stops_on_ctrl_c", "whole"]


class _Handler:
    """What SIGINT calls while fits run."""

    def __init__(self) -> None:
        self.traces: list[Trace] = []
        self.asked = False

    def __call__(self, number: int, frame: FrameType | None) -> None:
        """Ask all fits to end after their iteration; raise KeyboardInterrupt the second time."""
        if self.asked:
            raise KeyboardInterrupt
        self.asked = True
        for trace in self.traces:
            trace.stop = True


@contextmanager
def stops_on_ctrl_c(trace: Trace) -> Iterator[None]:
    """Let the first Ctrl-C end the run of a trace after its iteration; put back what was there.

    The run's reason is then "interrupted". The second Ctrl-C raises KeyboardInterrupt. Where no
    handler can be set, Ctrl-C stays what it is.

    Parameters
    ----------
    trace : Trace
        Its `stop` is set.
    """
    if threading.current_thread() is not threading.main_thread():
        yield
        return
    there = signal.getsignal(signal.SIGINT)
    if isinstance(there, _Handler):
        there.traces.append(trace)
        trace.stop = there.asked
        try:
            yield
        finally:
            there.traces = [other for other in there.traces if other is not trace]
        return
    if there is not signal.default_int_handler:
        yield
        return
    handler = _Handler()
    handler.traces.append(trace)
    signal.signal(signal.SIGINT, handler)
    try:
        yield
    finally:
        if signal.getsignal(signal.SIGINT) is handler:
            signal.signal(signal.SIGINT, there)


def whole(run: Factorization) -> Factorization:
    """Return a run as it is; raise KeyboardInterrupt if Ctrl-C ended it.

    For work of many fits, which judges by each: one that was cut short would be taken for a poor
    one, and the others would go on.

    Parameters
    ----------
    run : Factorization
        Of one of the fits.
    """
    if run.reason == "interrupted":
        raise KeyboardInterrupt
    return run
