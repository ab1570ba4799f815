"""Keeps decoders silent about odd files while pictures are loaded, in any thread."""

from __future__ import annotations

import logging
import threading
import warnings
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager

__all__ = ["quiet_decoders"]

_lock = threading.Lock()
_inside = 0
_restore = ExitStack()
_nowhere = logging.NullHandler()


@contextmanager
def quiet_decoders() -> Iterator[None]:
    """Ignore warnings raised inside Pillow, and what it and tifffile log to nobody.

    They name no file; our errors do.

    Python keeps one list of warning filters for all threads, and putting it back in
    another order than it was changed would leave it wrong. So the first to enter
    changes it, the last to leave puts it back.
    """
    global _inside
    for name in ("PIL", "tifffile"):
        # Without any handler, logging prints; the handlers of an application still work.
        logging.getLogger(name).addHandler(_nowhere)
    with _lock:
        _inside += 1
        if _inside == 1:
            _restore.enter_context(warnings.catch_warnings())
            warnings.filterwarnings("ignore", module=r"PIL\.")
    try:
        yield
    finally:
        with _lock:
            _inside -= 1
            if _inside == 0:
                _restore.close()
