"""n_components="choose": as many as hidden entries of X speak for."""

from __future__ import annotations

from typing import Any

import numpy as np

from visnmf.errors import InvalidInputError
from visnmf.ranks.result import RankChoice
from visnmf.ranks.survey import choose_rank, usual_ranks

__all__ = ["choose_components"]


def choose_components(X: Any, init: str | None, rng: np.random.Generator) -> RankChoice:
    """Return what `visnmf.choose_rank` makes of rows of X.

    Parameters
    ----------
    X : ndarray (n_samples, n_features)
        The data, checked.
    init : str, optional
        As NMF's.
    rng : numpy.random.Generator
        Gives the seed.
    """
    if init == "custom":
        raise InvalidInputError(
            "init='custom' gives the number of components by W and H, so that there is none to "
            "choose; leave n_components at 'auto'"
        )
    return choose_rank(X.T, usual_ranks(X.shape), seed=rng)
