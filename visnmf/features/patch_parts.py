"""Learning parts of patches: non-negative sparse coding of patches at random places."""

from __future__ import annotations

import warnings
from typing import NamedTuple

import numpy as np
from numpy.typing import NDArray

from visnmf.errors import ConvergenceWarning, InvalidInputError
from visnmf.features.contrast import Contrast
from visnmf.features.patch_code import PatchCode
from visnmf.features.sampling import sample_patches
from visnmf.images.pictures import Pictures
from visnmf.solve.factorize import factorize
from visnmf.solve.sparse_coding import sparse_parts

__all__ = ["Parts", "learn_parts"]

_FAINT = 1e-6
"""The squared length, of a patch as parts see it, under which there is nothing to learn from."""


class Parts(NamedTuple):
    """Parts as rows (rank, length) of unit length; the relative error; passes over the patches."""

    components: NDArray[np.float32]
    error: float
    passes: int


def learn_parts(
    pictures: Pictures,
    size: tuple[int, int],
    contrast: Contrast,
    *,
    rank: int,
    count: int,
    sparsity: float,
    max_iter: int,
    seed: int,
) -> Parts:
    """Learn parts of patches.

    Parameters
    ----------
    pictures : Pictures
        None smaller than a patch.
    size : (height, width)
        Of a patch.
    contrast : Contrast
        How parts see a patch.
    rank, count, sparsity, max_iter, seed
        Of `visnmf.features.PatchEncoder`: n_components, n_patches, sparsity, max_iter, and the
        seed that its random_state gives.

    Returns
    -------
    Parts

    Raises
    ------
    InvalidInputError
        If pixels are negative where parts see pixels.
    """
    if contrast.kind == "pixels" and any(p.min() < 0 for p in pictures.pictures):
        raise InvalidInputError(
            'Negative values in data: contrast="pixels" needs non-negative pixels; '
            'contrast="onoff" takes either sign'
        )
    patches = sample_patches(pictures, size, count=count, seed=seed)
    values = contrast.see(patches.V.T).values
    energy = np.einsum("nd,nd->n", values, values)
    values = values[energy > _FAINT]
    if not len(values):
        # All pictures are flat: there is nothing in them, which is no error of the user's
        return Parts(np.zeros((rank, contrast.length(patches.V.shape[0])), np.float32), 0.0, 1)
    if sparsity:
        rng = np.random.default_rng(seed)
        W, passes = sparse_parts(values, rank, sparsity, passes=max_iter, rng=rng), max_iter
    else:
        result = factorize(values.T, rank, seed=seed)
        W, passes = result.W.astype(np.float32, copy=False), max(result.n_iter, 1)
        W = W / np.maximum(np.linalg.norm(W, axis=0), np.finfo(np.float32).tiny)
    code = PatchCode(np.ascontiguousarray(W), size, contrast, sparsity)
    H = code.encode(values)
    if not H.any():
        warnings.warn(
            f"sparsity={sparsity:g} costs more than any part explains, so that all encodings are "
            "zero: take less, such as 0.1",
            ConvergenceWarning,
            stacklevel=4,
        )
    order = np.argsort(-np.einsum("nk,nk->k", H, H), kind="stable")
    error = np.linalg.norm(values - H @ W.T) / np.linalg.norm(values)
    return Parts(np.ascontiguousarray(W.T[order]), float(error), passes)
