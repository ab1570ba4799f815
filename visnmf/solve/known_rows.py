"""Non-negative least squares where other pixels are known of each image, by exact curvatures.

The parts see of image j only its known rows, so that its matrix is

    G_j = sum_{i known of j} w_i w_i' = W'W - sum_{i hidden} w_i w_i',

whichever sum is shorter. Images of which the same pixels are known share it.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from visnmf.kernels.choose import Kernels
from visnmf.kernels.columns import LANES, choose_columns
from visnmf.kernels.products import gram_of
from visnmf.kernels.threads import jobs, spread
from visnmf.matrices.dense import Dense
from visnmf.matrices.masked import Masked
from visnmf.solve.least_squares import RIDGE, fit_least_squares, solve_outright

__all__ = ["fit_known_rows"]

_MANY = LANES  # images with the same pixels that are fitted as a matrix of these pixels

_FIRST = 8  # sweeps of a group of images before their gradients are looked at

_SCARCE = 1e-3
"""The share of a part's square that is left below which a difference has lost too much of it."""


def fit_known_rows(
    matrix: Masked, A: np.ndarray, kernels: Kernels, *, sweeps: int, goal: float
) -> np.ndarray:
    """Fit encodings to the known pixels of each image.

    Parameters
    ----------
    matrix : Masked (m, n)
        V, with weights that are booleans.
    A : ndarray (rank, m)
        The parts, W'.
    kernels : Kernels
        The sweeps.
    sweeps, goal
        As of `visnmf.solve.least_squares.fit_least_squares`; what does not get there is
        solved outright.

    Returns
    -------
    ndarray (rank, n)
        H; zero for an image of which nothing is known.
    """
    H = np.zeros((len(A), matrix.shape[1]), matrix.dtype)
    alone = [np.empty(0, np.intp)]
    for columns in _alike(matrix.weights):
        if len(columns) < _MANY:
            alone.append(columns)
            continue
        known = matrix.weights[:, columns[0]]
        if known.any():
            # Each image contiguous, as the sweeps of a dense V like them
            seen = Dense(np.ascontiguousarray(matrix.values.T[np.ix_(columns, known)]).T)
            parts = np.ascontiguousarray(A[:, known])
            found, late = fit_least_squares(seen, parts, kernels, sweeps=sweeps, goal=goal)
            solve_outright(parts, seen, found, late)
            H[:, columns] = found
    rest = np.concatenate(alone)
    if len(rest):
        _fit_each(matrix, A, kernels, rest, H, sweeps, goal)
    return H


def _alike(weights: np.ndarray) -> list[np.ndarray]:
    """Return the columns in groups of which the same is known."""
    found: dict[bytes, list[int]] = {}
    for j, bits in enumerate(np.packbits(weights.T, axis=1)):
        found.setdefault(bits.tobytes(), []).append(j)
    return [np.array(columns, np.intp) for columns in found.values()]


def _fit_each(
    matrix: Masked,
    A: np.ndarray,
    kernels: Kernels,
    columns: np.ndarray,
    H: np.ndarray,
    sweeps: int,
    goal: float,
) -> None:
    """Fit some columns of H in place, LANES of them side by side."""
    W, gram = np.ascontiguousarray(A.T), gram_of(A)
    hals_each = choose_columns(kernels).hals_each
    count = -(-len(columns) // LANES)

    def share(first: int, last: int) -> None:
        with jobs(1):
            for i in range(first, last):
                own = columns[i * LANES : (i + 1) * LANES]
                known = np.ascontiguousarray(matrix.weights.T[own])
                values = np.ascontiguousarray(matrix.values.T[own])
                G = _grams(W, gram, known)
                B = np.ascontiguousarray((values @ W).T)
                part = _start(G, B)
                late = _descend(hals_each, part, G, B, sweeps, goal)
                for j in late:
                    rows = known[j]
                    seen = Dense(values[j][rows][:, None])
                    solve_outright(A[:, rows], seen, part[:, j : j + 1], np.zeros(1, np.intp))
                H[:, own] = part

    spread(share, count, 0.25 * len(columns) * float(A.size) * len(A))


def _grams(W: np.ndarray, gram: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return the matrices of some images, (images, rank, rank); those alike lie together."""
    G = np.empty((len(known), *gram.shape), gram.dtype)
    for j, rows in enumerate(known):
        alike = j > 0 and np.array_equal(rows, known[j - 1])
        G[j] = G[j - 1] if alike else _gram_of_rows(W, gram, rows)
    return G


def _gram_of_rows(W: np.ndarray, gram: np.ndarray, known: np.ndarray) -> np.ndarray:
    """Return the sum over the known rows of W, or that of all less what is hidden."""
    if 2 * np.count_nonzero(known) <= len(known):
        seen = W[known]
        return seen.T @ seen
    hidden = W[~known]
    G = gram - hidden.T @ hidden
    scarce = np.diagonal(G) < _SCARCE * np.diagonal(gram)
    if scarce.any():  # these rows are mostly what rounding has left
        seen = W[known]
        G[scarce] = seen[:, scarce].T @ seen
        G[:, scarce] = G[scarce].T
    return G


def _start(G: np.ndarray, B: np.ndarray) -> np.ndarray:
    """Return each image's unconstrained solution with what is negative left out."""
    diagonal = np.einsum("jkk->jk", G)
    alive = diagonal > np.finfo(G.dtype).tiny
    firm = G.copy()
    np.einsum("jkk->jk", firm)[...] = np.where(alive, (1 + RIDGE) * diagonal, 1)
    found = np.linalg.solve(firm, np.where(alive, B.T, 0)[:, :, None])[:, :, 0]
    return np.ascontiguousarray(np.maximum(np.where(alive, found, 0), 0).T)


def _descend(
    hals_each: Callable[..., None],
    H: np.ndarray,
    G: np.ndarray,
    B: np.ndarray,
    sweeps: int,
    goal: float,
) -> np.ndarray:
    """Sweep until every image's gradient is short enough; return the images that are late."""
    lanes = np.ascontiguousarray(np.moveaxis(G, 0, 2))
    allowed = (1.01 * goal) ** 2 * np.einsum("kj,kj->j", B, B)
    done, more = 0, _FIRST
    while True:
        hals_each(H, lanes, B, more, 0.0)
        done += more
        residual = B - np.matmul(G, H.T[:, :, None])[:, :, 0].T
        free = np.where(H > 0, residual, np.maximum(residual, 0))
        late = np.flatnonzero(np.einsum("kj,kj->j", free, free) > allowed)
        if not len(late) or done >= sweeps:
            return late
        more = min(max(_FIRST, done // 4), sweeps - done)
