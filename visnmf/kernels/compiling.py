"""How functions are compiled: on first use, and kept on disk where that can be."""

from __future__ import annotations

import hashlib
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numba

__all__ = ["compiler"]

_OPTIONS: dict[str, Any] = {
    "nogil": True,
    "error_model": "numpy",  # a division that may raise is not done in vector registers
}
_FASTMATH = {"nsz", "arcp", "contract", "reassoc"}

_Function = Callable[..., Any]


def compiler(*sources: str, fastmath: tuple[str, ...] = ()) -> Callable[[_Function], _Function]:
    """Return a decorator that compiles a function.

    Parameters
    ----------
    *sources : str
        Files beside this one that the compiled code is made of, other than the function's own.
        Numba renews what it kept when the function's file changes; a digest of the others
        becomes part of the function's name, so that a change in them is seen.
    fastmath : tuple of str
        Liberties of LLVM's beside the usual ones.
    """
    content = b"".join(Path(__file__).with_name(name).read_bytes() for name in sources)
    options = {**_OPTIONS, "fastmath": _FASTMATH | set(fastmath)}
    digest = hashlib.sha256(content).hexdigest()[:8]

    def compile_function(function: _Function) -> _Function:
        function.__qualname__ += f"_{digest}"
        try:
            return numba.njit(cache=True, **options)(function)
        except RuntimeError:  # no folder to keep compiled code in
            return numba.njit(**options)(function)

    return compile_function
