"""Encodings of images by given parts: non-negative least squares."""

from __future__ import annotations

from typing import Any

import numpy as np

from visnmf.errors import InvalidInputError
from visnmf.kernels.choose import Kernels, choose_kernels
from visnmf.kernels.products import gram_of, product
from visnmf.kernels.threads import jobs, spread, threads
from visnmf.kernels.tiles import TILE, inverse_diagonal
from visnmf.matrices.dense import Dense
from visnmf.matrices.protocol import VALUE, Matrix
from visnmf.solve.compose import Asked, compose_side, make_loss, sort_terms
from visnmf.solve.edge import check_cast, check_number, check_values
from visnmf.solve.intake import take_in
from visnmf.solve.onesided import fit_one

__all__ = ["SWEEPS", "encode", "goal_of"]

_BLOCK = 1024  # images whose encodings and products with the parts stay in cache

_RIDGE = 1e-2  # of G's diagonal, added where a start is solved for

_NONE = np.empty(0, np.intp)

_FIRST = 20  # sweeps of the least-squares encodings that other losses start from

SWEEPS = 500
"""The most sweeps of a non-negative least-squares problem."""


def goal_of(dtype: np.dtype[Any]) -> float:
    """Return the projected gradient that encodings are fitted to, over that of H = 0."""
    return 1e-4 if dtype == np.float32 else 1e-6


def encode(
    V: Any,
    W: Any,
    *,
    loss: str | float = "frobenius",
    terms_H: Any = None,
    update: str = "auto",
    observed: Any = None,
    weights: Any = None,
    missing: float | None = None,
    goal: float | None = None,
    kernels: str = "auto",
    n_jobs: int | None = None,
) -> np.ndarray:
    r"""Fit encodings to images by given parts.

    Solves, for each column v of V for itself,

    .. math:: \min_{h \ge 0} \tfrac12 \|v - W h\|^2

    by cyclic coordinate descent on W'W and W'V in tiles of columns that stay in cache. It begins
    at the solution without the bound, with what is negative set to zero. Where parts are so
    alike that it does not get there, the active-set method of Lawson and Hanson
    follows, image by image. Other losses, terms and missing entries go as in
    `visnmf.factorize`, by steps of H alone.

    Parameters
    ----------
    V : array_like (m, n), ImageSet or scipy.sparse array
        Non-negative and finite; columns are images.
    W : array_like (m, rank)
        The parts, non-negative.
    loss, terms_H, update, observed, weights, missing
        As of `visnmf.factorize`. Nothing is held beside: W stays as it is.
    goal : float, optional
        Stop when the projected gradient of every image is at most so long, over its
        length at h = 0 (with other losses or terms, that of all images together, over its
        half that pulls up). 1e-4 for float32 and 1e-6 for float64 if not given.
    kernels, n_jobs
        As of `visnmf.factorize`.

    Returns
    -------
    ndarray (rank, n)
        H, of V's dtype (float32 or float64).

    Raises
    ------
    InvalidInputError
        If V or W has negative or non-finite entries, their shapes do not fit, or loss,
        update, terms and V do not go together.

    Notes
    -----
    Costs 2 m n rank operations for W'V and 2 rank^2 n for a sweep; ten to fifty sweeps
    are usual. A thousand images go through both at a time, on a thread each, so that a dense V
    needs little memory beside H. Other losses cost two products
    of V with the parts a step, and take some tens to hundreds of steps.

    Examples
    --------
    >>> import numpy as np
    >>> from visnmf.solve.encode import encode
    >>> W = np.array([[1.0, 0.0], [1.0, 1.0]])
    >>> encode(np.array([[2.0], [5.0]]), W).round(3)
    array([[2.],
           [3.]])
    """
    with threads(n_jobs):
        matrix = take_in(V, observed=observed, weights=weights, missing=missing)
        parts = check_cast(check_values(W, "W"), matrix.dtype, "W")
        m, n = matrix.shape
        if len(parts) != m:
            raise InvalidInputError(f"V has {m} pixels a column, but the parts W have {len(parts)}")
        goal = goal_of(matrix.dtype) if goal is None else check_number(goal, "goal")
        rank = parts.shape[1]
        run = choose_kernels(kernels, rank, n)
        asked = sort_terms(terms_H, "H", (rank, n))
        told = make_loss(loss, matrix)
        side = compose_side(
            "H", asked, Asked(), hold=False, loss=told, matrix=matrix, shape=(rank, n), free=None,
            update=update, kernels=run,
        )  # fmt: skip
        A = np.ascontiguousarray(parts.T)
        if side.plain and side.kind == "quadratic" and not matrix.weighted:
            H, late = fit_least_squares(matrix, A, run, sweeps=SWEEPS, goal=goal)
            _solve_outright(A, matrix, H, late)
            return H
        # Some sweeps in quadratic terms are worth many steps of other kinds
        H = np.zeros((rank, n), matrix.dtype)
        run.nnls(H, A @ A.T, matrix.contract(A, None, VALUE), _FIRST, goal)
        if side.kind != "quadratic":
            H += H.dtype.type(1e-3) * H.mean(axis=0)
        side.admit(H)
        fit_one(side, told, matrix, A, H, run, limit=SWEEPS, goal=goal, change=goal * 1e-4)
        return H


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
            late[i] = columns.start + _late(part, G, B, goal)

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
    wide[np.diag_indices_from(wide)] = (1 + _RIDGE) * diagonal
    with np.errstate(over="ignore"):
        inverse = np.linalg.inv(wide).astype(G.dtype)
    inverse[~alive] = 0
    return inverse if np.isfinite(inverse).all() else np.zeros_like(G)


def solve_clipped(near: np.ndarray, B: np.ndarray) -> np.ndarray:
    """Return the solution of G H = B without what is negative, by the `near_inverse` of G."""
    H = product(near, B)
    return np.maximum(H, 0, out=H)


def _late(H: np.ndarray, G: np.ndarray, B: np.ndarray, goal: float) -> np.ndarray:
    """Return the columns whose projected gradient is longer than the goal allows."""
    residual = B - G @ H
    free = np.where(H > 0, residual, np.maximum(residual, 0))
    length, at_zero = (np.einsum("kj,kj->j", A, A) for A in (free, B))
    return np.flatnonzero(length > (1.01 * goal) ** 2 * at_zero)


def _solve_outright(A: np.ndarray, V: Matrix, H: np.ndarray, columns: np.ndarray) -> None:
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
