"""One file a solver: each has missing() and curve(X, W, H, iterations).

X is n images x m pixels; W (m x rank) and H (rank x n) are the start, in visnmf's names.
curve returns (seconds, objective) pairs, at the given numbers of iterations or at more.
"""

import importlib

NAMES = (
    "visnmf_compiled",
    "visnmf_numpy",
    "sklearn_cd",
    "sklearn_mu",
    "sklearn_minibatch",
    "torchnmf_mu",
)


def get(name):
    """Return a solver's module."""
    return importlib.import_module(f"solvers.{name}")
