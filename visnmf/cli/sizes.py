"""Numbers of bytes for people."""

from __future__ import annotations

__all__ = ["size_of"]


def size_of(nbytes: float) -> str:
    """Return such as "812 bytes", "58.8 kB" or "1.23 GB"; k, M and G are powers of 1000."""
    if nbytes < 1000:
        return f"{nbytes:.0f} bytes"
    for unit in ("kB", "MB"):
        nbytes /= 1000
        if nbytes < 999.5:
            return f"{nbytes:.3g} {unit}"
    return f"{nbytes / 1000:,.3g} GB"
