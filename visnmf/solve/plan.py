"""What a run does, checked already."""

from __future__ import annotations

from dataclasses import dataclass, field

import numpy as np

from visnmf.solve.compose import Asked
from visnmf.solve.naming import is_robust
from visnmf.solve.stopping import Rule
from visnmf.starts.nndsvd import VARIANTS

__all__ = ["INITS", "Plan"]

INITS = (
    "auto", "random", *VARIANTS, "kmeans", "spherical kmeans", "spa", "snpa", "frobenius",
    "random frobenius",
)  # fmt: skip


@dataclass(frozen=True)
class Plan:
    """What a run does, checked already.

    Parameters
    ----------
    rank : int
        How many parts.
    rule : Rule
        When the phase on V ends.
    init : str
        One of `INITS`; "auto" and the SVD starts as `factorize` tells.
    given : tuple of ndarray, optional
        W' (rank x m) and H (rank x n) to start from, in V's dtype; copied.
    known_W, known_H : ndarray (p, m), (q, n), optional
        Parts that are known, the first p of W', and encodings that are, of the next q parts.
    loss : str or float
        As `factorize` tells.
    update : str
        One of `visnmf.solve.compose.UPDATES`.
    W, H : Asked
        Terms of either factor.
    mixing : ndarray (rank, rank), optional
        S of V ~ W S H.
    stand_in_iter : int
        The most iterations on a stand-in.
    bounded : bool
        Whether a factor is held to |w_k| <= 1 where only the other one is penalized.
    warmup, sweeps, ratio, extrapolate, kernels, scratch
        As `factorize` tells; `ratio` as `Hals` does.
    """

    rank: int
    rule: Rule
    init: str = "auto"
    given: tuple[np.ndarray, np.ndarray] | None = None
    known_W: np.ndarray | None = None
    known_H: np.ndarray | None = None
    loss: str | float = "frobenius"
    update: str = "auto"
    W: Asked = field(default_factory=Asked)
    H: Asked = field(default_factory=Asked)
    mixing: np.ndarray | None = None
    stand_in_iter: int = 30
    bounded: bool = True
    warmup: str = "auto"
    sweeps: int = 8
    ratio: float = 0.05
    extrapolate: bool = True
    kernels: str = "auto"
    scratch: str | None = None

    def init_for(self, shape: tuple[int, int]) -> str:
        """Return the start that "auto" is for V of a shape, or the one that is asked for."""
        if self.init == "auto" and is_robust(self.loss):
            return "random"  # what spoils pictures is in the best fit of squares too
        if self.init == "random frobenius":
            return "random"
        if self.init in ("auto", "frobenius"):
            return "nndsvda" if self.rank <= min(shape) else "random"
        return self.init

    def known_rows(self) -> tuple[np.ndarray, np.ndarray]:
        """Return the indices of the parts whose W is known, and of those whose H is."""
        p = 0 if self.known_W is None else len(self.known_W)
        q = 0 if self.known_H is None else len(self.known_H)
        return np.arange(p), np.arange(p, p + q)
