"""`visnmf.kernels.greedy` compiled; numba is imported with this module, never before."""

from __future__ import annotations

import numpy as np

from visnmf.kernels.compiling import compiler

__all__ = ["descend"]

# The largest of many is found in vector registers only where none may be NaN
_compile = compiler(fastmath=("nnan",))


def descend(B: np.ndarray, G: np.ndarray, H: np.ndarray, limit: int, goal: float) -> int:
    """Do what `visnmf.kernels.greedy.descend` does."""
    return int(_descend(B, G, H, limit, B.dtype.type(goal)))


@_compile
def _descend(B, G, H, limit, goal):  # type: ignore[no-untyped-def]
    taken = 0
    for row in range(len(B)):
        g, h = B[row], H[row]
        zero = goal * 0
        first = zero
        for k in range(len(g)):
            h[k] = zero
            first = g[k] if g[k] > first else first
        stop = goal * first
        for _ in range(limit):
            far = zero
            for k in range(len(g)):
                move = abs(max(g[k], -h[k]))
                far = move if move > far else far
            if far <= stop:
                break
            best = 0
            while abs(max(g[best], -h[best])) < far:
                best += 1
            step = max(g[best], -h[best])
            h[best] += step
            column = G[best]
            for k in range(len(g)):
                g[k] -= step * column[k]
            taken += 1
    return taken
