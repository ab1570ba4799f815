"""Deep NMF: parts of parts, in layers."""

from __future__ import annotations

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from functools import partial, reduce
from typing import Any

import numpy as np

from visnmf.arguments import check_integer
from visnmf.errors import InvalidInputError
from visnmf.kernels.choose import Kernels, choose_kernels
from visnmf.kernels.threads import on_threads
from visnmf.kin.edge import check_dense
from visnmf.kin.encodings import RATIO, SWEEPS
from visnmf.kin.loop import Loop, half_squared_error
from visnmf.kin.quadratic import descend
from visnmf.solve.factorize import factorize
from visnmf.solve.result import Factorization, Record

__all__ = ["DeepFactorization", "deep_nmf"]

_STEPS = 30  # gradient steps on an inner layer for each product with V


@dataclass(frozen=True, eq=False, kw_only=True, repr=False)
class DeepFactorization(Factorization):
    """V = W1 W2 ... WL H + U: a `Factorization` whose W is the product of the layers.

    Attributes
    ----------
    layers : list of ndarray
        W1 (m, ranks[0]), W2 (ranks[0], ranks[1]), and so on, all non-negative.
    """

    layers: list[np.ndarray]

    def basis(self, layer: int) -> np.ndarray:
        """Return W1 ... W_layer: the parts of a layer as pictures.

        Parameters
        ----------
        layer : int
            From 1 to the number of layers.

        Returns
        -------
        ndarray (m, ranks[layer - 1])
        """
        return reduce(np.matmul, self.layers[: self._checked(layer)])

    def encodings(self, layer: int) -> np.ndarray:
        """Return what the `basis` of a layer is weighted by.

        Parameters
        ----------
        layer : int
            From 1 to the number of layers.

        Returns
        -------
        ndarray (ranks[layer - 1], n)
        """
        return reduce(np.matmul, [*self.layers[self._checked(layer) :], self.H])

    def _checked(self, layer: int) -> int:
        if check_integer(layer, "layer", 1) > len(self.layers):
            raise InvalidInputError(f"layer={layer}, but there are {len(self.layers)} layers")
        return layer


@on_threads
def deep_nmf(
    V: Any,
    ranks: Sequence[int] = (64, 16),
    *,
    max_iter: int = 200,
    tol: float = 1e-5,
    time_limit: float = math.inf,
    seed: int | np.random.Generator = 0,
    callback: Callable[[Record], object] | None = None,
) -> DeepFactorization:
    r"""Factorize V into layers of non-negative parts.

    Minimizes

    .. math:: f = \tfrac12 \|V - W_1 W_2 \cdots W_L H\|_F^2, \quad W_l, H \ge 0

    Each layer is first learned from the encodings of the one before, by `visnmf.factorize`;
    then all are tuned in turn: the outer ones by coordinate descent, the inner ones by
    projected gradient steps. The objective of the tuning never rises.

    Parameters
    ----------
    V : array_like (m, n) or ImageSet
        Non-negative and finite; columns are images.
    ranks : sequence of int
        How many parts each layer has, from the pixels up; usually fewer from layer to layer.
    max_iter : int
        The most iterations of the tuning.
    tol : float
        Stop when three iterations in a row each change the objective by at most this share
        of it. 0 for never.
    time_limit : float
        Stop after so many seconds, the learning of the layers included.
    seed : int or numpy.random.Generator
        The same seed gives the same result.
    callback : callable, optional
        Called with the `Record` of each iteration of the tuning; a true answer stops the run.

    Returns
    -------
    DeepFactorization
        With all layers, and with the product of them as W; `kkt` is NaN.

    Raises
    ------
    InvalidInputError
        If V has negative or non-finite entries, or an option cannot be used.

    References
    ----------
    G. Trigeorgis, K. Bousmalis, S. Zafeiriou, B. Schuller (2014). A deep semi-NMF model for
    learning hidden representations. ICML. Here all layers are non-negative.

    Examples
    --------
    >>> import numpy as np
    >>> from visnmf.kin import deep_nmf
    >>> V = np.random.default_rng(0).random((20, 30))
    >>> result = deep_nmf(V, (6, 3))
    >>> [W.shape for W in result.layers], result.basis(2).shape, result.encodings(1).shape
    ([(20, 6), (6, 3)], (20, 3), (6, 30))
    """
    loop = Loop(max_iter=max_iter, tol=tol, time_limit=time_limit, seed=seed, callback=callback)
    values = check_dense(V)
    ranks = _check_ranks(ranks)
    loop.allow_rounding(values)
    kernels = choose_kernels("auto", max(ranks), sum(values.shape))
    layers: list[np.ndarray] = []
    H = values
    for rank in ranks:
        layer = factorize(H, rank, seed=loop.rng, time_limit=loop.seconds_left)
        layers.append(layer.W.astype(values.dtype, copy=False))
        H = np.ascontiguousarray(layer.H, values.dtype)
    for _ in loop:
        _tune(layers, H, values, kernels)
        W = reduce(np.matmul, layers)
        loop.note(half_squared_error(values, np.ascontiguousarray(W.T), H))
    return DeepFactorization(W, H, **loop.outcome("deep_nmf", ranks=ranks), layers=layers)


def _tune(layers: list[np.ndarray], H: np.ndarray, V: np.ndarray, kernels: Kernels) -> None:
    """Lower the objective over each layer in turn, the pixels' first, and over H, in place."""
    right = [H]  # what stands to the right of each layer
    for W in layers[:0:-1]:
        right.insert(0, W @ right[0])
    first = np.ascontiguousarray(layers[0].T)
    kernels.hals(first, right[0] @ right[0].T, right[0] @ V.T, SWEEPS, RATIO)
    left = layers[0] = first.T
    for k in range(1, len(layers)):
        G, Q = left.T @ left, right[k] @ right[k].T
        B = (left.T @ V) @ right[k].T
        layers[k] = descend(layers[k], partial(_curve, G, Q), B, _STEPS)
        left = left @ layers[k]
    kernels.hals(H, left.T @ left, left.T @ V, SWEEPS, RATIO)


def _curve(G: np.ndarray, Q: np.ndarray, W: np.ndarray) -> np.ndarray:
    return G @ W @ Q


def _check_ranks(ranks: Any) -> list[int]:
    if isinstance(ranks, int | np.integer) or not hasattr(ranks, "__iter__"):
        raise InvalidInputError(f"ranks must be a sequence such as (64, 16), not {ranks!r}")
    checked = [check_integer(rank, "each of the ranks", 1) for rank in ranks]
    if not checked:
        raise InvalidInputError("ranks is empty; give one rank a layer, such as (64, 16)")
    return checked
