"""The end of a run: encodings fitted to the last parts, and what is reported of the pair."""

from __future__ import annotations

import numpy as np

from visnmf.solve.encode import SWEEPS, goal_of
from visnmf.solve.iterate import Pair, Problem
from visnmf.solve.stopping import kkt_norm

__all__ = ["close", "order_parts"]


def close(problem: Problem, pair: Pair) -> tuple[float, float]:
    """Fit H once more to the last W; return the objective and the KKT norm of the pair."""
    V, loss, kernels = problem.matrix, problem.loss, problem.kernels
    model = loss.model(V, pair.W, out=np.empty_like(pair.H))
    kernels.nnls(pair.H, model.G, model.B, SWEEPS, goal_of(V.dtype))
    of_H = model.at(pair.H, kernels)
    del model
    of_W = loss.model(V.T, pair.H, out=np.empty_like(pair.W)).at(pair.W, kernels)
    return loss.value(V, pair.W, pair.H), kkt_norm(of_H, of_W)


def order_parts(pair: Pair, first: int = 0) -> None:
    """Put the parts in order of the energy ||w_k h_k'|| that they explain, the most first.

    The `first` parts stay where they are.
    """
    energy = np.einsum("kj,kj->k", pair.W, pair.W) * np.einsum("kj,kj->k", pair.H, pair.H)
    energy[:first] = np.inf
    order = np.argsort(-energy, kind="stable")
    pair.W, pair.H = pair.W[order], pair.H[order]
