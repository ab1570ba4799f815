"""Warm starts from one rank to the next: parts added from what is left over."""

from __future__ import annotations

import numpy as np

__all__ = ["grow"]

_SWEEPS = 4  # of the fit of rank one to the residual: it is only a start


def grow(
    V: np.ndarray, observed: np.ndarray | None, W: np.ndarray, H: np.ndarray, rank: int
) -> tuple[np.ndarray, np.ndarray]:
    """Return a start of a higher rank from a fit: it explains at least as much.

    Parameters
    ----------
    V : ndarray (m, n)
        Images as columns.
    observed : ndarray of bool (m, n), optional
        Which entries are known; the others are not looked at.
    W, H : ndarray (m, r), (r, n)
        The fit, of a rank of at most `rank`.
    rank : int
        Of the start.

    Returns
    -------
    W, H : ndarray (m, rank), (rank, n)
        Each new part is a non-negative fit of rank one to what of V is still under-explained, from
        the image that is explained least. It costs some ten passes over V.
    """
    if W.shape[1] >= rank:
        return W, H
    residual = V - W @ H if observed is None else np.where(observed, V - W @ H, 0)
    np.maximum(residual, 0, out=residual)
    parts, codes = [W], [H]
    for _ in range(rank - W.shape[1]):
        worst = int(np.argmax(np.einsum("ij,ij->j", residual, residual)))
        part = residual[:, worst].copy()
        code = np.zeros(V.shape[1], V.dtype)
        for _ in range(_SWEEPS):
            square = float(part @ part)
            if square <= 0:
                break
            code = (part @ residual) / square
            part = (residual @ code) / max(float(code @ code), np.finfo(V.dtype).tiny)
        parts.append(part[:, None])
        codes.append(code[None])
        residual -= np.outer(part, code)
        np.maximum(residual, 0, out=residual)
    return (
        np.concatenate(parts, axis=1).astype(V.dtype),
        np.concatenate(codes, axis=0).astype(V.dtype),
    )
