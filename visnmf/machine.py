"""What this machine has."""

from __future__ import annotations

import os

__all__ = ["memory_of_machine"]


def memory_of_machine() -> int | None:
    """Return the bytes of memory of this machine; None on systems that do not tell."""
    try:
        return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE")
    except (AttributeError, ValueError, OSError):
        return None
