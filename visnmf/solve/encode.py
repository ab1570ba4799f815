"""Encodings of images by given parts: non-negative least squares."""

from __future__ import annotations

from typing import Any

import numpy as np

from visnmf.errors import InvalidInputError
from visnmf.kernels.choose import choose_kernels
from visnmf.kernels.threads import threads
from visnmf.matrices.protocol import VALUE, Matrix
from visnmf.solve.compose import Asked, compose_side, make_loss, sort_terms
from visnmf.solve.edge import check_cast, check_number, check_values
from visnmf.solve.intake import take_in
from visnmf.solve.onesided import fit_one

__all__ = ["SWEEPS", "encode", "goal_of"]

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

    by cyclic coordinate descent on W'W and W'V, in tiles of columns that stay in cache; where
    parts are so alike that it does not get there, by the active-set method of Lawson and
    Hanson, image by image. Other losses, terms and missing entries go as in
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
    Costs 2 m n rank operations for W'V and 2 rank^2 n for a sweep; some tens of sweeps
    are usual. Memory for two copies of H is needed beside V. Other losses cost two products
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
            G = A @ A.T
            B = matrix.contract(A, None, VALUE)
            H = np.zeros_like(B)
            run.nnls(H, G, B, SWEEPS, goal)
            _solve_outright(A, matrix, H, _late(H, G, B, goal))
            return H
        # Some sweeps in quadratic terms are worth many steps of other kinds
        H = np.zeros((rank, n), matrix.dtype)
        run.nnls(H, A @ A.T, matrix.contract(A, None, VALUE), _FIRST, goal)
        if side.kind != "quadratic":
            H += H.dtype.type(1e-3) * H.mean(axis=0)
        side.admit(H)
        fit_one(side, told, matrix, A, H, run, limit=SWEEPS, goal=goal, change=goal * 1e-4)
        return H


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
