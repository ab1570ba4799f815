"""Encodings of images by given parts: non-negative least squares."""

from __future__ import annotations

from typing import Any

import numpy as np

from visnmf.arguments import check_number
from visnmf.errors import InvalidInputError
from visnmf.kernels.choose import choose_kernels
from visnmf.kernels.threads import threads
from visnmf.matrices.chunked import Chunked, read_ahead
from visnmf.matrices.masked import Masked
from visnmf.matrices.protocol import VALUE
from visnmf.matrices.source import Source
from visnmf.solve.chunks import source_of
from visnmf.solve.compose import Asked, compose_side, sort_terms
from visnmf.solve.edge import check_cast, check_values
from visnmf.solve.intake import take_in
from visnmf.solve.known_rows import fit_known_rows
from visnmf.solve.least_squares import fit_least_squares, solve_outright
from visnmf.solve.naming import make_loss
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

    by cyclic coordinate descent on W'W and W'V in tiles of columns that stay in cache. It begins
    at the solution without the bound, with what is negative set to zero. Where parts are so
    alike that it does not get there, the active-set method of Lawson and Hanson
    follows, image by image. Where a dense V is `observed` in part, the sum goes over the known
    pixels of each image, by the matrix W'W of these pixels, which images with the same ones
    share. Other losses, terms, weights and a sparse V with missing entries go as in
    `visnmf.factorize`, by steps of H alone.

    Parameters
    ----------
    V : array_like (m, n), ImageSet, scipy.sparse array, LazyImages or what is on disk
        Non-negative and finite; columns are images. What is not in memory is read once, block by
        block; what `terms_H` ask must be asked of each image for itself then.
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
    needs little memory beside H. Each set of hidden pixels that differs costs m' rank^2
    operations beside, with m' the hidden pixels, or the known ones where they are fewer. Other
    losses cost two products of V with the parts a step, and take some tens to hundreds of steps.

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
        if (source := source_of(V)) is not None:
            return _encode_blocks(
                source, W, observed=observed, weights=weights, missing=missing, loss=loss,
                terms_H=terms_H, update=update, goal=goal, kernels=kernels,
            )  # fmt: skip
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
        # With L2,1 each image's own problem is that of squares
        plain = side.plain and side.kind == "quadratic" and told.name in ("frobenius", "l21")
        if plain and not matrix.weighted:
            H, late = fit_least_squares(matrix, A, run, sweeps=SWEEPS, goal=goal)
            solve_outright(A, matrix, H, late)
            return H
        if plain and isinstance(matrix, Masked) and matrix.weights.dtype == bool:
            return fit_known_rows(matrix, A, run, sweeps=SWEEPS, goal=goal)
        # Some sweeps in quadratic terms are worth many steps of other kinds
        H = np.zeros((rank, n), matrix.dtype)
        run.nnls(H, A @ A.T, matrix.contract(A, None, VALUE), _FIRST, goal)
        if side.kind != "quadratic":
            H += H.dtype.type(1e-3) * H.mean(axis=0)
        side.admit(H)
        fit_one(side, told, matrix, A, H, run, limit=SWEEPS, goal=goal, change=goal * 1e-4)
        return H


def _encode_blocks(
    source: Source, W: Any, *, observed: Any, weights: Any, terms_H: Any, **settings: Any
) -> np.ndarray:
    """Encode what is read in blocks, reading ahead."""
    if weights is not None:
        raise InvalidInputError(
            "weights= is for a V in memory; of one that is read in blocks say observed= or missing="
        )
    m, n = source.shape
    W = check_values(W, "W")
    asked = sort_terms(terms_H, "H", (W.shape[1], n))
    apart = asked.constraint is None or asked.constraint.couples in ("entry", "image")
    if not apart or not all(penalty.separable for penalty in asked.penalties):
        raise InvalidInputError(
            "terms_H ask something of several images together, which a V that is read in blocks "
            "does not have together; use terms of each image for itself, as ElasticNet"
        )
    H = np.empty((W.shape[1], n), source.dtype)
    matrix = Chunked(source)

    def read(columns: slice) -> np.ndarray:
        return source.read(columns.start, columns.stop)

    for columns, values in read_ahead(matrix.ranges(), read):
        known = None if observed is None else np.asarray(observed[:, columns])
        H[:, columns] = encode(values, W, observed=known, terms_H=terms_H, **settings)
    H[:, list(source.lost)] = 0
    return H
