"""`visnmf.kernels.greedy` compiled; numba is imported with this module, never before.

Which entry has farthest to go is asked of the bits of the distances: numbers that are not negative
are in the order of their bits, and the largest whole number is found in vector registers, where
numba does not get LLVM to find the largest float (three times slower).
"""

from __future__ import annotations

import numpy as np

from visnmf.kernels.compiling import compiler

__all__ = ["descend"]

_compile = compiler(fastmath=("nnan",))

_PART = 32
"""Distances of which the largest is kept, so that the search looks at few."""


def descend(B: np.ndarray, G: np.ndarray, H: np.ndarray, limit: int, goal: float) -> int:
    """Do what `visnmf.kernels.greedy.descend` does."""
    away = np.empty(B.shape[1], B.dtype)
    bits = away.view(np.int32 if B.dtype == np.float32 else np.int64)
    return int(_descend(B, G, H, limit, B.dtype.type(goal), away, bits))


@_compile
def _descend(B, G, H, limit, goal, away, bits):  # type: ignore[no-untyped-def]
    tops = np.empty((len(bits) + _PART - 1) // _PART, bits.dtype)
    zero = goal * 0
    taken = 0
    for row in range(len(B)):
        g, h = B[row], H[row]
        for k in range(len(g)):
            h[k] = zero
            away[k] = g[k] if g[k] > zero else zero
        best = _farthest(bits, tops)
        stop = goal * away[best]
        for _ in range(limit):
            if away[best] <= stop:
                break
            step = max(g[best], -h[best])
            h[best] += step
            column = G[best]
            for k in range(len(g)):
                g[k] -= step * column[k]
                away[k] = abs(max(g[k], -h[k]))
            best = _farthest(bits, tops)
            taken += 1
    return taken


@_compile
def _farthest(bits, tops):  # type: ignore[no-untyped-def]
    """Return the first place of the largest of them."""
    largest = bits[0]
    for i in range(len(tops)):
        part = bits[i * _PART : min((i + 1) * _PART, len(bits))]
        top = part[0]
        for k in range(len(part)):
            top = max(top, part[k])
        tops[i] = top
        largest = max(largest, top)
    i = 0
    while tops[i] < largest:
        i += 1
    k = i * _PART
    while bits[k] < largest:
        k += 1
    return k
