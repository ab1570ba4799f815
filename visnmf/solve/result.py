"""What a factorization gives back."""

from __future__ import annotations

import html
from dataclasses import dataclass, field
from typing import Any

import numpy as np

from visnmf.errors import InvalidInputError
from visnmf.solve.sparkline import course, spark_svg, spark_text

__all__ = ["Factorization", "Record"]


@dataclass(frozen=True)
class Record:
    """One line of a run's history.

    Attributes
    ----------
    phase : str
        What the iteration worked on: "sample", "low rank", "part" (some columns of the
        low-rank one), all stand-ins for V; "start" (a Frobenius fit that another loss starts from);
        "V"; or "closing" (a last fit of H alone).
    iteration : int
        Counted from 1 within the phase.
    seconds : float
        Since the run began.
    objective : float
        Loss and penalties of the best pair so far, 1/2 ||V - WH||^2 by default, to the rounding
        of V's dtype: in float32 some 1e-6 of 1/2 ||V||^2, more where a side of V is very
        long. In the phases on stand-ins, as seen through the stand-in; in "start" the
        Frobenius loss of that fit. In "closing" it is exact.
    kkt : float
        Length of the projected gradient of that pair (Lin 2007, equation 16), NaN in
        iterations where it was not measured.
    passes : float
        How often V was read so far, the look before the first iteration included; 0 where V
        lies in memory.
    """

    phase: str
    iteration: int
    seconds: float
    objective: float
    kkt: float
    passes: float = 0.0


@dataclass(frozen=True, eq=False)
class Factorization:
    """V = W H + U, with W and H non-negative.

    Attributes
    ----------
    W : ndarray (m, rank)
        The parts: basis images, one a column.
    H : ndarray (rank, n)
        The encodings, one a column.
    objective : float
        The loss, 1/2 ||V - WH||^2 by default, and the penalties; from the entries of V
        outright.
    kkt : float
        Length of the projected gradient at W and H; 0 at a stationary point. Where there is
        a constraint, that of a projected gradient step; NaN from `visnmf.kin`.
    history : list of Record
        What happened, iteration by iteration.
    reason : str
        Which rule ended the run: "kkt", "change", "max_iter", "time_limit", "callback",
        "interrupted" (Ctrl-C), "precision" (rounding allows no more progress) or "picked"
        (nothing was iterated: `visnmf.kin.separable_nmf`).
    n_iter : int
        Iterations on V itself.
    settings : dict
        What the run was asked for, JSON-able.
    skipped : dict
        Images that could not be read, where that is no error, and why; of a V in blocks.
    """

    W: np.ndarray
    H: np.ndarray
    objective: float
    kkt: float
    history: list[Record] = field(repr=False)
    reason: str
    n_iter: int
    settings: dict[str, Any] = field(repr=False, default_factory=dict)
    skipped: dict[int, str] = field(repr=False, default_factory=dict)

    @property
    def rank(self) -> int:
        """How many parts there are."""
        return self.W.shape[1]

    @property
    def converged(self) -> bool:
        """Whether a tolerance was met, or rounding allowed no more progress."""
        return self.reason in ("kkt", "change", "precision")

    def residual(self, V: Any) -> np.ndarray:
        """Return U = V - W H, (m, n), of either sign.

        Parameters
        ----------
        V : ndarray (m, n) or ImageSet
            What was factorized, or anything of its shape.

        Returns
        -------
        ndarray (m, n)

        Raises
        ------
        InvalidInputError
            If the shapes do not fit.
        """
        values = np.asarray(getattr(V, "V", V))
        shape = (len(self.W), self.H.shape[1])
        if values.shape != shape:
            raise InvalidInputError(f"V has shape {values.shape}, but W H has shape {shape}")
        return values - self.W @ self.H

    def __repr__(self) -> str:
        m, n = len(self.W), self.H.shape[1]
        return (
            f"Factorization({m} x {n}, rank {self.rank}: objective {self.objective:.6g} "
            f"after {self.n_iter} iteration{'s' * (self.n_iter != 1)}, ended by {self.reason})"
        )

    def _repr_pretty_(self, printer: Any, cycle: bool) -> None:
        """Have IPython show the course of the objective too; `repr` is plain ASCII."""
        printer.text(" ".join([repr(self), spark_text(course(self.history))]).rstrip())

    def _repr_html_(self) -> str:
        return f"<code>{html.escape(repr(self))}</code> {spark_svg(course(self.history))}"
