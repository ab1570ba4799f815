"""Coordinate descent on the Kullback-Leibler divergence, compiled, one column at a time.

`visnmf.kernels.newton_reference` tells what is computed; these must equal it to rounding. A
column's entries of V and of A'F stay in cache for all its sweeps. Numba is imported
with this module, never before; the compiled code lets go of the interpreter's lock.
"""

from __future__ import annotations

from typing import Any

import numpy as np

from visnmf.kernels.compiling import compiler
from visnmf.kernels.newton_reference import floors_of, pulls_of

__all__ = ["newton_dense", "newton_sparse"]


def newton_dense(
    F: np.ndarray,
    A: np.ndarray,
    V: np.ndarray,
    sweeps: int,
    l1: float = 0.0,
    l2: float = 0.0,
    free: np.ndarray | None = None,
) -> None:
    """Do what `visnmf.kernels.newton_reference.newton_dense` does."""
    pulls, room = pulls_of(A, l1, free), _workspace(F, V.shape[1])
    _dense(F, np.ascontiguousarray(A), V, sweeps, pulls, *room, *_constants(F, l2))


def newton_sparse(
    F: np.ndarray,
    A: np.ndarray,
    indptr: np.ndarray,
    indices: np.ndarray,
    data: np.ndarray,
    sweeps: int,
    l1: float = 0.0,
    l2: float = 0.0,
    free: np.ndarray | None = None,
) -> None:
    """Do what `visnmf.kernels.newton_reference.newton_sparse` does."""
    by_row = np.ascontiguousarray(A.T)  # what an entry needs of A lies together
    pulls, room = pulls_of(A, l1, free), _workspace(F, int(np.diff(indptr).max(initial=0)))
    _sparse(F, by_row, indptr, indices, data, sweeps, pulls, *room, *_constants(F, l2))


def _workspace(F: np.ndarray, length: int) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return room for two numbers beside each entry of a column, and the second's bits.

    Positive floats are ordered as their bits are, and the largest of integers is found
    in vector registers, which LLVM does not do for floats here: it is four times as fast.
    """
    y, ratios = np.empty((2, length), F.dtype)
    return y, ratios, ratios.view(np.dtype(f"i{F.dtype.itemsize}"))


def _constants(F: np.ndarray, l2: float) -> tuple[Any, ...]:
    return tuple(F.dtype.type(number) for number in (l2, *floors_of(F.dtype)))


# No sum here meets a NaN, since what is divided by has a floor
_compile = compiler(fastmath=("nnan",))


@_compile
def _rise(P, N, Q, l2):  # type: ignore[no-untyped-def]
    """Return by how much an entry grows; the reference tells the formula."""
    unit = N / Q
    b = P + l2 * unit
    return 2 * (N - P) * unit / (b + np.sqrt(b * b + 4 * l2 * unit * (N - P)))


@_compile
def _sums(a, v, y, ratios):  # type: ignore[no-untyped-def]
    """Return N and Q; a / y, where v > 0, goes to `ratios`."""
    zero = v[0] * 0
    N, Q = zero, zero
    for i in range(v.shape[0]):
        ratio = a[i] / y[i]
        w = ratio * v[i]
        N += w
        Q += w * ratio
        ratios[i] = ratio if v[i] > 0 else zero
    return N, Q


@_compile
def _fitted(f, A, y, floor):  # type: ignore[no-untyped-def]
    """Write A'f to y, no less than the floor."""
    y[:] = 0
    for k in range(f.shape[0]):
        x = f[k]
        if x > 0:
            a = A[k]
            for i in range(y.shape[0]):
                y[i] += x * a[i]
    for i in range(y.shape[0]):
        y[i] = y[i] if y[i] > floor else floor


@_compile
def _push(y, a, move, floor):  # type: ignore[no-untyped-def]
    """Add a move's part of A'f to y, which stays no less than the floor."""
    for i in range(y.shape[0]):
        new = y[i] + move * a[i]
        y[i] = new if new > floor else floor


@_compile
def _column(f, A, v, y, ratios, bits, sweeps, pulls, l2, share, least):  # type: ignore[no-untyped-def]
    """Renew one column f of the factor; A and v hold what weighs in, the next three are room."""
    floor = v.max() * share + least
    for _ in range(sweeps):
        _fitted(f, A, y, floor)
        for k in range(f.shape[0]):
            if pulls[k] == 0:
                continue
            old = f[k]
            P = pulls[k] + l2 * old
            N, Q = _sums(A[k], v, y, ratios)
            new = old
            if N > P:
                new = old + _rise(P, N, Q, l2)
            elif N < P and old > 0:
                top = bits[0]
                for i in range(bits.shape[0]):
                    top = max(top, bits[i])
                bits[0] = top
                bend = Q + l2 + ratios[0] * (P - N)
                new = old - (P - N) / bend if bend > 0 else 0
            f[k] = new if new >= least else 0
            move = f[k] - old
            if move != 0:
                _push(y, A[k], move, floor)


@_compile
def _dense(F, A, V, sweeps, pulls, y, ratios, bits, l2, share, least):  # type: ignore[no-untyped-def]
    f = np.empty(F.shape[0], F.dtype)
    for j in range(F.shape[1]):
        f[:] = F[:, j]
        _column(f, A, V[j], y, ratios, bits, sweeps, pulls, l2, share, least)
        F[:, j] = f


@_compile
def _sparse(F, by_row, indptr, indices, data, sweeps, pulls, y, ratios, bits, l2, share, least):  # type: ignore[no-untyped-def]
    rank = F.shape[0]
    f, room = np.empty(rank, F.dtype), np.empty(rank * y.shape[0], F.dtype)
    for j in range(F.shape[1]):
        first, last = indptr[j], indptr[j + 1]
        count = last - first
        if count == 0:
            for k in range(rank):
                if pulls[k] > 0:
                    F[k, j] = 0
            continue
        A = room[: rank * count].reshape(rank, count)
        for i in range(count):
            for k in range(rank):
                A[k, i] = by_row[indices[first + i], k]
        f[:] = F[:, j]
        v, near, part, code = data[first:last], y[:count], ratios[:count], bits[:count]
        _column(f, A, v, near, part, code, sweeps, pulls, l2, share, least)
        F[:, j] = f
