"""`visnmf.kernels.masking` compiled; numba is imported with this module, never before."""

from __future__ import annotations

import numpy as np

from visnmf.kernels.compiling import compiler

__all__ = ["residual"]

_compile = compiler()


def residual(V: np.ndarray, M: np.ndarray, place: tuple[slice, slice], Y: np.ndarray) -> float:
    """Do what `visnmf.kernels.masking.residual` does, in one pass."""
    top, first = (part.start for part in place)
    if M.dtype == bool:
        return float(_known(V, M.view(np.uint8), top, first, Y))
    return float(_weighted(V, M, top, first, Y))


@_compile
def _known(V, M, top, first, Y):  # type: ignore[no-untyped-def]
    total, zero = 0.0, Y[0, 0] * 0
    for i in range(Y.shape[0]):
        squares = zero
        y = Y[i]  # indices from 0 on: with an offset the loop is not vectorized
        v, w = V[top + i, first : first + len(y)], M[top + i, first : first + len(y)]
        for j in range(len(y)):
            found = v[j] - y[j]
            found = found if w[j] != 0 else zero
            squares += found * found
            y[j] = found
        total += squares
    return total


@_compile
def _weighted(V, M, top, first, Y):  # type: ignore[no-untyped-def]
    total = 0.0
    for i in range(Y.shape[0]):
        squares = Y[0, 0] * 0
        y = Y[i]  # indices from 0 on: with an offset the loop is not vectorized
        v, w = V[top + i, first : first + len(y)], M[top + i, first : first + len(y)]
        for j in range(len(y)):
            found = v[j] - y[j]
            weighed = found * w[j]
            squares += found * weighed
            y[j] = weighed
        total += squares
    return total
