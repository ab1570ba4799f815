"""Scaled Newton steps in the iteration for beta-divergences, and when they are left again.

They take a tenth to a third of the iterations that multiplicative steps do where V is positive
throughout, as pictures are, and may raise the objective. After a rise the pair goes back
and the next step is not extrapolated; if that one rises too, a multiplicative step follows,
which cannot. Where that happens again and again, as with many zeros in V, near which a
quadratic tells little, they are left for good.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from typing import Any

import numpy as np

from visnmf.kernels.choose import Kernels
from visnmf.losses.beta import Beta
from visnmf.losses.curvature import Curvature, curvature_of
from visnmf.losses.models import Split
from visnmf.losses.protocol import Loss
from visnmf.matrices.dense import Dense
from visnmf.matrices.protocol import Matrix
from visnmf.solve.extrapolation import Extrapolation, push
from visnmf.solve.state import numbers_of, set_numbers
from visnmf.updates.multiplicative import lift
from visnmf.updates.scaled_newton import scaled_newton

__all__ = ["Bold", "bold_steps"]

_AGE = 5  # iterations that a curvature serves for
_RISES = 2  # of steps that are not extrapolated, after which they are left
_DIM = 0.05  # share of entries next to zero, near which a quadratic tells little
_LEAST_BETA = -1.0  # below it they end in worse places
_COLUMNS = 100  # of V that are looked at for it
_CURVATURE = ("diagonal", "rows")
_CALM = 1.1  # what the damping is divided by with each gain
_ALARM = 2.0  # and multiplied by with each such rise


@dataclass
class Bold:
    """The steps, and what they remember.

    Parameters
    ----------
    matrix : Dense
        V.
    beta : float
        Which divergence.
    kernels : Kernels
        Whose sweeps run.
    extrapolation : Extrapolation, optional
        How far to go beyond them; additive.
    """

    matrix: Dense
    beta: float
    kernels: Kernels
    extrapolation: Extrapolation | None
    damping: float = field(init=False)
    left: bool = field(default=False, init=False)
    """Whether they are left for good."""

    def __post_init__(self) -> None:
        self.damping = self._least = max(1.0, 2.0 - self.beta)
        self._rises = 0
        self._known: dict[str, tuple[int, Curvature]] = {}

    def push(self, behind: np.ndarray, F: np.ndarray, extrapolated: bool) -> np.ndarray:
        """Return F pushed on along the way from `behind`, off zero; a copy."""
        beta = self.extrapolation.beta if self.extrapolation and extrapolated else 0.0
        if beta == 0 or behind is F:
            return F.copy()
        found = push(behind.copy(), F, beta)
        lift(found)
        return found

    def step(
        self, factor: str, F: np.ndarray, A: np.ndarray, model: Split, effort: float, now: int
    ) -> None:
        """Step on one factor, "W" or "H", in place, in iteration `now`."""
        since, curvature = self._known.get(factor, (-_AGE, None))
        if curvature is None or now - since >= _AGE:
            matrix = self.matrix if factor == "H" else self.matrix.T
            curvature = curvature_of(matrix, A, F, self.beta)
            self._known[factor] = now, curvature
        scaled_newton(
            F, A, model, curvature, self.kernels,
            damping=self.damping, sweeps=max(1, round(2 * effort)),
        )  # fmt: skip

    def forget(self) -> None:
        """Note that the factors were scaled, which changes their curvature."""
        self._known.clear()

    def state(self) -> dict[str, Any]:
        """Return the numbers that `restore` takes."""
        return {
            "damping": self.damping,
            "left": self.left,
            "rises": self._rises,
            "extrapolation": None if self.extrapolation is None else numbers_of(self.extrapolation),
            "since": {factor: age for factor, (age, _) in self._known.items()},
        }

    def arrays(self) -> dict[str, np.ndarray]:
        """Return the arrays that `restore` takes."""
        return {
            f"{factor}_{name}": array
            for factor, (_, curvature) in self._known.items()
            for name, array in vars(curvature).items()
        }

    def restore(self, state: dict[str, Any], arrays: dict[str, np.ndarray]) -> None:
        """Go on from there."""
        self.damping, self.left = float(state["damping"]), bool(state["left"])
        self._rises = int(state["rises"])
        if self.extrapolation is not None:
            set_numbers(self.extrapolation, state["extrapolation"])
        for factor, age in state["since"].items():
            diagonal, rows = (np.array(arrays[f"{factor}_{name}"]) for name in _CURVATURE)
            self._known[factor] = int(age), Curvature(diagonal, rows)

    def note(self, fell: bool, extrapolated: bool) -> None:
        """Note what came of an iteration."""
        if fell:
            self.damping = max(self._least, self.damping / _CALM)
        elif not extrapolated:
            self.damping *= _ALARM
            self._rises += 1
            self.left = self._rises == _RISES
        if self.extrapolation and extrapolated:
            if fell:
                self.extrapolation.grow()
            else:
                self.extrapolation.back()


def bold_steps(loss: Loss, matrix: Matrix, kernels: Kernels, *, extrapolate: bool) -> Bold | None:
    """Return the steps where they suit: a beta-divergence and a dense V of few zeros."""
    if not isinstance(loss, Beta) or loss.beta < _LEAST_BETA or not isinstance(matrix, Dense):
        return None
    if _dim(matrix) > _DIM:
        return None
    extrapolation = Extrapolation(beta=0.5, shrink=1.5) if extrapolate else None
    return Bold(matrix, loss.beta, kernels, extrapolation)


def _dim(matrix: Dense) -> float:
    """Return the share of entries of V that are next to zero, from some of its columns."""
    values = matrix.values[:, :: max(1, matrix.shape[1] // _COLUMNS)]
    return float(np.mean(values < 0.01 * values.mean(dtype=np.float64)))
