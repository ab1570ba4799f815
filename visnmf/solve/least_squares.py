"""Non-negative least squares for many images by the same parts: sweeps, then what is exact."""

from __future__ import annotations

import numpy as np

from visnmf.kernels.choose import Kernels
from visnmf.kernels.products import gram_of, product
from visnmf.kernels.threads import jobs, spread
from visnmf.kernels.tiles import TILE, inverse_diagonal
from visnmf.matrices.dense import Dense
from visnmf.matrices.protocol import VALUE, Matrix

__all__ = [
    "RIDGE",
    "fit_least_squares",
    "late_columns",
    "near_inverse",
    "solve_clipped",
    "solve_outright",
]

RIDGE = 1e-2
"""The share of G's diagonal that is added where a start is solved for."""

_BLOCK = 1024  # images whose encodings and products with the parts stay in cache

_NONE = np.empty(0, np.intp)


def fit_least_squares(
    matrix: Matrix,
    A: np.ndarray,
    kernels: Kernels,
    *,
    sweeps: int,
    goal: float,
) -> tuple[np.ndarray, np.ndarray]:
    """Fit encodings by sweeps, from the unconstrained solution with what is negative left out.

    A block of images after the other, each of which stays in cache from the product with the
    parts to the last sweep.

    Parameters
    ----------
    matrix : Matrix (m, n)
        V, without weights.
    A : ndarray (rank, m)
        The parts, W'.
    kernels : Kernels
        The sweeps.
    sweeps, goal
        The most of them, and the projected gradient to reach, as `encode` tells.

    Returns
    -------
    H : ndarray (rank, n)
        The encodings.
    late : ndarray of int
        The images where the sweeps did not get to the goal.
    """
    G = gram_of(A)
    near = near_inverse(G)
    n, dtype = matrix.shape[1], matrix.dtype
    H = np.empty((len(A), n), dtype)
    width = min(_BLOCK, -(-n // (2 * TILE)) * TILE)  # two blocks at least, for two threads
    count = -(-n // width) if isinstance(matrix, Dense) else 1
    late = [_NONE] * count
    W = np.ascontiguousarray(A.T)

    def fit(i: int, columns: slice, B: np.ndarray) -> None:
        part = solve_clipped(near, B)
        taken: int = kernels.nnls(part, G, B, sweeps, goal)
        H[:, columns] = part
        if taken > sweeps:
            late[i] = columns.start + late_columns(part, G, B, goal)

    if not isinstance(matrix, Dense):
        fit(0, slice(0, n), matrix.contract(A, None, VALUE))
        return H, late[0]
    images = matrix.values.T

    def share(first: int, last: int) -> None:
        with jobs(1):
            for i in range(first, last):
                columns = slice(i * width, min((i + 1) * width, n))
                # BLAS is at its best where the longer side of the result comes first
                fit(i, columns, np.ascontiguousarray((images[columns] @ W).T))

    spread(share, count, float(A.size) * n)
    return H, np.concatenate(late)


def near_inverse(G: np.ndarray) -> np.ndarray:
    """Return the inverse of G with a little added to its diagonal; zeros for empty parts."""
    alive = inverse_diagonal(G) > 0
    wide = G.astype(np.float64)
    diagonal = np.where(alive, np.diagonal(wide), 1.0)
    wide[np.diag_indices_from(wide)] = (1 + RIDGE) * diagonal
    with np.errstate(over="ignore"):
        inverse = np.linalg.inv(wide).astype(G.dtype)
    inverse[~alive] = 0
    return inverse if np.isfinite(inverse).all() else np.zeros_like(G)


def solve_clipped(near: np.ndarray, B: np.ndarray) -> np.ndarray:
    """Return the solution of G H = B without what is negative, by the `near_inverse` of G."""
    H = product(near, B)
    return np.maximum(H, 0, out=H)


def late_columns(H: np.ndarray, G: np.ndarray, B: np.ndarray, goal: float) -> np.ndarray:
    """Return the columns whose projected gradient is longer than the goal allows."""
    residual = B - G @ H
    free = np.where(H > 0, residual, np.maximum(residual, 0))
    length, at_zero = (np.einsum("kj,kj->j", A, A) for A in (free, B))
    return np.flatnonzero(length > (1.01 * goal) ** 2 * at_zero)


def solve_outright(A: np.ndarray, V: Matrix, H: np.ndarray, columns: np.ndarray) -> None:
    """Solve for some columns of H exactly, in place."""
    if not len(columns):
        return
    from scipy.optimize import nnls

    Q, R = np.linalg.qr(A.T.astype(np.float64))
    rotated = np.ascontiguousarray(Q.T.astype(V.dtype))
    targets = V.take(columns).contract(rotated, None, VALUE).astype(np.float64)
    for j, target in zip(columns, targets.T, strict=True):
        try:
            H[:, j] = nnls(R, target)[0]
        except RuntimeError:  # its own bound on iterations: what the sweeps reached stays
            continue
