"""Encodings of images by given parts: non-negative least squares."""

from __future__ import annotations

from typing import Any

import numpy as np

from visnmf.errors import InvalidInputError
from visnmf.kernels.choose import choose_kernels
from visnmf.solve.edge import check_number, check_values

__all__ = ["SWEEPS", "encode", "goal_of"]

SWEEPS = 500
"""The most sweeps of a non-negative least-squares problem."""


def goal_of(dtype: np.dtype[Any]) -> float:
    """Return the projected gradient that encodings are fitted to, over that of H = 0."""
    return 1e-4 if dtype == np.float32 else 1e-6


def encode(V: Any, W: Any, *, goal: float | None = None, kernels: str = "auto") -> np.ndarray:
    r"""Fit encodings to images by given parts.

    Solves, for each column v of V for itself,

    .. math:: \min_{h \ge 0} \tfrac12 \|v - W h\|^2

    by cyclic coordinate descent on W'W and W'V, in tiles of columns that stay in cache; where
    parts are so alike that it does not get there, by the active-set method of Lawson and
    Hanson, image by image.

    Parameters
    ----------
    V : array_like (m, n) or ImageSet
        Non-negative and finite; columns are images.
    W : array_like (m, rank)
        The parts, non-negative.
    goal : float, optional
        Stop when the projected gradient of every image is at most so long, over its
        length at h = 0. 1e-4 for float32 and 1e-6 for float64 if not given.
    kernels : {"auto", "compiled", "numpy"}
        As in `visnmf.factorize`.

    Returns
    -------
    ndarray (rank, n)
        H, of V's dtype (float32 or float64).

    Raises
    ------
    InvalidInputError
        If V or W has negative or non-finite entries, or their shapes do not fit.

    Notes
    -----
    Costs 2 m n rank operations for W'V and 2 rank^2 n for a sweep; some tens of sweeps
    are usual. Memory for two copies of H is needed beside V.

    Examples
    --------
    >>> import numpy as np
    >>> from visnmf.solve.encode import encode
    >>> W = np.array([[1.0, 0.0], [1.0, 1.0]])
    >>> encode(np.array([[2.0], [5.0]]), W).round(3)
    array([[2.], [3.]])
    """
    values = check_values(V)
    parts = check_values(W, "W").astype(values.dtype, copy=False)
    if len(parts) != len(values):
        raise InvalidInputError(
            f"V has {len(values)} pixels a column, but the parts W have {len(parts)}"
        )
    goal = goal_of(values.dtype) if goal is None else check_number(goal, "goal")
    rank, n = parts.shape[1], values.shape[1]
    run = choose_kernels(kernels, rank, n)
    G = parts.T @ parts
    B = parts.T @ values
    H = np.zeros_like(B)
    run.nnls(H, G, B, SWEEPS, goal)
    _solve_outright(parts, values, H, _late(H, G, B, goal))
    return H


def _late(H: np.ndarray, G: np.ndarray, B: np.ndarray, goal: float) -> np.ndarray:
    """Return the columns whose projected gradient is longer than the goal allows."""
    residual = B - G @ H
    free = np.where(H > 0, residual, np.maximum(residual, 0))
    length, at_zero = (np.einsum("kj,kj->j", A, A) for A in (free, B))
    return np.flatnonzero(length > (1.01 * goal) ** 2 * at_zero)


def _solve_outright(W: np.ndarray, V: np.ndarray, H: np.ndarray, columns: np.ndarray) -> None:
    """Solve for some columns of H exactly, in place."""
    if not len(columns):
        return
    from scipy.optimize import nnls

    Q, R = np.linalg.qr(W.astype(np.float64))
    targets = Q.T @ V[:, columns]
    for j, target in zip(columns, targets.T, strict=True):
        try:
            H[:, j] = nnls(R, target)[0]
        except RuntimeError:  # its own bound on iterations: what the sweeps reached stays
            continue
