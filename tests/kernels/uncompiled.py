"""What the vector code in lanes.py and vectors.py computes, in NumPy.

With compilation off (NUMBA_DISABLE_JIT=1) the loops of the compiled kernels run as Python, line by
line, but code that is written in LLVM's terms cannot: these stand in for it then.
"""

import numpy as np

from visnmf.kernels.columns import LANES


def row_residual(G, T, C, row, k):
    row[:] = C[k] - G[k] @ T


def row_step(G, T, C, k, step):
    old = T[k].copy()
    T[k] = np.maximum(0, old + step * (C[k] - G[k] @ T))
    return ((T[k] - old) ** 2).sum()


def copy(target, row, start, source, k, at, count):
    target[row, start : start + count] = source[k, at : at + count]


def load_row(P, e, X, i, scale):
    P[e] = scale * X[i]


def row_dot(X, i, Y, j):
    return X[i] @ Y[j]


def add_rows(total, t, X, indices, data, first, last):
    total[t] += data[first:last] @ X[indices[first:last]]


def add_outer(C, L, X, count):
    assert C.shape[1] % LANES == L.shape[1] % LANES == 0
    C += L[:count].T @ X[:count]


def step_lanes(G, T, C, inverse, k):
    old = T[k].copy()
    new = np.maximum(0, old + inverse[k] * (C[k] - np.einsum("lj,lj->j", G[k], T)))
    T[k] = np.where(inverse[k] > 0, new, old)
    return ((T[k] - old) ** 2).sum()
